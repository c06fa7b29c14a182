//! What policies allow and deny, from the user's view: a denial changes nothing, and an unreadable
//! policy admits nothing.

use crate::world::{Done, REGION, STACK, World};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use chrono_tz::Tz;
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::{Value, json};
use std::fs;

const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];
const DETACHED: &[&str] = &["apply", "t.yaml", "--yes", "--detach"];
const TWO_NODES: &str = "policy: small\nlimits: { nodes: 2 }\n";
const REASON: &str = "quarter's end";

/// The stack `t.yaml`, of team recsys, beside a policy.
pub(crate) fn under(policy: &str) -> World {
    let world = World::new();
    world.stack(&of_team(STACK, "t"));
    say(&world, policy);
    world
}

pub(crate) fn say(world: &World, policy: &str) {
    fs::create_dir_all(world.path().join("policies")).unwrap();
    let zone = format!(
        "budget: {{ timezone: {}, monthly",
        mid_month(SystemClock.now())
    );
    world.write(
        "policies/p.yaml",
        &policy.replace("budget: { monthly", &zone),
    );
}

/// A timezone in which no month begins within five hours of an instant, so that a run of a test is
/// of one month on every day of the year.
fn mid_month(now: DateTime<Utc>) -> Tz {
    let same = |zone: &Tz| {
        let [before, after] = [-5, 5].map(|hours| now + TimeDelta::hours(hours));
        before.with_timezone(zone).month() == after.with_timezone(zone).month()
    };
    let zones = [Tz::UTC, Tz::Pacific__Pago_Pago, Tz::Pacific__Kiritimati];
    zones.into_iter().find(same).unwrap()
}

/// A stack of team recsys.
pub(crate) fn of_team(text: &str, name: &str) -> String {
    text.replace("stack: t\n", &format!("stack: {name}\nteam: recsys\n"))
}

/// Runs, expects this exit code, and that nothing was changed.
pub(crate) fn idle(world: &World, code: i32, args: &[&str]) -> Done {
    world.double.reset_calls();
    let done = world.expect(code, args);
    let calls = world.double.calls();
    // A lease is acquired to observe, and released.
    let changed: Vec<_> = calls
        .iter()
        .filter(|call| call.mutates && !call.call.starts_with("s3:"))
        .collect();
    assert!(changed.is_empty(), "{args:?}: {changed:#?}");
    assert_eq!(world.alive().len(), 0, "{args:?}");
    done
}

/// Runs with `--output json`. Returns the document and the exit code.
pub(crate) fn document(world: &World, code: i32, args: &[&str]) -> Value {
    let done = world.expect(code, &[args, &["--output", "json"]].concat());
    let message: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(message["exit"], code, "{message:#}");
    message
}

#[test]
fn a_denial_is_reported_and_creates_nothing() {
    let world = under(TWO_NODES);
    let plan = idle(&world, 3, &["plan", "t.yaml"]);
    plan.says("policy: deny (small)")
        .says("deny: limits.nodes: nodes is 3, and policy small allows at most 2")
        .says("(policies/p.yaml:2)")
        .says("to pass: cluster.size of 2 nodes or fewer, all roles together");
    let message = document(&world, 3, &["plan", "t.yaml"]);
    let policy = &message["policy"];
    assert_eq!(policy["standing"], "deny");
    assert_eq!(policy["policies"], json!(["small"]));
    let finding = &policy["findings"][0];
    let of = |key: &str| finding[key].as_str().unwrap().to_owned();
    assert_eq!(
        ["figure", "limit", "at"].map(of),
        ["3", "2", "cluster.size"]
    );
    assert_eq!(of("place"), "policies/p.yaml:2");
    assert_eq!(finding["overridden"], false);
    assert_eq!(policy["from"][0]["policies"], 1);

    let apply = idle(&world, 3, APPLY);
    apply
        .says("policy denies stack t")
        .says("nodes is 3, and policy small allows at most 2")
        .says("help: cluster.size of 2 nodes");
    let message = document(&world, 3, APPLY);
    assert_eq!(message["error"]["message"], "policy denies stack t");
    assert!(!world.double.calls().iter().any(|call| call.mutates));

    say(&world, "policy: small\nlimits: { nodes: 3 }\n");
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("policy: allow (small)")
        .says("= limits.nodes: 3 of 3 (small)");
    world.expect(0, APPLY);
    assert_eq!(world.alive().len(), 1);
    // Existing resources may stay and may be removed; running a new job may not.
    say(&world, TWO_NODES);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    world.write("one.py", "print('another one')\n");
    world.double.reset_calls();
    world.expect(3, APPLY).says("policy denies stack t");
    let calls = world.double.calls();
    assert!(!calls.iter().any(|call| call.call == "emr:AddJobFlowSteps"));
    world.expect(0, &["destroy", "t", "--yes"]);
    assert_eq!(world.alive().len(), 0);
}

#[test]
fn a_warning_does_not_stop() {
    let world = under(
        "policy: old
rules:
  - name: three
    warn_when: stack.cluster.nodes == 3
    message: three are many
",
    );
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("policy: warn (old)").says("warn: rules.three");
    for format in ["text", "github", "sarif"] {
        let check = ["policy", "check", "t.yaml", "--format", format];
        world.expect(0, &check).says("three are many");
    }
    world.expect(0, DETACHED);
    assert_eq!(world.alive().len(), 1);
    // Control characters in a message are not printed.
    say(
        &world,
        "policy: old\nrules: [{ name: r, warn_when: 'true', message: \"\\e[31m\" }]\n",
    );
    let wrong = world.expect(2, &["plan", "t.yaml"]);
    assert!(!wrong.all().contains('\u{1b}'), "{}", wrong.all());
}

const BROKEN: &[(&[u8], &str)] = &[
    (b"policy: p\nlimits: { nodes: 2\n", "policies/p.yaml:"),
    (b"policy: p\nlimits: { knodes: 2 }\n", "policies/p.yaml:2:11"),
    (
        b"policy: p\nrules:\n  - name: r\n    deny_when: stack.cluster.knodes > 2\n    message: m\n",
        "policies/p.yaml:4:30",
    ),
    (b"", "policies/p.yaml:1:1"),
    (b"policy: p # \xff\n", "policies/p.yaml"),
];

#[test]
fn an_unreadable_policy_admits_nothing() {
    let world = under(TWO_NODES);
    let file = world.path().join("policies/p.yaml");
    let extend = ["extend", "t.yaml", "--by", "1h", "--why", "more"];
    let runs: &[&[&str]] = &[
        &["plan", "t.yaml"],
        APPLY,
        &extend,
        &["policy", "check", "t.yaml"],
        &["policy", "test"],
        &["policy", "push", "--yes"],
        &["budget"],
    ];
    for (text, place) in BROKEN {
        fs::write(&file, text).unwrap();
        for args in runs {
            idle(&world, 2, args).says(place);
        }
        document(&world, 2, APPLY);
    }
    fs::remove_file(&file).unwrap();
    world.write("policies/P.YML", TWO_NODES);
    idle(&world, 3, APPLY).says("policies/P.YML:2");
    fs::remove_file(world.path().join("policies/P.YML")).unwrap();
    std::os::unix::fs::symlink("nowhere.yaml", &file).unwrap();
    idle(&world, 2, APPLY).says("cannot read the policies in");
    // Nor does a folder that no longer exists.
    let folder = world.path().join("policies");
    fs::remove_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink("elsewhere", &folder).unwrap();
    idle(&world, 2, APPLY).says("cannot read the policies in");
    fs::remove_file(&folder).unwrap();
    for place in ["", "nowhere", "t.yaml", "one.py"] {
        idle(&world, 2, &[APPLY, &["--policies", place]].concat());
    }
    let mut named = world.command(APPLY);
    let named = Done::running(named.env("CLUSTERUP_POLICIES", "nowhere"));
    named.expect(2).says("cannot read the policies in nowhere");
}

#[test]
fn an_override_goes_ahead_and_is_recorded() {
    let world = under(&format!(
        "{TWO_NODES}overrides: {{ by: ['arn:aws:iam::*:user/ana'] }}\n"
    ));
    let passing = [DETACHED, &["--override", REASON]].concat();
    idle(&world, 3, &passing).says("policy small does not let arn:aws:sts::123456789012:");
    idle(&world, 2, &[DETACHED, &["--override", ""]].concat());
    let ours = "arn:aws:sts::123456789012:*";
    say(
        &world,
        &format!(
            "{TWO_NODES}overrides: {{ by: ['{ours}'] }}\nbudget: {{ monthly: $9 }}\napplies_to: {{ teams: [recsys] }}\n"
        ),
    );
    idle(&world, 3, DETACHED);
    let done = world.expect(0, &passing);
    done.says("overridden: limits.nodes")
        .says("policy: warn (small)");
    let status = world.json(&["status", "t"]);
    let cluster = &status["stacks"][0]["observed"]["clusters"][0];
    let by = cluster["spec"]["overridden"]["by"].as_str().unwrap();
    assert!(by.starts_with(&ours[..ours.len() - 1]), "{by}");
    assert_eq!(cluster["spec"]["overridden"]["why"], REASON);
    let month = world.json(&["budget"]);
    let reservation = &month["months"][0]["reservations"][0];
    assert_eq!(reservation["overridden"]["why"], REASON, "{month:#}");

    // The month can be overridden only if the policy allows it.
    world.expect(0, &["destroy", "t", "--yes"]);
    let poor = |more: &str| {
        format!(
            "policy: poor\napplies_to: {{ teams: [recsys] }}\nbudget: {{ monthly: $0.5 }}\n\
             overrides: {{ by: ['{ours}']{more} }}\n"
        )
    };
    say(&world, &poor(""));
    idle(&world, 3, &passing).says("team recsys has spent");
    say(&world, &poor(", budget: true"));
    world.expect(0, &passing).says("overridden: budget.monthly");
    assert_eq!(world.alive().len(), 1);
}

#[test]
fn off_hours_of_a_policy_apply_to_the_cluster() {
    // An hour from now, and the rest of the day.
    let soon = SystemClock.now() + chrono::TimeDelta::minutes(61);
    let (from, until) = (
        soon.format("%H:%M"),
        (soon + chrono::TimeDelta::hours(3)).format("%H:%M"),
    );
    let days = "Mon-Sun";
    let world = under(&format!(
        "policy: nights\noff_hours: {{ timezone: UTC, terminate: \"{days} {from}-{until}\" }}\n"
    ));
    world.double.make_roles(true);
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.expect(0, DETACHED).says("off_hours ends it in");
    let status = world.json(&["status", "t"]);
    let cluster = &status["stacks"][0]["observed"]["clusters"][0];
    let off = &cluster["spec"]["guardrails"]["off_hours"];
    assert_eq!(off.as_array().unwrap().len(), 1, "{cluster:#}");
    let schedules = world.double.schedules();
    assert_eq!(schedules.len(), 1);
    let at: chrono::DateTime<chrono::Utc> = schedules[0].at.parse().unwrap();
    assert!(at <= soon, "{at} for {soon}");
}

#[test]
fn policies_in_s3_are_read_and_never_guessed() {
    let world = under("policy: beside\n");
    let (bucket, place) = ("team-policies", "s3://team-policies/spark");
    let from = |place| [DETACHED, &["--policies", place]].concat();
    idle(&world, 1, &from(place)).says("cannot read the policies in s3://team-policies/spark/");
    world.aws("s3", "create_bucket", json!({ "Bucket": bucket }));
    idle(&world, 2, &from(place)).says("s3://team-policies/spark contains no policies");
    let put = |key: &str, text: &str| {
        let object = json!({ "bucket": bucket, "key": key, "text": text });
        world.double.post("/_double/objects/put", object);
    };
    put("spark/small.yaml", TWO_NODES);
    // Neither of these files is below the prefix.
    put("spark/tests/x.yaml", "policy: x\n");
    put("sparkle.yaml", "policy: y\n");
    let denied = idle(&world, 3, &from(place));
    denied
        .says("(s3://team-policies/spark/small.yaml:2)")
        .says("from s3://team-policies/spark, version ");
    let message = document(&world, 3, &["plan", "t.yaml", "--policies", place]);
    let version = message["policy"]["from"][0]["version"].as_str().unwrap();
    assert_eq!(version.len(), 12);
    // S3 is reachable and denies the read, so the cached files are not used.
    put("spark/more.yaml", "policy: [\n");
    idle(&world, 2, &from(place)).says("s3://team-policies/spark/more.yaml:1");
    let denied = json!({ "call": "s3:ListObjectsV2", "do": "error500", "count": 100 });
    world.double.post("/_double/faults", denied);
    idle(&world, 2, &from(place)).says("s3://team-policies/spark");
    world.double.post("/_double/reset", json!({}));
    put("spark/more.yaml", "policy: small\n");
    idle(&world, 2, &from(place)).says("two policies are named small");
    assert_eq!(
        world.aws("s3", "list_buckets", json!({}))["Buckets"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(REGION, "us-east-1");
}

#[test]
fn many_stacks_are_checked_at_once() {
    let world = under(TWO_NODES);
    world.write(
        "good.yaml",
        &of_team(STACK, "good").replace("3 x m5", "2 x m5"),
    );
    world.write("none.yaml", "stack: [\n");
    let check = |files: &[&'static str], more: &[&'static str]| {
        [&["policy", "check"], files, more].concat()
    };
    world
        .expect(0, &check(&["good.yaml"], &[]))
        .says("good.yaml: allow");
    let both: &[&str] = &["good.yaml", "t.yaml"];
    let text = world.expect(3, &check(both, &[]));
    text.says("good.yaml: allow").says("t.yaml: deny");
    let message = document(&world, 3, &check(both, &[]));
    assert_eq!(message["stacks"][0]["standing"], "allow");
    assert_eq!(message["stacks"][1]["standing"], "deny");
    let message = document(&world, 2, &check(&["none.yaml", "t.yaml"], &[]));
    assert_eq!(message["unread"][0]["file"], "none.yaml");
    assert_eq!(message["stacks"][0]["standing"], "deny");

    let line = 1 + of_team(STACK, "t")
        .lines()
        .position(|it| it.starts_with("cluster:"))
        .unwrap();
    let sarif = world.expect(3, &check(both, &["--format", "sarif"])).out;
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "clusterup");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{sarif:#}");
    assert_eq!(results[0]["ruleId"], "small/limits.nodes");
    assert!(rules.iter().any(|rule| rule["id"] == results[0]["ruleId"]));
    assert_eq!(results[0]["level"], "error");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "t.yaml");
    assert_eq!(place["region"]["startLine"], line);
    let github = world.expect(3, &check(both, &["--format", "github"])).out;
    let begins = format!("::error file=t.yaml,line={line},title=small limits.nodes::nodes is 3");
    assert!(github.starts_with(&begins), "{github}");
    assert_eq!(github.lines().count(), 1, "{github}");
    mistakes_are_annotated(&world);
    let wrong = check(both, &["--format", "sarif", "--output", "json"]);
    world.expect(2, &wrong);
    world.double.reset_calls();
    world.expect(3, &check(both, &[]));
    assert!(world.double.calls().is_empty());
    fs::remove_dir_all(world.path().join("policies")).unwrap();
    world
        .expect(2, &check(both, &[]))
        .says("no policies were found");
}

/// A stack with a mistake is annotated too, at its line, in a file with any name.
fn mistakes_are_annotated(world: &World) {
    let file = "a b,c.yaml";
    world.write(file, &format!("{STACK}surplus: 1\n"));
    let line = STACK.lines().count() + 1;
    let check = ["policy", "check", file, "--format"];
    let github = world.expect(2, &[&check[..], &["github"]].concat()).out;
    let begins = format!("::error file=a b%2Cc.yaml,line={line},title=stack unknown-key::");
    assert!(github.starts_with(&begins), "{github}");
    let sarif = world.expect(2, &[&check[..], &["sarif"]].concat()).out;
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "stack/unknown-key");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b%2Cc.yaml");
    assert_eq!(place["region"]["startLine"], line);
    let message = document(world, 2, &["policy", "check", file]);
    assert_eq!(message["unread"][0]["diagnostics"][0]["line"], line);
}

#[test]
fn examples_match_their_expectation_or_fail() {
    let world = under(TWO_NODES);
    world
        .expect(2, &["policy", "test"])
        .says("no examples were found");
    fs::create_dir(world.path().join("policies/tests")).unwrap();
    let example = |expect: &str, why: &str| {
        format!("examples:\n  - name: three\n    stack: ../../t.yaml\n    expect: {expect}\n{why}")
    };
    let denied = example("deny", "    because: [limits.nodes]\n");
    world.write("policies/tests/e.yaml", &denied);
    world
        .expect(0, &["policy", "test"])
        .says("1 of 1 as expected");
    world.write("policies/tests/e.yaml", &example("allow", ""));
    let failed = world.expect(1, &["policy", "test"]);
    failed
        .says("FAILED three")
        .says("expected allow, got deny")
        .says("0 of 1 as expected");
    let message = document(&world, 1, &["policy", "test"]);
    assert_eq!(message["failed"], 1);
    world.write(
        "policies/tests/e.yaml",
        &example("deny", "    because: [limits.market]\n"),
    );
    world
        .expect(1, &["policy", "test"])
        .says("missing reason: limits.market");
    world.write("policies/tests/e.yaml", &example("perhaps", ""));
    world.expect(2, &["policy", "test"]).says("e.yaml:4:");
}
