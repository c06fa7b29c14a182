//! Between the look that finds a cluster due and the call that ends it, its owner comes back, and what would
//! show it fails: no evidence is not idleness.

use super::{Kind, MINUTE, World, begin_step};
use crate::seeds::each;
use clusterup::cloud::rng::Rng;
use clusterup::model::clock::Clock;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::tally::mark;
use std::cell::Cell;
use std::rc::Rc;

/// What shows whether a cluster works.
const LOOKS: [&str; 3] = [
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListSteps",
    "cloudwatch:GetMetricData",
];
const HOURS: u32 = 3;

#[test]
fn a_second_look_that_fails_ends_nothing() {
    each("second look", 30, world);
}

pub(crate) async fn world(seed: u64) {
    let rng = Rng::new(seed);
    let world = World::of(rng.next(), &[Kind::Forgotten], true, 0).await;
    let (id, sim) = (
        world.clusters.keys().next().unwrap().clone(),
        world.sim().clone(),
    );
    // The owner comes back within the sweep that would end the cluster, before one of its looks.
    let (due, before) = (Rc::new(Cell::new(false)), rng.below(4));
    let (is_due, clock) = (due.clone(), sim.clock());
    let mut looks = 0;
    let back_at = Rc::new(Cell::new(None));
    let began_at = back_at.clone();
    let owner = (sim.clone(), id.clone());
    world.flaky().become_flaky(move |moment| {
        if !is_due.get() || !LOOKS.contains(&moment.call) {
            return None;
        }
        looks += 1;
        if looks <= before {
            return None;
        }
        let since = back_at.get().unwrap_or_else(|| {
            let (sim, id) = owner.clone();
            tokio::task::spawn_local(async move {
                begin_step(&sim, &id, "back", MINUTE * 240).await;
            });
            clock.now()
        });
        back_at.set(Some(since));
        (clock.now() - since < super::GRACE).then_some(Fault::Unsent)
    });
    let mut watchdog = world.watchdog(seed);
    for _ in 0..HOURS * 60 {
        let cluster = sim.clusters().remove(0);
        let ends_at = super::announced(&cluster);
        due.set(ends_at.is_some_and(|at| at <= sim.now()));
        watchdog.sweep(false).await;
        tokio::time::sleep(MINUTE).await;
    }
    let cluster = sim.clusters().remove(0);
    match (began_at.get(), cluster.down_at) {
        (Some(began), Some(down)) => {
            assert!(
                down - began < super::UNSEEN,
                "ended in its work: {cluster:#?}"
            );
        }
        (Some(_), None) => mark("an owner came back before a second look that failed"),
        (None, _) => {}
    }
}
