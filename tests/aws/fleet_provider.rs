//! The account as a fleet provider through the SDK, against a server for AWS's requests.

use crate::double::Double;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::account::{Account, Addresses, Settings};
use clusterup::cloud::aws::Sdk;
use clusterup::cloud::fleet::{
    FleetControl, FleetListing, FleetMetrics, FleetProvider, RegionFleet, WatchLease,
};
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::meter::Metered;
use clusterup::cloud::pace::Paced;
use clusterup::cloud::retry::Retrying;
use clusterup::cost::catalog::Catalog;
use clusterup::model::clock::Clock;
use clusterup::model::fleet::{ClusterSnapshot, MARK_TAG, WatchdogMark};
use clusterup::model::name::ClusterId;
use clusterup::model::observed::{ClusterState, End, EndReason};
use clusterup::run::clock::SystemClock;
use serde_json::{Value, json};
use std::env;
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::LocalSet;

type Served = Retrying<Paced<Metered<Sdk>>>;

/// Runs a part in its own process, because the SDK reads the environment.
#[track_caller]
fn done(double: &Double, part: &str) {
    let mut command = Command::new(env::current_exe().unwrap());
    let name = format!("fleet_provider::part_{part}");
    command.args(["--exact", &name, "--ignored", "--nocapture"]);
    double.env(&mut command);
    let done = command.output().unwrap();
    let message = String::from_utf8_lossy(&done.stdout);
    let wrong = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && message.contains("1 passed"),
        "{message}{wrong}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a part is told by its environment where the double is"
)]
fn endpoint() -> String {
    env::var("AWS_ENDPOINT_URL").unwrap()
}

/// Posts to the double's control calls from within a part.
fn tell(path: &str, value: Value) -> Value {
    let url = format!("{}/_double/{path}", endpoint());
    let mut reply = ureq::post(url).send_json(&value).unwrap();
    reply.body_mut().read_json().unwrap()
}

fn clusters() -> Vec<Value> {
    let url = endpoint() + "/_double/clusters";
    let mut reply = ureq::get(url).call().unwrap();
    reply.body_mut().read_json().unwrap()
}

fn foreign(id: &str, more: Value) {
    let mut asked = json!({ "id": id, "name": format!("somebody's {id}") });
    let (all, more) = (asked.as_object_mut().unwrap(), more.as_object().unwrap());
    all.extend(more.clone());
    tell("foreign", asked);
}

fn id(text: &str) -> ClusterId {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(SystemClock.now().timestamp_millis()).unwrap()
}

async fn account(seed: u64) -> Account<Served> {
    let folder = env::temp_dir().join(format!("clusterup-patrol-{}", std::process::id()));
    let region = "us-east-1".parse().unwrap();
    let sdk = Metered::new(Sdk::connect(&region).await);
    let api = Rc::new(Retrying::new(Paced::new(sdk), seed));
    let counted = api.clone();
    Account::new(
        api,
        Settings {
            region,
            clock: Arc::new(SystemClock),
            who: "watchdog@here".to_owned(),
            addresses: Addresses::fixed(Vec::new()),
            keys: folder.join("keys"),
            store: Store::new(folder.join("cache"), None),
            labels: folder.join("labels"),
            prices: Arc::new(Catalog::bundled().clone()),
            home: None,
            poll: Duration::from_secs(1),
            seed,
        },
    )
    .with_call_counts(move || {
        let tallies = counted.inner.inner.tallies();
        let each = tallies.into_iter();
        each.map(|(call, tally)| (call.to_owned(), tally.calls))
            .collect()
    })
}

fn watched(double: &Double, part: &str) {
    double.post("/_double/roles", json!({}));
    done(double, part);
}

async fn look(provider: &impl FleetProvider, of: &str) -> ClusterSnapshot {
    provider.look(&id(of)).await.unwrap().unwrap()
}

#[test]
fn all_clusters_are_listed_and_described_whoever_created_them() {
    watched(&Double::start(), "look");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "a part of another"]
async fn part_look() {
    let provider = account(1).await;
    assert_eq!(FleetListing::list(&provider).await.unwrap(), []);
    foreign(
        "j-WAITS",
        json!({ "created": 7200, "tags": { "Owner": "ana" } }),
    );
    foreign("j-FLEET", json!({ "fleet": true, "protected": true }));
    foreign("j-OVER", json!({ "state": "TERMINATED", "ended": 60 }));
    foreign("j-GOES", json!({ "state": "TERMINATING" }));
    let steps = json!([
        { "name": "old", "state": "COMPLETED", "started": 900, "ended": 600 },
        { "name": "now", "state": "RUNNING", "started": 300 },
    ]);
    foreign("j-WORKS", json!({ "state": "RUNNING", "steps": steps }));
    let listed = FleetListing::list(&provider).await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["j-FLEET", "j-GOES", "j-WAITS", "j-WORKS"]);

    let waits = look(&provider, "j-WAITS").await;
    assert_eq!(waits.state(), ClusterState::Waiting);
    assert_eq!(
        (
            waits.ours(),
            waits.owner.as_ref().map(|owner| owner.as_str())
        ),
        (None, Some("ana"))
    );
    assert!(waits.rates().is_some() && waits.instance_spans().len() == 2 && !waits.protected);
    assert!((now() - waits.created_at() - TimeDelta::hours(2)).abs() < TimeDelta::minutes(1));
    let fleet = look(&provider, "j-FLEET").await;
    assert!(fleet.rates().is_some() && fleet.protected, "{fleet:#?}");
    assert_eq!(fleet.instance_spans().len(), 2, "{fleet:#?}");
    assert!(look(&provider, "j-OVER").await.state().is_over());
    assert_eq!(provider.look(&id("j-NONE")).await.unwrap(), None);
    let works = look(&provider, "j-WORKS").await;
    let Some(steps) = works.steps() else {
        panic!("{works:#?}")
    };
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["old", "now"]);

    // Unreadable steps are not missing steps.
    tell(
        "faults",
        json!({ "call": "ListSteps", "do": "error500", "count": 5 }),
    );
    let works = look(&provider, "j-WORKS").await;
    assert!(works.steps().is_none(), "{works:#?}");
    // The groups or fleets of a live cluster are read once.
    let calls = provider.calls();
    let of = |call: &str| calls[&format!("elasticmapreduce:{call}")];
    assert_eq!(of("ListInstanceGroups"), 2, "{calls:#?}");
    assert_eq!(of("ListInstanceFleets"), 1, "{calls:#?}");
}

#[test]
fn metrics_prove_work_and_missing_ones_prove_nothing() {
    watched(&Double::start(), "pulses");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "a part of another"]
async fn part_pulses() {
    let provider = account(2).await;
    foreign("j-BUSY", json!({}));
    foreign("j-MUTE", json!({}));
    foreign("j-LIVE", json!({ "created": 3600 }));
    let points = |value: u64| json!([[900, value], [600, value], [300, 0]]);
    let says = json!({
        "AppsRunning": points(2), "AppsPending": points(1), "ContainerAllocated": points(7),
    });
    tell(
        "metrics",
        json!({ "cluster": "j-BUSY", "says": says, "page": 2 }),
    );
    tell("metrics", json!({ "cluster": "j-MUTE", "says": "silent" }));
    let mut snapshots = Vec::new();
    for of in ["j-BUSY", "j-MUTE", "j-LIVE"] {
        snapshots.push(look(&provider, of).await);
    }
    let snapshots: Vec<&ClusterSnapshot> = snapshots.iter().collect();
    let since = now() - TimeDelta::minutes(30);
    let metric_samples = provider.metric_samples(&snapshots, since).await.unwrap();
    let busy = &metric_samples[&id("j-BUSY")];
    let reported: Vec<_> = busy.iter().map(|it| (it.apps, it.containers)).collect();
    assert_eq!(reported, [(3, 7), (3, 7), (0, 0)]);
    assert!(busy.windows(2).all(|two| two[0].at < two[1].at));
    assert_eq!(metric_samples[&id("j-MUTE")], []);
    let live = &metric_samples[&id("j-LIVE")];
    assert!(
        live.len() >= 5 && live.iter().all(|it| it.apps == 0),
        "{live:#?}"
    );

    // A cluster whose query fails has no samples, and the others keep theirs.
    tell("metrics", json!({ "cluster": "j-MUTE", "says": "fail" }));
    let reported = provider.metric_samples(&snapshots, since).await.unwrap();
    assert_eq!(reported[&id("j-MUTE")], []);
    assert_eq!(reported[&id("j-BUSY")].len(), 3);
    tell("metrics", json!({ "cluster": "*", "says": "fail" }));
    let error = provider
        .metric_samples(&snapshots, since)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("read the metrics of clusters"),
        "{error}"
    );
}

#[test]
fn clusters_are_marked_and_ended_independently() {
    watched(&Double::start(), "end");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "a part of another"]
async fn part_end() {
    let provider = account(3).await;
    for name in ["j-A", "j-B", "j-C"] {
        foreign(name, json!({}));
    }
    foreign("j-HELD", json!({ "protected": true }));
    let mark = WatchdogMark {
        ends_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        reason: EndReason::Forgotten,
    };
    provider.mark(&id("j-A"), Some(&mark)).await.unwrap();
    assert_eq!(look(&provider, "j-A").await.mark, Some(mark));
    provider.mark(&id("j-A"), None).await.unwrap();
    let snapshot = look(&provider, "j-A").await;
    assert!(snapshot.mark.is_none() && !snapshot.tags.contains_key(MARK_TAG));

    let end = |of: &str| (id(of), End::asked("a test"));
    let asked = ["j-A", "j-HELD", "j-NONE", "j-B", "j-A"].map(end);
    let answers = provider.end(&asked).await;
    let good: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, false, true, true], "{answers:#?}");
    let held = answers[1].as_ref().unwrap_err();
    let hints = format!("{:?}", held.hints);
    assert!(hints.contains("--no-termination-protected"), "{held:#?}");
    let state = |of: &str| {
        let all = clusters();
        let one = all.iter().find(|it| it["id"] == of).unwrap();
        one["state"].as_str().unwrap().to_owned()
    };
    assert!(state("j-A").starts_with("TERMINAT") && state("j-B").starts_with("TERMINAT"));
    assert_eq!(
        (state("j-HELD"), state("j-C")),
        ("WAITING".into(), "WAITING".into())
    );

    provider.unprotect(&id("j-HELD")).await.unwrap();
    let answers = provider.end(&[end("j-HELD")]).await;
    assert!(answers[0].is_ok(), "{answers:#?}");
    assert!(state("j-HELD").starts_with("TERMINAT"));
}

#[test]
fn one_watchdog_is_active_and_another_stands_by() {
    watched(&Double::start(), "watch");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "a part of another"]
async fn part_watch() {
    LocalSet::new()
        .run_until(async {
            let (one, other) = (account(4).await, account(5).await);
            assert!(!one.holds_watch().await.unwrap());
            let lease = WatchLease::watch(&one).await.unwrap().unwrap();
            assert!(one.holds_watch().await.unwrap());
            assert!(WatchLease::watch(&other).await.unwrap().is_none());
            assert!(!other.holds_watch().await.unwrap());
            lease.release().await.unwrap();
            assert!(!one.holds_watch().await.unwrap());
            let lease = WatchLease::watch(&other).await.unwrap().unwrap();
            assert!(other.holds_watch().await.unwrap());
            lease.release().await.unwrap();
        })
        .await;
}
