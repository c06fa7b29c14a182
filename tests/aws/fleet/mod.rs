//! A fleet of clusters of all kinds, and what the watchdog reports and does about each.

mod cases;

use crate::double::{Double, moments};
use crate::world::BUCKET;
use crate::world::World;
use cases::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// What all cases are judged by, but those that say otherwise.
const POLICY: &str = "policy: fleet
unmanaged:
  action: terminate
  idle_timeout: 1h
  max_lifetime: 3d
  grace: 1h
  exempt: { tag: keep, max_lifetime: 2d }
watchdog:
  warn_before: 10m
  max_kills_per_sweep: 500
  max_kill_fraction: 100%
";

/// The tags of a cluster that `apply` made.
static TAGS: OnceLock<Value> = OnceLock::new();

fn tags(world: &World) -> Value {
    world.stack(&crate::world::STACK.replace("budget: $3, ", ""));
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let tags = world.clusters()[0]["tags"].clone();
    world.expect(0, &["destroy", "t.yaml", "--yes"]);
    tags
}

struct Fleet {
    world: World,
    /// The tags of a cluster that `apply` made.
    tags: Value,
    ids: BTreeMap<&'static str, String>,
}

impl Fleet {
    fn new() -> Self {
        Self::on(World::new())
    }

    /// On an account with nothing in it but roles.
    fn on(world: World) -> Self {
        let policies = world.path().join("policies");
        std::fs::create_dir_all(policies).unwrap();
        world.write("policies/fleet.yaml", POLICY);
        let tags = TAGS.get_or_init(|| tags(&world)).clone();
        world
            .double
            .post("/_double/durations", json!({ "terminating": 0.2 }));
        world.aws("s3", "create_bucket", json!({ "Bucket": BUCKET }));
        let ids = BTreeMap::new();
        Self { world, tags, ids }
    }

    fn add(&mut self, case: &Case) {
        let number = self.ids.len();
        let mut cluster = case.cluster.clone();
        let made = cluster.as_object_mut().unwrap();
        made.entry("name").or_insert(json!(case.name));
        if case.ours {
            let mut tags = self.tags.clone();
            tags["clusterup-stack"] = json!(format!("s{number}"));
            let more = made.remove("tags").unwrap_or_else(|| json!({}));
            made.insert("tags".to_owned(), with(tags, more));
            made.insert(
                "name".to_owned(),
                json!(format!("clusterup/s{number}/{number:08x}")),
            );
        }
        let tags = cluster["tags"].clone();
        let id = self.world.double.post("/_double/foreign", cluster)["id"].clone();
        let id = id.as_str().unwrap().to_owned();
        if case.ours {
            let note = json!({ "terms": [terms(&tags)] }).to_string();
            let key = format!("stacks/s{number}/clusters/{id}");
            let note = json!({ "bucket": BUCKET, "key": key, "text": note });
            self.world.double.post("/_double/objects/put", note);
        }
        if let Some(says) = &case.metrics {
            let says = json!({ "cluster": id, "says": says });
            self.world.double.post("/_double/metrics", says);
        }
        self.ids.insert(case.name, id);
    }

    /// What a dry run says, by id.
    fn assessment(&self, more: &[&str]) -> BTreeMap<String, Value> {
        let args = ["watchdog", "sweep", "--dry-run", "--region", "us-east-1"];
        let reported = self.world.json(&[&args, more].concat());
        let verdicts = reported["report"]["verdicts"].as_array().unwrap();
        let id = |verdict: &Value| verdict["id"].as_str().unwrap().to_owned();
        verdicts.iter().map(|it| (id(it), it.clone())).collect()
    }

    /// Each case as it has to be, and nothing changed by looking.
    fn check(&mut self, cases: &[Case], more: &[&str]) -> Vec<String> {
        for case in cases {
            self.add(case);
        }
        self.world.double.reset_calls();
        let assessment = self.assessment(more);
        let changing = self
            .world
            .double
            .calls()
            .into_iter()
            .filter(|call| call.mutates);
        let changing: Vec<String> = changing.map(|call| call.call).collect();
        assert_eq!(changing, [""; 0], "a dry run changes nothing");
        let mut wrong = Vec::new();
        for case in cases {
            let message = &assessment[&self.ids[case.name]];
            let evidence = message["evidence"].as_str().unwrap();
            let acts = ["warn", "warned", "end"].contains(&message["stage"].as_str().unwrap());
            let reason = message["reason"].as_str().filter(|_| acts);
            if message["stage"] != case.stage
                || reason != case.reason
                || !evidence.contains(case.evidence)
            {
                wrong.push(format!(
                    "{}: {message}, and not {} {:?} {:?}",
                    case.name, case.stage, case.reason, case.evidence
                ));
            }
            assert!(
                !evidence.is_empty() || message["stage"] == "clear",
                "{}: no evidence",
                case.name
            );
        }
        wrong
    }
}

#[test]
fn every_kind_of_cluster_is_judged_right() {
    let (mut all, mut wrong) = (0, Vec::new());
    for cases in [
        forgotten(),
        at_work(),
        beside_yarn(),
        coming_up_and_exempt(),
        of_clusterup(),
    ] {
        all += cases.len();
        wrong.extend(Fleet::new().check(&cases, &[]));
    }
    assert!(
        wrong.is_empty(),
        "{} of {all}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(all >= 50, "{all} cases");
    println!("{all} clusters judged");
}

#[test]
fn policies_decide_about_foreign_clusters() {
    let old = || idle(5 * HOUR, 2 * HOUR);
    let marked = || marked(old(), -60, "forgotten");
    let by = |action: &str| POLICY.replace("action: terminate", &format!("action: {action}"));
    let lifting = POLICY.replace("warn_before", "lift_protection: true\n  warn_before");
    let protected = || with(marked(), json!({ "protected": true }));
    let tight = format!("{POLICY}limits: {{ max_lifetime: 30m }}\n");
    let by_yarn =
        |names: &str| POLICY.replace("  grace", &format!("  idle_by_yarn: {names}\n  grace"));
    let named = |names: &str| {
        format!("policy: b\nunmanaged: {{ action: terminate, idle_by_yarn: {names} }}\n")
    };
    let beside = |names: &[&str]| {
        with(
            old(),
            json!({ "applications": ([&["Spark"], names].concat()) }),
        )
    };
    let milder = "policy: milder\nunmanaged: { action: notify }\n".to_owned();
    for (policies, case) in [
        (
            vec![by("notify")],
            case("told of", old(), ("forgotten", None), "idle for "),
        ),
        (
            vec![by("ignore")],
            case("ignored", old(), KEEP, "unmanaged: ignore"),
        ),
        (
            vec![POLICY.to_owned(), milder],
            case(
                "the mildest holds",
                marked(),
                ("forgotten", None),
                "idle for ",
            ),
        ),
        (
            vec![by_yarn("[JupyterHub]")],
            case("quiet is idle", beside(&["JupyterHub"]), WARN, "idle for "),
        ),
        (
            vec![by_yarn("[jupyterhub, HBase]"), named("[JupyterHub]")],
            case(
                "not named by all",
                beside(&["JupyterHub", "HBase"]),
                UNSEEN,
                "the work of HBase is",
            ),
        ),
        (
            vec![
                by_yarn("[JupyterHub]"),
                "policy: silent\nwatchdog: {}\n".to_owned(),
            ],
            case(
                "another is silent",
                beside(&["JupyterHub"]),
                WARN,
                "idle for ",
            ),
        ),
        (
            vec![lifting],
            case("protection is lifted", protected(), END, "idle for "),
        ),
        (
            vec![tight],
            ours(
                "a policy is tighter",
                busy(HOUR, 60),
                ("warn", Some("max_lifetime")),
                "(max_lifetime: 30m)",
            ),
        ),
    ] {
        let mut fleet = Fleet::new();
        for (number, policy) in policies.iter().enumerate() {
            let name = if number == 0 {
                "fleet".to_owned()
            } else {
                format!("more{number}")
            };
            fleet.world.write(&format!("policies/{name}.yaml"), policy);
        }
        assert_eq!(fleet.check(&[case], &[]), [""; 0]);
    }
}

#[test]
fn a_region_that_cannot_be_listed_is_reported_and_nothing_in_it_is_idle() {
    let mut fleet = Fleet::new();
    fleet.add(&case("old", idle(5 * HOUR, 2 * HOUR), WARN, ""));
    let fault = json!([{ "call": "ListClusters", "at": 1, "do": "error500", "count": 50 }]);
    fleet.world.double.post("/_double/faults", fault);
    let reported = fleet
        .world
        .run(&["watchdog", "sweep", "--dry-run", "--region", "us-east-1"]);
    assert_eq!(reported.code, 6, "{}", reported.all());
    assert!(
        reported
            .out
            .contains("not read: us-east-1: its clusters cannot be listed"),
        "{}",
        reported.out
    );
}

/// Real sweeps: notified, marked, ended, confirmed; then nothing is left to do.
#[test]
fn forgotten_clusters_end_and_the_others_live() {
    let mut fleet = Fleet::new();
    let cases = [
        case("forgotten", idle(5 * HOUR, 2 * HOUR), WARN, ""),
        case(
            "past its grace",
            marked(idle(5 * HOUR, 2 * HOUR), -60, "forgotten"),
            END,
            "",
        ),
        case(
            "at work",
            marked(busy(5 * HOUR, 60), -60, "forgotten"),
            KEEP,
            "",
        ),
        case(
            "protected",
            with(
                marked(idle(5 * HOUR, 2 * HOUR), -60, "forgotten"),
                json!({ "protected": true }),
            ),
            KEEP,
            "",
        ),
        ours("past its end", busy(3 * HOUR, HOUR / 6), KEEP, ""),
    ];
    for case in &cases {
        fleet.add(case);
    }
    let sweep = || {
        fleet
            .world
            .json(&["watchdog", "sweep", "--region", "us-east-1"])
    };
    let acts = |reported: &Value| -> Vec<String> {
        let done = reported["report"]["done"].as_array().unwrap();
        let name = |id: &str| {
            fleet
                .ids
                .iter()
                .find(|(_, own)| *own == id)
                .unwrap()
                .0
                .to_string()
        };
        let act = |it: &Value| {
            format!(
                "{} {}",
                it["act"].as_str().unwrap(),
                name(it["target"]["id"].as_str().unwrap())
            )
        };
        let mut acts: Vec<String> = done.iter().map(act).collect();
        acts.sort();
        acts
    };
    assert_eq!(
        acts(&sweep()),
        [
            "clear at work",
            "tell protected",
            "terminate past its end",
            "terminate past its grace",
            "warn forgotten"
        ]
    );
    let state = |name: &str| {
        let all = fleet.world.clusters();
        let own = all
            .iter()
            .find(|it| it["id"] == fleet.ids[name].as_str())
            .unwrap();
        (
            own["state"].as_str().unwrap().to_owned(),
            own["tags"].clone(),
        )
    };
    assert!(
        state("forgotten").1["clusterup-watchdog"]
            .as_str()
            .unwrap()
            .ends_with(" forgotten")
    );
    assert_eq!(state("at work").1["clusterup-watchdog"], Value::Null);
    assert!(
        state("past its end").1["clusterup-end"]
            .as_str()
            .unwrap()
            .starts_with("max_lifetime: ")
    );
    thread::sleep(Duration::from_secs(3));
    assert_eq!(
        acts(&sweep()),
        ["ended past its end", "ended past its grace"]
    );
    assert_eq!(acts(&sweep()), [""; 0], "and no one is told twice");
    for (name, end) in [
        ("past its end", "TERMINATED"),
        ("past its grace", "TERMINATED"),
        ("protected", "WAITING"),
        ("forgotten", "WAITING"),
        ("at work", "RUNNING"),
    ] {
        assert_eq!(state(name).0, end, "{name}");
    }
    let log = fleet.world.expect(0, &["watchdog", "log"]);
    assert!(
        log.out.contains("terminate") && log.out.contains("max_lifetime"),
        "{}",
        log.out
    );
}

#[test]
fn a_mass_of_idle_clusters_trips_the_breaker() {
    let mut fleet = Fleet::new();
    fleet.world.write(
        "policies/fleet.yaml",
        &POLICY.replace("sweep: 500", "sweep: 3"),
    );
    let names = ["a", "b", "c", "d"];
    for name in names {
        fleet.add(&case(
            name,
            marked(idle(5 * HOUR, 2 * HOUR), -60, "forgotten"),
            END,
            "",
        ));
    }
    fleet.add(&ours("past its end", busy(3 * HOUR, HOUR / 6), KEEP, ""));
    let reported = fleet
        .world
        .run(&["watchdog", "sweep", "--region", "us-east-1"]);
    assert!(
        reported
            .out
            .contains("circuit breaker: 4 of 5 clusters would end"),
        "{}",
        reported.all()
    );
    assert!(reported.err.contains("none is ended"), "{}", reported.err);
    let over: Vec<_> = fleet
        .world
        .clusters()
        .into_iter()
        .filter(|it| {
            it["state"].as_str().unwrap().starts_with("TERMINAT")
                && fleet.ids.values().any(|id| it["id"] == id.as_str())
        })
        .collect();
    assert_eq!(over.len(), 1, "{over:?}");
    assert_eq!(over[0]["id"], fleet.ids["past its end"].as_str());
}

/// Cut off before and after each kind of call of a sweep that tells, marks and ends; the next ones
/// find how far it came. None is missed, none ends without a mark, and people are notified once.
/// `tests/sim/watchdog_kills.rs` cuts it off at every call.
#[test]
fn a_killed_watchdog_continues_where_it_stopped() {
    let whole = Fleet::three(World::new());
    let calls = whole.world.calls_of(&SWEEP);
    let left = Mutex::new(moments(&calls));
    let (cut, wrong) = (Mutex::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let Some((at, when)) = left.lock().unwrap().pop() else {
                        return;
                    };
                    let (died, found) = Fleet::three(World::new()).cut_off(at, when);
                    *cut.lock().unwrap() += u32::from(died);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cut = cut.into_inner().unwrap();
    println!("cut off at {cut} points of {} calls", calls.len());
    assert!(cut >= 8, "{cut}");
}

const SWEEP: [&str; 4] = ["watchdog", "sweep", "--region", "us-east-1"];

impl Fleet {
    /// One to be reported, one to be ended, and one past its own deadline.
    fn three(world: World) -> Self {
        let mut fleet = Self::on(world);
        let old = || idle(5 * HOUR, 2 * HOUR);
        fleet.add(&case("forgotten", old(), WARN, ""));
        fleet.add(&case(
            "past its grace",
            marked(old(), -60, "forgotten"),
            END,
            "",
        ));
        fleet.add(&ours("past its end", busy(3 * HOUR, HOUR / 6), KEEP, ""));
        fleet
    }

    /// Kills a sweep at one of its calls, and sweeps on; whether it was killed, and what is wrong.
    fn cut_off(self, at: usize, when: &str) -> (bool, Vec<String>) {
        self.world.double.reset_calls();
        let kill = json!({ "at": at, "when": when });
        self.world.double.post("/_double/kill", kill);
        let first = self.world.run(&SWEEP);
        self.world.double.post("/_double/reset", json!({}));
        let mut reported = first.err;
        let mut wrong = Vec::new();
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(400));
            let done = self.world.run(&SWEEP);
            reported.push_str(&done.err);
            if done.code != 0 {
                wrong.push(format!("{when} call {at}: {}", done.err));
            }
        }
        let clusters = self.world.clusters();
        let own = |name: &str| {
            let id = self.ids[name].as_str();
            clusters.iter().find(|it| it["id"] == id).unwrap()
        };
        let mut claim = |holds: bool, says: &str| {
            if !holds {
                wrong.push(format!("{when} call {at}: {says}\n{reported}"));
            }
        };
        for name in ["past its grace", "past its end"] {
            claim(
                own(name)["state"] == "TERMINATED",
                &format!("{name} was missed"),
            );
        }
        claim(
            own("forgotten")["state"] == "WAITING",
            "it ended without its grace",
        );
        let mark = &own("forgotten")["tags"]["clusterup-watchdog"];
        claim(mark.is_string(), "it is not marked");
        for (name, id) in &self.ids {
            for says in ["ends at", "is being ended"] {
                let notice = format!("cluster {id} ");
                let lines = reported.lines().filter(|line| line.contains(&notice));
                let times = lines.filter(|line| line.contains(says)).count();
                claim(
                    times <= 1,
                    &format!("told {times} times that {name} {says}"),
                );
            }
        }
        (first.signal.is_some(), wrong)
    }
}

/// All that it calls, it may by the least policy: looking, marking, ending, moving a deadline.
#[test]
fn the_least_privilege_policy_allows_every_call() {
    let mut fleet = Fleet::new();
    fleet.world.double.reset_calls();
    let lifting = POLICY.replace("warn_before", "lift_protection: true\n  warn_before");
    fleet.world.write(
        "policies/fleet.yaml",
        &format!("{lifting}  clean_up_after: 1h\n"),
    );
    let old = || idle(5 * HOUR, 2 * HOUR);
    let protected = with(
        marked(old(), -60, "forgotten"),
        json!({ "protected": true }),
    );
    fleet.add(&case("forgotten", old(), WARN, ""));
    fleet.add(&case("protected", protected, END, ""));
    fleet.add(&case(
        "at work",
        marked(busy(5 * HOUR, 60), -60, "forgotten"),
        KEEP,
        "",
    ));
    fleet.add(&ours("past its end", busy(3 * HOUR, HOUR / 6), KEEP, ""));
    for _ in 0..2 {
        fleet.world.expect(0, &SWEEP);
        thread::sleep(Duration::from_millis(500));
    }
    let text = include_str!("../../../deploy/iam-policy.json");
    let policy: Value = serde_json::from_str(text).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|it| {
        let one = vec![it["Action"].clone()];
        it["Action"].as_array().cloned().unwrap_or(one)
    });
    let allowed: BTreeSet<String> = actions.map(|it| it.as_str().unwrap().to_owned()).collect();
    let called: BTreeSet<String> = fleet
        .world
        .double
        .calls()
        .into_iter()
        .map(|it| it.call)
        .collect();
    let by_iam = |call: &String| match call.as_str() {
        // Some of IAM's names are not the calls'.
        "s3:ListObjectsV2" | "s3:ListObjects" | "s3:HeadBucket" => "s3:ListBucket".to_owned(),
        "s3:HeadObject" => "s3:GetObject".to_owned(),
        "emr-serverless:Get /applications" => "emr-serverless:ListApplications".to_owned(),
        "s3:PutPublicAccessBlock" => "s3:PutBucketPublicAccessBlock".to_owned(),
        "s3:PutBucketEncryption" => "s3:PutEncryptionConfiguration".to_owned(),
        "s3:PutBucketLifecycleConfiguration" => "s3:PutLifecycleConfiguration".to_owned(),
        call => call.replace("emr:", "elasticmapreduce:"),
    };
    let lacks: Vec<&String> = called
        .iter()
        .filter(|it| !allowed.contains(&by_iam(it)))
        .collect();
    assert!(lacks.is_empty(), "{lacks:?} of {called:?}");
    assert!(called.len() >= 12, "{called:?}");
}

/// A watchdog that stands by takes over when the other is gone.
#[test]
fn one_of_two_watchdogs_stands_by() {
    let double = Double::start();
    let world = World::on(double);
    let run = [
        "watchdog",
        "run",
        "--region",
        "us-east-1",
        "--no-page",
        "--every",
        "1s",
    ];
    let mut first = world.spawn(&run);
    // It lists clusters once it has the watch.
    let begun = Instant::now();
    let lists = || {
        let calls = world.double.calls();
        calls.iter().any(|call| call.call == "emr:ListClusters")
    };
    while !lists() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(50));
    }
    let second = world.run(&["watchdog", "sweep", "--region", "us-east-1"]);
    assert_eq!(second.code, 1, "{}", second.all());
    assert!(
        second.err.contains("another watchdog is running"),
        "{}",
        second.err
    );
    first.kill().unwrap();
    first.wait().unwrap();
    world.expect(0, &["watchdog", "sweep", "--region", "us-east-1"]);
}

/// The digest of the tags that say when a cluster ends.
fn terms(tags: &Value) -> String {
    let tag = |key: String| tags[key].as_str().unwrap_or_default();
    let pieces = (0..).map(|number| tag(format!("clusterup-spec-{number}")));
    let spec: String = pieces.take_while(|piece| !piece.is_empty()).collect();
    let mut parts = vec!["terms 1".to_owned(), spec];
    parts.push(tag("clusterup-sizes".to_owned()).to_owned());
    parts.extend((0..8).map(|number| tag(format!("clusterup-extended-{number}")).to_owned()));
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
