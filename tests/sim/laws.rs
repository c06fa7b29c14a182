//! Three laws, in many worlds: a converged stack has an empty plan, an independent check agrees,
//! and without faults each change takes exactly one pass.

use crate::process::Process;
use crate::request::StackRequest;
use crate::seeds::each;
use crate::{mishaps, oracle};
use clusterup::cloud::rng::Rng;
use clusterup::model::action::Action;
use clusterup::model::plan::Plan;
use clusterup::run::follow::Outcome;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::sim::{Census, CensusCluster, Settings, Sim};
use std::time::Duration;

pub(crate) const QUICK: Settings = Settings {
    checks_scripts: true,
    step_seconds: (20, 60),
    ..Settings::USUAL
};

/// Applies that a person makes before giving up, the last of them in better weather.
const MOST_APPLIES: u64 = 24;
const STORMY: u64 = 8;

#[test]
fn every_world_converges_on_the_requested_stack() {
    each("converges", 500, stormy);
}

pub(crate) async fn stormy(seed: u64) {
    let rng = Rng::new(seed);
    let sim = Sim::with(rng.next(), QUICK);
    let mut request = mishaps::any_request(&rng);
    let turns = 1 + rng.below(3);
    for turn in 0..turns {
        for _ in 0..rng.below(3) {
            mishaps::edit(&mut request, &rng);
        }
        for _ in 0..rng.below(3) {
            mishaps::happen(&sim, &rng, &request).await;
        }
        if rng.percent(30) {
            let case = request.case();
            let process = Process::new(&sim, "ann@desk", rng.next(), mishaps::luck(&rng));
            drop(process.until_death(process.detached(&case)).await);
        } else {
            converge(&sim, &rng, &request).await;
        }
        if turn + 1 == turns {
            converge(&sim, &rng, &request).await;
        }
    }
}

/// Applies until the plan is empty, and asks the oracle.
async fn converge(sim: &Sim, rng: &Rng, request: &StackRequest) {
    let case = request.case();
    let mut last = None;
    for tries in 0..MOST_APPLIES {
        let process = if tries < STORMY {
            Process::new(sim, "ann@desk", rng.next(), mishaps::luck(rng))
        } else {
            Process::calm(sim, rng.next())
        };
        let done = process.until_death(process.applied(&case)).await;
        if !matches!(done, Some(Ok(None | Some(Outcome::Completed)))) {
            last = Some(format!("{done:?}"));
            continue;
        }
        let plan = Process::calm(sim, rng.next()).plan(&case).await.unwrap();
        if plan.is_empty() {
            oracle::agrees(&sim.census(), request);
            return;
        }
        last = Some(format!("{plan:#?}"));
    }
    panic!("never converges: {request:#?} {last:?}");
}

const CALM: Settings = Settings {
    eventual: false,
    ..QUICK
};

#[test]
fn in_a_calm_world_each_change_takes_one_pass() {
    each("one pass", 250, calm);
}

pub(crate) async fn calm(seed: u64) {
    let rng = Rng::new(seed);
    let sim = Sim::with(rng.next(), CALM);
    let mut request = mishaps::any_request(&rng);
    for _ in 0..3 {
        one_pass(&sim, &rng, &request).await;
        if rng.percent(60) {
            work_ends(&sim).await;
            let plan = one_pass(&sim, &rng, &request).await;
            let home = |action: &Action| matches!(action, Action::Remember(_) | Action::Disarm(_));
            let only = plan.actions.iter().all(|planned| home(&planned.action));
            assert!(only || request.keep, "{plan:#?}");
            oracle::agrees(&sim.census(), &request);
        }
        for _ in 0..=rng.below(2) {
            mishaps::edit(&mut request, &rng);
        }
    }
    ends_are_named(&sim.census());
}

/// Each cluster that was ended by a call says why.
fn ends_are_named(census: &Census) {
    let asked = |cluster: &&CensusCluster| cluster.reason.as_deref() == Some("USER_REQUEST");
    for cluster in census.clusters.iter().filter(asked) {
        assert!(cluster.tags.contains_key("clusterup-end"), "{cluster:#?}");
    }
}

/// One pass, after which there is nothing to do, unless the work of a cluster ended meanwhile.
async fn one_pass(sim: &Sim, rng: &Rng, request: &StackRequest) -> Plan {
    let case = request.case();
    for _ in 0..5 {
        let before = ended(&sim.census());
        let made = Process::calm(sim, rng.next()).detached(&case).await;
        let left = Process::calm(sim, rng.next()).plan(&case).await.unwrap();
        match made {
            Ok(prepared) if left.is_empty() => return prepared.plan,
            made => assert!(
                ended(&sim.census()) != before,
                "{:#?}{left:#?}",
                made.map(|prepared| prepared.plan)
            ),
        }
    }
    panic!("the world never stands still");
}

/// What has ended by itself: clusters and steps.
fn ended(census: &Census) -> usize {
    let asked = |cluster: &&CensusCluster| cluster.reason.as_deref() == Some("USER_REQUEST");
    let clusters = census.clusters.iter().filter(|cluster| !asked(cluster));
    let steps = clusters.clone().flat_map(|cluster| &cluster.steps);
    let steps = steps.filter(|(_, state)| state.is_over());
    clusters.filter(|c| !c.state.is_live()).count() + steps.count()
}

async fn work_ends(sim: &Sim) {
    let works = |census: &Census| {
        let mut clusters = census.clusters.iter();
        clusters.any(|cluster| {
            let ends = !cluster.keep_alive && !cluster.state.is_over();
            ends || cluster.steps.iter().any(|(_, state)| !state.is_over())
        })
    };
    while works(&sim.census()) {
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
}
