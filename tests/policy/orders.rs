//! How the watchdog treats a cluster, from several policies.

use crate::at;
use crate::hours::cluster;
use crate::table::policies;
use clusterup::model::fleet::{AnyCluster, ClusterSnapshot, ForeignCluster, Seen};
use clusterup::model::observed::ClusterState;

fn snapshot(cluster: AnyCluster) -> ClusterSnapshot {
    ClusterSnapshot {
        place: "us-east-1".parse().unwrap(),
        looked_at: at("2026-11-21T12:00:00"),
        cluster,
        name: "nightly".into(),
        owner: None,
        tags: Default::default(),
        protected: true,
        applications: Vec::new(),
        seen: Seen::Listed { worked_at: None },
        mark: None,
    }
}

#[test]
fn the_protection_of_a_foreign_cluster_is_lifted_only_if_all_policies_say_so() {
    let ours = snapshot(AnyCluster::Ours(Box::new(cluster(
        "2026-11-21T10:00:00",
        "10h",
    ))));
    let foreign = snapshot(AnyCluster::Foreign(Box::new(ForeignCluster {
        id: "j-1".parse().unwrap(),
        state: ClusterState::Waiting,
        created_at: at("2026-11-21T10:00:00"),
        ready_at: None,
        ended_at: None,
        rates: None,
        instance_spans: Vec::new(),
        disputed: None,
        adopted: None,
    })));
    let lifts = "watchdog: { lift_protection: true }";
    let silent = "limits:\n  nodes: 3";
    let ends = "unmanaged: { action: terminate }";
    let both = "unmanaged: { action: terminate }\nwatchdog: { lift_protection: true }";
    for (texts, of_ours, of_foreign) in [
        (vec![], false, false),
        (vec![silent], false, false),
        // Of clusterup's own clusters, one policy is enough.
        (vec![silent, lifts], true, false),
        (vec![ends, lifts], true, false),
        (vec![both], true, true),
        (vec![both, silent], true, true),
        (vec![both, ends], true, false),
        (vec![both, both], true, true),
    ] {
        let all = policies(&texts);
        let lifted = [&ours, &foreign].map(|it| all.orders(it).lift_protection);
        assert_eq!(lifted, [of_ours, of_foreign], "{texts:?}");
    }
}
