//! The watchdog over several accounts of AWS, by roles that it assumes.

use crate::double::Double;
use crate::running::Running;
use crate::world::{Done, World};
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const HOUR: u64 = 3_600;
/// A cluster's id in each account.
const SAME: &str = "j-SAMEINEACH001";
const POLICY: &str = "policy: fleet
unmanaged: { action: terminate, idle_timeout: 1h, grace: 1h, exempt: { tag: keep } }
";
const ACCOUNTS: &str = "accounts:
- id: 222222222222
  role: arn:aws:iam::222222222222:role/watch
  external_id: clusterup-7f3a
- { id: 333333333333, role: \"arn:aws:iam::333333333333:role/watch\", regions: [us-east-1, eu-west-1] }
";
const SWEEP: [&str; 6] = [
    "watchdog",
    "sweep",
    "--region",
    "us-east-1",
    "--accounts",
    "accounts.yaml",
];

/// The own account and 222222222222, each with a cluster of the same id that was marked. That of the
/// own account works. No role of 333333333333 can be assumed.
fn accounts() -> World {
    let world = World::on(Double::start());
    std::fs::create_dir_all(world.path().join("policies")).unwrap();
    world.write("policies/fleet.yaml", POLICY);
    world.write("accounts.yaml", ACCOUNTS);
    let role = json!({ "name": "watch", "external_id": "clusterup-7f3a" });
    world
        .double
        .post("/_double/roles/trusting?account=222222222222", role);
    let at_once = json!({ "terminating": 0 });
    let durations = "/_double/durations?account=222222222222";
    world.double.post(durations, at_once);
    let mark = SystemClock.now() - chrono::TimeDelta::seconds(60);
    let mark = format!("{} forgotten", mark.format("%Y-%m-%dT%H:%M:%SZ"));
    let cluster = |name: &str, step: Value| {
        json!({
            "id": SAME, "name": name, "created": 5 * HOUR, "steps": [step],
            "tags": { "clusterup-watchdog": mark },
        })
    };
    let works = json!({ "name": "train", "state": "RUNNING", "started": 60 });
    let ended = json!({
        "name": "load", "state": "COMPLETED", "started": 5 * HOUR - 100, "ended": 2 * HOUR,
    });
    let double = &world.double;
    double.post("/_double/foreign", cluster("own", works));
    double.post(
        "/_double/foreign?account=222222222222",
        cluster("theirs", ended),
    );
    world
}

fn document(done: &Done) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.all()))
}

fn sweep(world: &World, more: &[&str]) -> Done {
    world.run(&[&SWEEP[..], more].concat())
}

/// The lines of standard error and of the report that are about an account.
fn lines<'a>(text: &'a str, account: &str) -> Vec<&'a str> {
    let about = format!("account {account} is not watched");
    text.lines().filter(|line| line.contains(&about)).collect()
}

#[test]
fn two_accounts_are_swept_and_the_third_is_reported_once() {
    let world = accounts();
    let done = sweep(&world, &["--output", "json"]);
    assert_eq!(done.code, 6, "{}", done.all());
    let report = document(&done)["report"].take();
    let verdicts: Vec<(&str, &str, &str)> = report["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap();
            assert_eq!(text("id"), SAME);
            (text("place"), text("name"), text("stage"))
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            ("us-east-1", "own", "clear"),
            ("222222222222:us-east-1", "theirs", "end"),
        ]
    );
    let refused = report["sweep"]["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 1, "{report:#}");
    assert_eq!(refused[0]["account"], "333333333333");
    let why = refused[0]["why"].as_str().unwrap();
    assert!(
        why.starts_with(
            "role arn:aws:iam::333333333333:role/watch cannot be assumed: AccessDenied"
        ),
        "{why}"
    );
    assert_eq!(
        report["sweep"]["blind"],
        json!(["333333333333:us-east-1", "333333333333:eu-west-1"])
    );
    // The cluster with the same id in the own account has lost its mark alone.
    let own = world.double.get("/_double/clusters");
    assert_eq!(own[0]["state"], "WAITING", "{own:#}");
    assert_eq!(own[0]["tags"]["clusterup-watchdog"], Value::Null, "{own:#}");
    let theirs = world.double.get("/_double/clusters?account=222222222222");
    assert!(
        theirs[0]["state"].as_str().unwrap().starts_with("TERMINAT"),
        "{theirs:#}"
    );
    // Reported once: a notice, an entry, and a line of each report.
    assert_eq!(lines(&done.err, "333333333333").len(), 1, "{}", done.err);
    let again = sweep(&world, &[]);
    assert_eq!(again.code, 6, "{}", again.all());
    assert_eq!(lines(&again.err, "333333333333"), [""; 0], "{}", again.err);
    assert_eq!(lines(&again.out, "333333333333").len(), 1, "{}", again.out);
    let cannot = again.out.matches("cannot be listed").count();
    assert_eq!(cannot, 0, "{}", again.out);
    let log = world.json(&["watchdog", "log"]);
    let entries = log["entries"].as_array().unwrap();
    let of = |act: &str| -> Vec<&Value> { entries.iter().filter(|it| it["act"] == act).collect() };
    assert_eq!(of("fail").len(), 1, "{entries:#?}");
    for act in ["terminate", "ended"] {
        let places: Vec<&Value> = of(act).into_iter().map(|it| &it["place"]).collect();
        assert_eq!(places, ["222222222222:us-east-1"], "{act}: {entries:#?}");
    }
    assert_eq!(of("clear")[0]["place"], "us-east-1", "{entries:#?}");
}

/// A stack's cluster in the own account, and one with the same id, name and tags in another: the note in
/// the own account's bucket confirms its own cluster alone, and no call leads to another's bucket.
#[test]
fn the_notes_of_one_account_confirm_nothing_in_another() {
    let world = World::on(Double::start());
    std::fs::create_dir_all(world.path().join("policies")).unwrap();
    world.write("policies/fleet.yaml", POLICY);
    let (one, _) = ACCOUNTS.split_once("- { id: 3").unwrap();
    world.write("accounts.yaml", one);
    let double = &world.double;
    let role = json!({ "name": "watch", "external_id": "clusterup-7f3a" });
    double.post("/_double/roles/trusting?account=222222222222", role);
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let own = world.clusters()[0].clone();
    let same = json!({
        "id": own["id"], "name": own["name"], "tags": own["tags"], "created": 300,
    });
    double.post("/_double/foreign?account=222222222222", same);
    // Without a bucket there are no notes to read.
    let bucket = "clusterup-222222222222-us-east-1";
    let made = json!({ "bucket": bucket, "key": "stacks/other/clusters/j-1", "text": "{}" });
    double.post(
        "/_double/buckets?account=222222222222",
        json!({ "bucket": bucket }),
    );
    double.post("/_double/objects/put?account=222222222222", made);
    double.reset_calls();
    let done = sweep(&world, &["--output", "json"]).expect(0);
    let report = document(&done)["report"].take();
    let reasons: Vec<(&Value, bool)> = report["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["place"], it["reason"] == "forgotten"))
        .collect();
    // Its own guardrails end the one, and the policy for foreign clusters the other.
    let [own, other] = [json!("us-east-1"), json!("222222222222:us-east-1")];
    assert_eq!(reasons, [(&own, false), (&other, true)]);
    let disputed = "is treated as a foreign cluster";
    assert_eq!(done.err.matches(disputed).count(), 1, "{}", done.err);
    assert!(
        done.err
            .contains("222222222222; the command needs its credentials")
    );
    // Each account's calls are for its own bucket.
    let calls = double.get("/_double/calls");
    let mut of_buckets = [0, 0];
    for call in calls.as_array().unwrap() {
        let text = |key: &str| call[key].as_str().unwrap();
        if text("call").starts_with("s3:") {
            let at = format!("/clusterup-{}-us-east-1", text("account"));
            assert!(text("path").starts_with(&at), "{call}");
            of_buckets[usize::from(text("account") == "222222222222")] += 1;
        }
    }
    assert!(of_buckets.iter().all(|count| *count > 0), "{of_buckets:?}");
    // The watchdog's lease is in the own account alone.
    let objects = double.get("/_double/objects?account=222222222222");
    let keys: Vec<&String> = objects[bucket].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["stacks/other/clusters/j-1"]);
}

#[test]
fn an_account_is_watched_again_when_its_role_can_be_assumed() {
    let world = accounts();
    assert_eq!(sweep(&world, &[]).code, 6);
    world.double.post(
        "/_double/roles/trusting?account=333333333333",
        json!({ "name": "watch" }),
    );
    let done = sweep(&world, &[]).expect(0);
    assert!(!done.all().contains("333333333333"), "{}", done.all());
    // A later failure is news again.
    world.double.post(
        "/_double/roles/remove?account=333333333333",
        json!({ "name": "watch" }),
    );
    let done = sweep(&world, &[]);
    assert_eq!(lines(&done.err, "333333333333").len(), 1, "{}", done.err);
}

#[test]
fn roles_that_give_another_account_are_refused() {
    let world = accounts();
    let accounts = "accounts:\n\
        - { id: 444444444444, role: \"arn:aws:iam::444444444444:role/of-222222222222\" }\n";
    world.write("accounts.yaml", accounts);
    world.double.post(
        "/_double/roles/trusting?account=444444444444",
        json!({ "name": "of-222222222222" }),
    );
    world.double.reset_calls();
    let done = sweep(&world, &["--dry-run", "--output", "json"]);
    assert_eq!(done.code, 6, "{}", done.all());
    let report = document(&done)["report"].take();
    let why = report["sweep"]["refused"][0]["why"].as_str().unwrap();
    assert!(
        why.ends_with("gives credentials of account 222222222222"),
        "{why}"
    );
    assert_eq!(report["verdicts"].as_array().unwrap().len(), 1);
    // Only the own account was listed.
    let calls = world.double.get("/_double/calls");
    let of = |name: &str| -> Vec<&Value> {
        let calls = calls.as_array().unwrap().iter();
        let calls = calls.filter(|call| call["call"] == name);
        calls.map(|call| &call["account"]).collect()
    };
    assert_eq!(of("sts:AssumeRole").len(), 1, "{calls:#}");
    assert_eq!(of("emr:ListClusters"), ["123456789012"], "{calls:#}");
}

#[test]
fn files_of_accounts_that_cannot_be_used_are_refused() {
    let world = accounts();
    let role = "role: \"arn:aws:iam::123456789012:role/watch\"";
    world.write(
        "accounts.yaml",
        &format!("accounts:\n- {{ id: 123456789012, {role} }}\n"),
    );
    let done = sweep(&world, &["--dry-run"]).expect(2);
    let says = "accounts.yaml:2: account 123456789012 is the watchdog's own";
    assert!(done.err.contains(says), "{}", done.err);
    world.write(
        "accounts.yaml",
        &format!("accounts:\n- {{ id: 222222222222, {role} }}\n"),
    );
    let done = sweep(&world, &["--dry-run"]).expect(2);
    let says = "the role is of account 123456789012, not 222222222222";
    assert!(done.err.contains(says), "{}", done.err);
    let local = [
        "watchdog",
        "sweep",
        "--local",
        "--accounts",
        "accounts.yaml",
    ];
    let done = world.expect(2, &local);
    assert!(done.err.contains("none is given"), "{}", done.err);
}

#[test]
fn the_active_accounts_of_an_organization_are_watched() {
    let world = accounts();
    let call = |operation: &str, asked: Value| world.aws("organizations", operation, asked);
    world.write("accounts.yaml", "organization: { role: teams/watch }\n");
    let done = sweep(&world, &["--dry-run"]);
    assert_eq!(done.code, 1, "{}", done.all());
    let says = "cannot list the accounts of the organization";
    assert!(done.err.contains(says), "{}", done.err);
    let says = "AWSOrganizationsNotInUseException: Your account is not a member";
    assert!(done.err.contains(says), "{}", done.err);
    call("create_organization", json!({ "FeatureSet": "ALL" }));
    let account = |name: &str| {
        let asked = json!({ "AccountName": name, "Email": format!("{name}@example.com") });
        let made = call("create_account", asked);
        let id = &made["CreateAccountStatus"]["AccountId"];
        id.as_str().unwrap().to_owned()
    };
    let [active, left_out, closed] = ["active", "left-out", "closed"].map(account);
    call("close_account", json!({ "AccountId": closed }));
    let file = format!("organization: {{ role: teams/watch, except: [{left_out}] }}\n");
    world.write("accounts.yaml", &file);
    let double = &world.double;
    double.post(
        &format!("/_double/roles/trusting?account={active}"),
        json!({ "name": "watch" }),
    );
    let cluster = json!({ "id": SAME, "name": "member" });
    double.post(&format!("/_double/foreign?account={active}"), cluster);
    let done = sweep(&world, &["--dry-run", "--output", "json"]).expect(0);
    let report = document(&done)["report"].take();
    let places: Vec<&Value> = report["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["place"])
        .collect();
    assert_eq!(places, ["us-east-1", &format!("{active}:us-east-1")]);
}

/// A daemon with its page, and what it prints.
struct Daemon {
    running: Running,
    page: String,
    lines: mpsc::Receiver<String>,
    printed: Vec<String>,
}

impl Daemon {
    fn start(world: &World) -> Self {
        let run = ["watchdog", "run", "--region", "us-east-1", "--every", "1s"];
        let page = ["--accounts", "accounts.yaml", "--listen", "127.0.0.1:0"];
        let mut running = world.spawn(&[&run[..], &page[..]].concat());
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(running.stdout.take().unwrap()),
            Box::new(running.stderr.take().unwrap()),
        ];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    // The test may have ended.
                    let _ = sender.send(line);
                }
            });
        }
        let mut daemon = Self {
            running,
            page: String::new(),
            lines,
            printed: Vec::new(),
        };
        let line = daemon.line("page: ");
        line.trim_start_matches("page: ")
            .clone_into(&mut daemon.page);
        daemon
    }

    /// Waits for a line with this text.
    fn line(&mut self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no {text:?}: {:#?}", self.printed));
            self.printed.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    fn get(&self, path: &str) -> String {
        let mut reply = ureq::get(format!("{}{path}", self.page)).call().unwrap();
        reply.body_mut().read_to_string().unwrap()
    }

    /// Waits until the status is as wanted.
    fn status(&self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let status: Value = serde_json::from_str(&self.get("api/picture")).unwrap();
            if is_wanted(&status) {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "{status:#}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the metrics have some lines and not another.
    fn metrics(&self, wanted: &[&str], unwanted: &str) {
        let begun = Instant::now();
        loop {
            let now = self.get("metrics");
            if wanted.iter().all(|it| now.contains(it)) && !now.contains(unwanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{wanted:?}: {now}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn reload(&self) {
        let id = i32::try_from(self.running.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::HUP).unwrap();
    }
}

#[test]
fn the_daemon_shows_all_accounts_and_reads_the_file_again() {
    let world = accounts();
    let mut daemon = Daemon::start(&world);
    let both = [
        "clusterup_account_watched{account=\"123456789012\"} 1",
        "clusterup_account_watched{account=\"222222222222\"} 1",
    ];
    let refused = "clusterup_account_watched{account=\"333333333333\"} 0";
    let own =
        "clusterup_clusters{place=\"us-east-1\",state=\"waiting\",account=\"123456789012\"} 1";
    daemon.metrics(&[both[0], both[1], refused, own], "nothing");
    let page = daemon.get("");
    assert_eq!(
        page.matches("account 333333333333 is not watched").count(),
        2,
        "{page}"
    );
    assert!(
        page.contains("us-east-1, 3 regions of 2 other accounts"),
        "{page}"
    );
    // The ledger is read after the first sweep.
    let status = daemon.status(|status| !status["cost"].is_null());
    let days = status["cost"]["days"].as_array().unwrap();
    assert!([30, 31].contains(&days.len()), "{days:?}");
    assert_eq!(status["own_account"], "123456789012");
    assert_eq!(status["clusters"][0]["place"], "us-east-1");
    // A file with a mistake changes nothing.
    world.write("accounts.yaml", "accounts: [{ id: 2 }]\n");
    daemon.reload();
    daemon.line("the accounts that were read last are still watched");
    daemon.metrics(&[both[0], both[1], refused], "nothing");
    // The same mistake is reported each time that an operator asks for it.
    daemon.reload();
    daemon.line("the accounts that were read last are still watched");
    let (one, _) = ACCOUNTS.split_once("- { id: 3").unwrap();
    world.write("accounts.yaml", one);
    daemon.reload();
    daemon.line("the watched accounts have changed: 1 removed (333333333333)");
    daemon.metrics(&both, "333333333333");
    let about = |line: &&String| line.contains("333333333333 is not watched");
    let reported: Vec<&String> = daemon.printed.iter().filter(about).collect();
    // The notice, the entry of the log, and the report of the first sweep.
    assert_eq!(reported.len(), 3, "{reported:#?}");
}
