//! Between the look that finds a cluster due and the call that ends it, its owner comes back, and what would
//! show it fails: no evidence is not idleness.

use super::{Kind, MINUTE, World, begin_step};
use crate::seeds::each;
use clusterup::cloud::rng::Rng;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::tally::mark;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// What shows whether a cluster works, in the order of a look.
const LOOKS: [&str; 3] = [
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListSteps",
    "cloudwatch:GetMetricData",
];
/// By then EMR lists the step.
const LATE: Duration = Duration::from_secs(60);
const HOURS: u32 = 3;

#[test]
fn an_owner_who_is_back_before_the_second_look_keeps_the_cluster() {
    each("second look", 30, world);
}

/// The owner gives the cluster work before a look of the sweep that is to end it. That look then comes late, or
/// nothing can be looked at for a while.
pub(crate) async fn world(seed: u64) {
    let rng = Rng::new(seed);
    let world = World::of(rng.next(), &[Kind::Forgotten], true, 0).await;
    let id = world.clusters.keys().next().unwrap().clone();
    let sim = world.sim().clone();
    let due = Rc::new(Cell::new(false));
    let back_at = Rc::new(Cell::new(None));
    let (is_due, back, owner) = (due.clone(), back_at.clone(), sim.clone());
    let (mut before, fails) = (rng.below(7), rng.percent(50));
    world.flaky().become_flaky(move |moment| {
        let shows = LOOKS.contains(&moment.call);
        let now = owner.now();
        if !is_due.get() || !shows {
            return None;
        }
        if let Some(back_at) = back.get() {
            return (fails && now - back_at < super::GRACE).then_some(Fault::Unsent);
        }
        if before > 0 {
            before -= 1;
            return None;
        }
        back.set(Some(now));
        let (sim, id) = (owner.clone(), id.clone());
        tokio::task::spawn_local(async move {
            begin_step(&sim, &id, "back", MINUTE * 240).await;
        });
        Some(if fails {
            Fault::Unsent
        } else {
            Fault::Slow(LATE)
        })
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
    let Some(back_at) = back_at.get() else { return };
    match cluster.down_at {
        Some(down_at) => {
            assert!(
                down_at - back_at < super::UNSEEN,
                "ended in its work: {cluster:#?}"
            );
        }
        None => mark("an owner came back before a second look"),
    }
}
