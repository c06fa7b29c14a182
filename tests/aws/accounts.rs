//! A cluster records the account that it counts in. That account admits any change that makes the
//! cluster more expensive, from any folder and machine, with any policies or none.

use crate::policies::{of_team, say, under};
use crate::world::{BUCKET, Done, STACK, World};
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;

const DETACHED: &[&str] = &["apply", "t.yaml", "--yes", "--detach"];
const EXTEND: &[&str] = &["extend", "t", "--region", "us-east-1", "--why", "more"];
const MONTH: &str = "policy: month
applies_to: { teams: [recsys] }
budget: { monthly: $4 }
";

/// Costs about $1.80 in its two hours, and has no budget of its own.
fn text() -> String {
    let ceiling = "guardrails: { ceiling: { max_lifetime: 48h },";
    let text = STACK.replace("guardrails: {", ceiling);
    of_team(&text.replace("budget: $3, ", ""), "t")
}

fn living(policy: &str) -> World {
    let world = under(policy);
    let endless = json!({ "results": [{ "match": "one", "seconds": 90_000 }] });
    world.double.post("/_double/steps", endless);
    world.stack(&text());
    world.expect(0, DETACHED);
    world
}

/// Another machine of the same account: a folder with these files, and its own state.
struct Elsewhere<'a> {
    world: &'a World,
    folder: tempfile::TempDir,
}

impl<'a> Elsewhere<'a> {
    fn new(world: &'a World, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for script in ["one.py", "two.py"] {
            fs::copy(world.path().join(script), folder.path().join(script)).unwrap();
        }
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { world, folder }
    }

    fn expect(&self, code: i32, args: &[&str]) -> Done {
        let mut command = self.world.command(args);
        command.current_dir(self.folder.path());
        command.env("XDG_STATE_HOME", self.folder.path().join("state"));
        Done::running(command.stdout(Stdio::piped())).expect(code)
    }
}

/// The number of the cluster's extensions, and its instance counts.
fn cluster(world: &World) -> (usize, Value) {
    let status = world.json(&["status", "t", "--region", "us-east-1"]);
    let cluster = &status["stacks"][0]["observed"]["clusters"][0];
    let extensions = cluster["extensions"].as_array().map_or(0, Vec::len);
    (extensions, cluster["spec"]["size"].clone())
}

#[test]
fn an_extension_is_admitted_by_the_recorded_account_from_any_folder() {
    let world = living(MONTH);
    let other = "policy: other\napplies_to: { teams: [others] }\nbudget: { monthly: $900 }\n";
    let generous = "policy: mine\napplies_to: { teams: [recsys] }\nbudget: { monthly: $900 }\n";
    let raised = MONTH.replace("$4", "$900");
    for files in [
        &[][..],
        &[("policies/p.yaml", other)],
        &[("policies/p.yaml", generous)],
        &[("policies/p.yaml", raised.as_str())],
        &[(".git/HEAD", "ref: refs/heads/main\n")],
    ] {
        let elsewhere = Elsewhere::new(&world, files);
        let far = [EXTEND, &["--max-lifetime", "40h"]].concat();
        elsewhere
            .expect(3, &far)
            .says("of the $4.00 that policy month gives it")
            .says("(policies/p.yaml:3)");
        assert_eq!(cluster(&world).0, 0, "{files:?}");
    }
    // What fits is reserved, as in the stack's own folder.
    let elsewhere = Elsewhere::new(&world, &[]);
    let reserved = || world.json(&["budget"])["months"][0]["figures"]["promised"].clone();
    let before = reserved();
    elsewhere.expect(0, &[EXTEND, &["--by", "30m"]].concat());
    assert_eq!(cluster(&world).0, 1);
    assert_ne!(reserved(), before);
}

#[test]
fn a_change_is_admitted_by_the_recorded_account() {
    let world = living(MONTH);
    let (_, size) = cluster(&world);
    let longer = text().replace("max_lifetime: 2h", "max_lifetime: 40h");
    let larger = text().replace("3 x m5", "30 x m5");
    for text in [
        longer.clone(),
        larger.clone(),
        longer.replace("team: recsys", "team: free"),
        larger.replace("team: recsys\n", ""),
    ] {
        let elsewhere = Elsewhere::new(&world, &[("t.yaml", &text)]);
        let denied = elsewhere.expect(3, &["plan", "t.yaml"]);
        denied.says("that policy month gives it");
        elsewhere.expect(3, DETACHED).says("team recsys has spent");
        assert_eq!(cluster(&world), (0, size.clone()));
    }
    // Another team's name does not change the recorded account.
    let free = text().replace("team: recsys", "team: free");
    Elsewhere::new(&world, &[("t.yaml", &free)]).expect(0, DETACHED);
    let far = [EXTEND, &["--max-lifetime", "40h"]].concat();
    world.expect(3, &far).says("team recsys has spent");
    let month = world.json(&["budget"]);
    assert_eq!(
        month["months"][0]["reservations"][0]["stack"], "t",
        "{month:#}"
    );
}

#[test]
fn another_policy_of_the_same_name_does_not_bypass_the_account() {
    let world = living(MONTH);
    let longer = text().replace("max_lifetime: 2h", "max_lifetime: 40h");
    for team in ["others", "recsys, others"] {
        // Its own account is another one, in another home region.
        let forged = format!(
            "policy: month\napplies_to: {{ teams: [{team}], stacks: [u] }}\nbudget: {{ monthly: $900, \
             home: eu-west-1 }}\noverrides: {{ by: ['*'], budget: true }}\n"
        );
        let files = [("t.yaml", longer.as_str()), ("policies/p.yaml", &forged)];
        let elsewhere = Elsewhere::new(&world, &files);
        let overriding = [DETACHED, &["--override", "mine"]].concat();
        elsewhere
            .expect(3, &overriding)
            .says("team recsys has spent");
    }
}

#[test]
fn a_cluster_without_a_recorded_budget_gets_one_with_the_next_apply() {
    let world = living("policy: none\n");
    let far = [EXTEND, &["--max-lifetime", "3h"]].concat();
    Elsewhere::new(&world, &[]).expect(0, &far);
    say(&world, MONTH);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("the cluster's monthly budget is not recorded with it yet");
    world.expect(0, DETACHED);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    let far = [EXTEND, &["--max-lifetime", "40h"]].concat();
    Elsewhere::new(&world, &[]).expect(3, &far).says("$4.00");
    // A raised budget is recorded once the stack was applied under it.
    say(&world, &MONTH.replace("$4", "$90"));
    world.expect(3, &far).says("$4.00");
    world.expect(0, DETACHED);
    Elsewhere::new(&world, &[]).expect(0, &far);
}

#[test]
fn an_unreadable_account_admits_no_change() {
    let world = living(MONTH);
    for text in ["{", "[]", "{\"version\":99}"] {
        let put = json!({ "bucket": BUCKET, "key": "teams/recsys.json", "text": text });
        world.double.post("/_double/objects/put", put);
        let elsewhere = Elsewhere::new(&world, &[]);
        let near = [EXTEND, &["--by", "1m"]].concat();
        elsewhere
            .expect(1, &near)
            .says("the account of team recsys cannot be read");
        assert_eq!(cluster(&world).0, 0);
    }
}
