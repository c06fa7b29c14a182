//! Tags, names and notes of clusters that others write: none causes the end of a cluster.

use crate::process::Process;
use crate::request::{Case, StackRequest, bucket};
use crate::row::{Kind, Never, Row, table};
use crate::run;
use async_trait::async_trait;
use clusterup::cloud::Observing;
use clusterup::cloud::api::Tags;
use clusterup::cloud::fleet::FleetProvider;
use clusterup::model::action::Action;
use clusterup::model::audit::Entry;
use clusterup::model::notice::Notice;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::Watchdog;
use clusterup::run::watchdog::audit_sink::AuditSink;
use clusterup_testkit::sim::{CensusCluster, Settings, Sim};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const CALM: Settings = Settings {
    eventual: false,
    step_seconds: (20, 60),
    ..Settings::USUAL
};

/// Others' clusters are only to be reported.
const POLICY: &str = "policy: p\nunmanaged: { action: notify, idle_timeout: 1h, grace: 30m }\n";

pub(crate) fn rows() -> Vec<Row> {
    let huge = format!("{{\"terms\":[\"{}", "0".repeat(2 << 20));
    let spaces = format!("{}{{}}", " ".repeat(2 << 20));
    [
        table(
            Kind::Tags,
            Never::Ended,
            tagged,
            &[
                (
                    "a shorter life, in the past",
                    "clusterup-extended-0=2026-01-01T00:00:10Z max_lifetime=1m by=eve why=x",
                ),
                (
                    "a life of two lines",
                    "clusterup-extended-0=2026-01-01T00:00:10Z max_lifetime=1m by=eve\nwhy=x",
                ),
                ("the spec of a short life", "clusterup-spec-=@short"),
                ("the spec of another stack", "clusterup-spec-=@other"),
                ("no spec", "clusterup-spec-0"),
                ("a spec that is none", "clusterup-spec-0=AAAA"),
                (
                    "a spec that turns around",
                    "clusterup-spec-0=\u{202e}\n\u{1b}[2J",
                ),
                ("other sizes", "clusterup-sizes=0=1"),
                ("another stack", "clusterup-stack=u"),
                ("a stack that is a path", "clusterup-stack=../t"),
                ("no stack", "clusterup-stack"),
                (
                    "a mark of the watchdog",
                    "clusterup-watchdog=ending 2026-01-01T00:00:00Z",
                ),
            ],
        ),
        table(
            Kind::Tags,
            Never::Ended,
            called,
            &[
                ("others' cluster under our name", "clusterup/t/00ff"),
                (
                    "others' cluster under another stack's name",
                    "clusterup/u/00ff",
                ),
                ("others' cluster under a path", "clusterup/../t/00ff"),
                (
                    "others' cluster of two lines",
                    "clusterup/t/00ff\nclusterup/t/1",
                ),
                (
                    "others' cluster that turns around",
                    "clusterup/t/\u{202e}ff00",
                ),
                ("others' cluster of no nonce", "clusterup/t/"),
            ],
        ),
        table(
            Kind::Tags,
            Never::Ended,
            noted,
            &[
                ("no note", None),
                ("an empty note", Some("")),
                ("a note that says nothing", Some("{}")),
                ("a note that breaks off", Some("{")),
                ("a note of other terms", Some("{\"terms\":[\"0\"]}")),
                ("a note of null", Some("null")),
                ("a note of 2 MiB", Some(&huge)),
                ("a note after 2 MiB of spaces", Some(&spaces)),
            ]
            .map(|(name, text)| (name, text.unwrap_or("@none").to_owned())),
        ),
        table(
            Kind::Tags,
            Never::Ended,
            of_a_stack_without_notes,
            &[
                ("a stack without notes, under our name", "clusterup/t/00ff"),
                (
                    "a stack without notes, under another name",
                    "theirs/nightly",
                ),
            ],
        ),
        table(
            Kind::Tags,
            Never::Ended,
            another_notes,
            &[
                ("others' cluster with our cluster's note", "@note"),
                ("others' cluster with a note of nothing", "{}"),
            ],
        ),
    ]
    .concat()
}

fn request(hours: u64, name: &'static str) -> StackRequest {
    StackRequest {
        keep: true,
        life_hours: hours,
        idle_minutes: if hours > 7 { 400 } else { 30 },
        ..StackRequest::plain(name)
    }
}

async fn made(sim: &Sim, hours: u64, name: &'static str) -> (Case, CensusCluster) {
    let case = request(hours, name).case();
    Process::calm(sim, 1).detached(&case).await.unwrap();
    tokio::time::sleep(Duration::from_secs(900)).await;
    (case, sim.census().clusters.remove(0))
}

/// The tags of a cluster of another world that say what it was made as.
async fn spec(hours: u64, name: &'static str) -> Tags {
    let sim = Sim::with(9, CALM);
    let mut tags = made(&sim, hours, name).await.1.tags;
    tags.retain(|key, _| key.starts_with(SPEC));
    tags
}

const SPEC: &str = "clusterup-spec-";

/// These tags with another spec.
fn with(tags: &Tags, spec: Tags) -> Tags {
    let mut forged = tags.clone();
    forged.retain(|key, _| !key.starts_with(SPEC));
    forged.extend(spec);
    forged
}

/// The cluster has the spec of another.
fn forge(sim: &Sim, cluster: &CensusCluster, spec: &Tags) {
    let was = cluster.tags.keys().filter(|key| key.starts_with(SPEC));
    for key in was.chain(spec.keys()) {
        sim.tag_by_hand(&cluster.id, key, spec.get(key).map(String::as_str));
    }
}

/// Two hours under a watchdog, and looks by those who apply: all clusters live on, and no plan ends
/// one that is not the stack's own by its note.
async fn ends_nothing(sim: &Sim, case: &Case, foreign: &[String]) {
    let mut policies = Policies::default();
    policies.extend([load("p.yaml", POLICY).unwrap()]);
    let fleet: Rc<dyn FleetProvider> = Rc::new(Process::calm(sim, 2).account);
    let (clock, audit_sink) = (Arc::new(sim.clock()), Rc::new(Quiet));
    let name = "watchdog@here".to_owned();
    let mut watchdog = Watchdog::new(vec![fleet], Rc::new(policies), clock, audit_sink, name);
    let before = sim.census();
    for _ in 0..12 {
        watchdog.sweep(false).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    let process = Process::calm(sim, 3);
    let seen = process.account.observe(&case.stack.name, None).await;
    for cluster in seen.iter().flat_map(|seen| &seen.clusters) {
        let id = cluster.id.to_string();
        assert!(!foreign.contains(&id), "{id} is taken for the stack's");
    }
    if let Ok(plan) = process.plan(case).await {
        for planned in plan.actions {
            let ends = matches!(
                planned.action,
                Action::TerminateCluster(..) | Action::DeleteCluster(_)
            );
            assert!(!ends, "{}", planned.because);
        }
    }
    let now = sim.census();
    assert_eq!(now.clusters.len(), before.clusters.len());
    for cluster in now.clusters {
        assert!(cluster.state.is_live(), "{} was ended", cluster.name);
    }
    let asked = sim.journal().into_iter().map(|(_, name)| name);
    assert_eq!(asked.filter(|name| name.contains("Terminate")).count(), 0);
}

fn tagged(tag: &str) {
    run(async {
        let sim = Sim::with(1, CALM);
        let (case, cluster) = made(&sim, 8, "t").await;
        match tag.split_once('=') {
            Some((SPEC, "@short")) => forge(&sim, &cluster, &spec(1, "t").await),
            Some((SPEC, "@other")) => forge(&sim, &cluster, &spec(1, "u").await),
            Some((key, value)) => {
                sim.tag_by_hand(&cluster.id, key, Some(value));
            }
            None => {
                sim.tag_by_hand(&cluster.id, tag, None);
            }
        }
        ends_nothing(&sim, &case, &[]).await;
    });
}

/// Another's cluster with a name, under the tags of ours that has but an hour.
fn called(name: &str) {
    run(async {
        let sim = Sim::with(2, CALM);
        let (case, cluster) = made(&sim, 8, "t").await;
        let tags = with(&cluster.tags, spec(1, "t").await);
        let foreign = sim.foreign_cluster(name, tags);
        ends_nothing(&sim, &case, std::slice::from_ref(&foreign)).await;
        // To remove the stack is to remove what is its own.
        Process::calm(&sim, 4)
            .destroyed(&case.stack.name)
            .await
            .unwrap();
        let mut clusters = sim.census().clusters.into_iter();
        let other = clusters.find(|cluster| cluster.id == foreign).unwrap();
        assert!(other.state.is_live());
    });
}

/// The bucket's note of our cluster is another, and its tags say an hour.
fn noted(text: &str) {
    run(async {
        let sim = Sim::with(3, CALM);
        let (case, cluster) = made(&sim, 8, "t").await;
        let key = format!("stacks/t/clusters/{}", cluster.id);
        match text {
            "@none" => sim.delete_object(&bucket(), &key),
            text => sim.put_object(&bucket(), &key, text),
        };
        forge(&sim, &cluster, &spec(1, "t").await);
        ends_nothing(&sim, &case, &[]).await;
    });
}

/// A foreign cluster that has a note in the bucket.
fn another_notes(text: &str) {
    run(async {
        let sim = Sim::with(4, CALM);
        let (case, cluster) = made(&sim, 8, "t").await;
        let tags = with(&cluster.tags, spec(1, "t").await);
        let foreign = sim.foreign_cluster("theirs/nightly", tags);
        let key = |id: &str| format!("stacks/t/clusters/{id}");
        let text = match text {
            "@note" => sim.object(&bucket(), &key(&cluster.id)).unwrap(),
            text => text.to_owned(),
        };
        sim.put_object(&bucket(), &key(&foreign), &text);
        ends_nothing(&sim, &case, std::slice::from_ref(&foreign)).await;
    });
}

/// A stack without a note in the bucket, and a cluster with tags that name the stack.
fn of_a_stack_without_notes(name: &str) {
    run(async {
        let tags = made(&Sim::with(5, CALM), 8, "t").await.1.tags;
        let sim = Sim::with(6, CALM);
        let forged = with(&tags, spec(1, "t").await);
        let foreign = sim.foreign_cluster(name, forged);
        let case = request(8, "t").case();
        ends_nothing(&sim, &case, &[]).await;
        assert!(sim.census().clusters.iter().any(|it| it.id == foreign));
        // Its forged deadline is past, and who applies is shown no end and makes none.
        let plan = Process::calm(&sim, 7).plan(&case).await;
        assert!(plan.is_ok(), "{:?}", plan.err().map(|it| it.to_string()));
        if name.starts_with("clusterup/") {
            let applied = Process::calm(&sim, 8).detached(&case).await;
            assert!(
                applied.is_ok(),
                "{:?}",
                applied.err().map(|it| it.to_string())
            );
        }
        let clusters = sim.census().clusters;
        let it = clusters.iter().find(|it| it.id == foreign).unwrap();
        assert!(it.state.is_live());
    });
}

/// Nobody is notified, and nothing is kept.
struct Quiet;

#[async_trait(?Send)]
impl AuditSink for Quiet {
    fn note(&self, _: &Entry) {}

    async fn notify(&self, _: &Notice) -> bool {
        true
    }

    fn forget(&self, _: &str) {}

    fn open_terminations(&self) -> Vec<Entry> {
        Vec::new()
    }

    fn recent(&self, _: usize) -> Vec<Entry> {
        Vec::new()
    }

    fn notices(&self) -> BTreeMap<String, (u64, u64)> {
        BTreeMap::new()
    }
}
