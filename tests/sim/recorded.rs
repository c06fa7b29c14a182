//! A stack that a released version left: its tags and objects are read, and it is destroyed.

use crate::notes::dispute;
use crate::process::Process;
use crate::request::{StackRequest, bucket};
use crate::run;
use chrono::TimeDelta;
use clusterup::cloud::Observing;
use clusterup::cloud::api::Tags;
use clusterup::guard;
use clusterup::model::stack::WhenDone;
use clusterup_testkit::sim::{Settings, Sim};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
/// The days from the simulation's epoch to 2026-11-29, when the state was recorded.
const DAYS: u32 = 332;
/// After this time a noted cluster without its steps counts as one whose steps are over.
const VISIBILITY_WINDOW: Duration = Duration::from_secs(26 * 60);
const MINUTES: Duration = Duration::from_secs(60 * (21 * 60 + 18));

#[derive(Deserialize)]
struct Recorded {
    id: String,
    name: String,
    tags: Tags,
    objects: BTreeMap<String, String>,
}

/// Puts the recorded cluster and its objects into an account that has a bucket. Returns the
/// cluster's id.
async fn restore(sim: &Sim) -> String {
    let other = StackRequest::plain("other").case();
    Process::calm(sim, 1).detached(&other).await.unwrap();
    tokio::time::sleep(DAY * DAYS + MINUTES).await;
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/recorded/0.1.0/stack.json"
    );
    let recorded: Recorded = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let id = sim.foreign_cluster(&recorded.name, recorded.tags);
    for (key, text) in recorded.objects {
        assert!(sim.put_object(&bucket(), &key.replace(&recorded.id, &id), &text));
    }
    id
}

#[test]
fn a_stack_of_0_1_0_is_read_and_destroyed() {
    run(async {
        let sim = Sim::with(1, Settings::USUAL);
        let id = restore(&sim).await;
        let process = Process::calm(&sim, 2);
        tokio::time::sleep(VISIBILITY_WINDOW).await;

        assert_eq!(dispute(&process, &id).await, None);
        let stack = "t".parse().unwrap();
        let observed = process.account.observe(&stack, None).await.unwrap();
        let [cluster] = &observed.clusters[..] else {
            panic!("{:#?}", observed.clusters);
        };
        assert_eq!(cluster.id.as_str(), id);
        assert_eq!(cluster.owner.as_ref().unwrap().to_string(), "ana@vm");
        let guardrails = &cluster.spec.guardrails;
        assert_eq!(guardrails.when_done, WhenDone::Keep);
        assert_eq!(guardrails.max_lifetime.to_string(), "2h");
        assert_eq!(guardrails.budget.unwrap().to_string(), "$3.00");
        assert_eq!(cluster.spec.size.to_string(), "3 x m5.xlarge");
        let [extension] = &cluster.extensions[..] else {
            panic!("{:#?}", cluster.extensions);
        };
        assert_eq!(extension.why.to_string(), "the last hour of the backfill");
        let deadline = guard::hard_deadline(cluster).at;
        assert_eq!(deadline, cluster.created_at + TimeDelta::hours(3));

        process.destroyed(&stack).await.unwrap();
        let census = sim.census();
        let state = census.clusters.iter().find(|it| it.id == id).unwrap().state;
        assert!(!state.is_live(), "{state:?}");
        assert!(
            !census.buckets[&bucket()]
                .iter()
                .any(|key| key.starts_with("stacks/t/"))
        );
    });
}
