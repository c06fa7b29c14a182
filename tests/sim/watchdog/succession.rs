//! A watchdog whose machine sleeps, and another that takes over meanwhile, with newer policies: the first
//! one wakes up in the middle of a sweep and ends nothing any more.

use super::{Kind, MINUTE, make, policies};
use crate::mishaps::asleep;
use crate::process::Process;
use crate::seeds::{any, each};
use crate::watchdog::Reported;
use crate::watched::Watched;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::rng::Rng;
use clusterup::run::watchdog::Watchdog;
use clusterup_testkit::flaky::{Fault, Moment};
use clusterup_testkit::sim::Sim;
use clusterup_testkit::tally::mark;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const STANDBY: Duration = Duration::from_secs(30);

/// When the first one's machine sleeps: about when clusters are warned about and end.
fn any_sleep(sim: &Sim, rng: &Rng) -> (DateTime<Utc>, DateTime<Utc>) {
    let minutes = |least: u64, more: u64| {
        TimeDelta::seconds(i64::try_from(60 * least + rng.below(60 * more)).unwrap())
    };
    let from = sim.now() + minutes(55, 50);
    (from, from + minutes(1, any(rng, &[1, 40])))
}

struct Pair {
    sim: Sim,
    /// When the second one took over.
    taken_at: Cell<Option<DateTime<Utc>>>,
    until: DateTime<Utc>,
}

impl Pair {
    fn account(
        &self,
        name: &str,
        seed: u64,
        faults: impl FnMut(Moment) -> Option<Fault> + 'static,
    ) -> Rc<dyn FleetProvider> {
        let watched = Watched::new(self.sim.clone());
        let process = Process::skewed(watched, (name, self.sim.clock()), seed, faults);
        Rc::new(process.account)
    }

    fn watchdog(&self, account: &Rc<dyn FleetProvider>, terminates: bool) -> Watchdog {
        let (fleets, policies) = (vec![account.clone()], Rc::new(policies(terminates)));
        let (clock, sink) = (Arc::new(self.sim.clock()), Rc::new(Reported::default()));
        let watchdog = Watchdog::new(fleets, policies, clock, sink, "watchdog".to_owned());
        watchdog.under(account.clone())
    }

    async fn stand_by(self: Rc<Self>, seed: u64) {
        let account = self.account("second@here", seed, |_| None);
        let mut watchdog = self.watchdog(&account, false);
        let mut lease = None;
        while self.sim.now() < self.until {
            if lease.is_none() {
                lease = account.watch().await.unwrap();
                if lease.is_some() {
                    self.taken_at.set(Some(self.sim.now()));
                }
                sleep(STANDBY).await;
            } else {
                watchdog.sweep(false).await;
                sleep(MINUTE).await;
            }
        }
    }
}

#[test]
fn a_watchdog_that_was_replaced_while_it_slept_ends_nothing() {
    each("two watchdogs", 40, replaced);
}

pub(crate) async fn replaced(seed: u64) {
    let rng = Rng::new(seed);
    let sim = Sim::new(rng.next());
    for number in 0..2 + rng.below(3) {
        make(
            &sim,
            any(&rng, &[Kind::Forgotten, Kind::Forgotten, Kind::Exempt]),
            number,
        )
        .await;
    }
    let pair = Rc::new(Pair {
        until: sim.now() + TimeDelta::hours(4),
        taken_at: Cell::new(None),
        sim: sim.clone(),
    });
    let account = pair.account(
        "first@here",
        rng.next(),
        asleep(sim.clock(), any_sleep(&sim, &rng)),
    );
    let mut watchdog = pair.watchdog(&account, true);
    let _lease = account.watch().await.unwrap().unwrap();
    let second = tokio::task::spawn_local(pair.clone().stand_by(rng.next()));
    while sim.now() < pair.until {
        watchdog.sweep(false).await;
        sleep(MINUTE).await;
    }
    second.await.unwrap();
    let Some(taken_at) = pair.taken_at.get() else {
        return mark("a watchdog slept too briefly to be replaced");
    };
    mark("a watchdog was replaced while it slept");
    for cluster in sim.clusters() {
        let down_at = cluster.down_at;
        assert!(
            down_at.is_none_or(|at| at <= taken_at),
            "replaced at {taken_at}: {cluster:#?}"
        );
    }
}
