//! Termination protection that a stack asks for: its own safeguards lift it, and nothing else does.

use crate::process::Process;
use crate::request::{Case, StackRequest};
use crate::{laws, run};
use chrono::TimeDelta;
use clusterup::cloud::Observing;
use clusterup::model::observed::Cluster;
use clusterup::model::safeguard::SafeguardKind;
use clusterup_testkit::sim::{CensusCluster, Dead, Settings, Sim};
use std::time::Duration;
use tokio::time::sleep;

/// Only its schedules end a cluster.
const CALM: Settings = Settings {
    eventual: false,
    dead: Dead {
        power_off: true,
        idle_policy: true,
        keep_alive: false,
        schedules: false,
    },
    ..laws::QUICK
};

/// A stack of eight hours, and an account in which its work never ends.
fn protected() -> (Sim, Case) {
    let sim = Sim::with(5, CALM);
    sim.time_step("one", Duration::MAX);
    let request = StackRequest {
        keep: true,
        ..StackRequest::plain("t")
    };
    let mut case = request.case();
    case.stack.cluster.termination_protection = true;
    (sim, case)
}

fn cluster(sim: &Sim) -> CensusCluster {
    let clusters = sim.census().clusters;
    assert_eq!(clusters.len(), 1, "{clusters:#?}");
    clusters.into_iter().next().unwrap()
}

async fn observed(sim: &Sim, case: &Case) -> Cluster {
    let process = Process::calm(sim, 9);
    let seen = process.account.observe(&case.stack.name, None).await;
    seen.unwrap().clusters.into_iter().next().unwrap()
}

fn armed(cluster: &Cluster, kind: SafeguardKind) -> bool {
    let mut all = cluster.safeguards.iter();
    all.find(|it| it.kind == kind).unwrap().is_armed()
}

async fn apply(sim: &Sim, case: &Case) {
    Process::calm(sim, 1).detached(case).await.unwrap();
}

async fn is_protected(sim: &Sim, case: &Case) -> bool {
    let found = observed(sim, case).await;
    assert!(found.drift.is_empty(), "{:?}", found.drift);
    sim.protection(found.id.as_str())
}

#[test]
fn a_protected_cluster_ends_at_its_deadline_with_everything_of_ours_dead() {
    run(async {
        let (sim, case) = protected();
        apply(&sim, &case).await;
        assert!(is_protected(&sim, &case).await);
        let found = observed(&sim, &case).await;
        assert!(armed(&found, SafeguardKind::Schedule));
        assert!(!armed(&found, SafeguardKind::IdlePolicy));
        assert_eq!(sim.census().schedules.len(), 2);
        sleep(Duration::from_secs(9 * 3_600)).await;
        let ended = cluster(&sim).ended_at.unwrap();
        let late = ended - (found.created_at + TimeDelta::hours(8));
        assert!(late < TimeDelta::minutes(6), "{late}");
        assert!(sim.census().schedules.is_empty());
    });
}

#[test]
fn the_schedule_that_lifts_it_is_armed_again() {
    run(async {
        let (sim, case) = protected();
        apply(&sim, &case).await;
        let id = cluster(&sim).id;
        assert!(sim.delete_schedule(&format!("clusterup-unprotect-{id}")));
        let found = observed(&sim, &case).await;
        assert!(!armed(&found, SafeguardKind::Schedule), "{found:#?}");
        assert_eq!(
            found.drift,
            ["the schedule that lifts its termination protection is missing"]
        );
        apply(&sim, &case).await;
        assert!(is_protected(&sim, &case).await);
        assert_eq!(sim.census().schedules.len(), 2);
    });
}

#[test]
fn protection_follows_the_stack() {
    run(async {
        let (sim, mut case) = protected();
        case.stack.cluster.termination_protection = false;
        apply(&sim, &case).await;
        assert!(!is_protected(&sim, &case).await);
        assert_eq!(sim.census().schedules.len(), 1);
        case.stack.cluster.termination_protection = true;
        apply(&sim, &case).await;
        assert!(is_protected(&sim, &case).await);
        assert_eq!(sim.census().schedules.len(), 2);
        // Somebody else lifts it.
        let id = cluster(&sim).id;
        sim.protect_cluster(&id, false);
        let drift = observed(&sim, &case).await.drift;
        assert_eq!(drift, ["its termination protection is off"]);
        apply(&sim, &case).await;
        assert!(is_protected(&sim, &case).await);
        case.stack.cluster.termination_protection = false;
        apply(&sim, &case).await;
        assert!(!is_protected(&sim, &case).await);
        assert!(cluster(&sim).state.is_live());
    });
}

/// What has begun to lift the protection must not be undone.
#[test]
fn a_cluster_near_its_deadline_is_not_protected_again() {
    run(async {
        let (sim, case) = protected();
        apply(&sim, &case).await;
        let deadline = cluster(&sim).created_at + TimeDelta::hours(8);
        let id = cluster(&sim).id;
        for minutes in [9, 5, 3] {
            let at = deadline - TimeDelta::minutes(minutes);
            sleep((at - sim.now()).to_std().unwrap()).await;
            sim.protect_cluster(&id, false);
            assert!(!is_protected(&sim, &case).await);
            apply(&sim, &case).await;
            assert!(!is_protected(&sim, &case).await, "{minutes} minutes before");
        }
        sleep(Duration::from_secs(1_200)).await;
        let late = cluster(&sim).ended_at.unwrap() - deadline;
        assert!(late < TimeDelta::minutes(6), "{late}");
    });
}

#[test]
fn a_protected_cluster_is_destroyed_with_its_schedules() {
    run(async {
        let (sim, case) = protected();
        apply(&sim, &case).await;
        let process = Process::calm(&sim, 2);
        process.destroyed(&case.stack.name).await.unwrap();
        let census = sim.census();
        assert!(census.schedules.is_empty(), "{:#?}", census.schedules);
        assert!(census.clusters.iter().all(|it| it.state.is_over()));
    });
}
