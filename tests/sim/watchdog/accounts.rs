//! One watchdog over two accounts whose clusters have the same ids: nothing of one account's answers
//! counts for the other.

use super::{Kind, MINUTE, World};
use crate::run;
use clusterup::model::audit::{Act, Entry};
use clusterup::model::place::Place;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::{Report, Watchdog};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The simulated account, as that of the other's credentials.
const OTHER: &str = "123456789012";
const OWN: &str = "111111111111";
const HOURS: u32 = 5;

struct Pair {
    own: World,
    other: World,
    watchdog: Watchdog,
}

impl Pair {
    /// The clusters of both have the same ids, in the same order.
    async fn new(own: &[Kind], other: &[Kind], account: &str) -> Self {
        let own = World::of(3, own, true, 0).await;
        let other = World::of(3, other, true, 0).await;
        assert!(own.clusters.keys().eq(other.clusters.keys()));
        let watchdog = Self::watchdog(&own, &other, account);
        Self {
            own,
            other,
            watchdog,
        }
    }

    fn watchdog(own: &World, other: &World, account: &str) -> Watchdog {
        let fleets = vec![own.fleet(3), other.fleet_of(account)];
        let (clock, audit_sink) = (own.clock.clone(), own.audit_sink.clone());
        let name = "watchdog@here".to_owned();
        Watchdog::new(fleets, own.policies.clone(), clock, audit_sink, name)
            .with_own_account(OWN.parse().unwrap())
    }

    async fn hours(&mut self, hours: u32) -> Vec<Report> {
        let mut reports = Vec::new();
        for _ in 0..hours * 60 {
            self.own.live(self.own.clock.now());
            self.other.live(self.other.clock.now());
            reports.push(self.watchdog.sweep(false).await);
            tokio::time::sleep(MINUTE).await;
        }
        reports
    }

    fn entries(&self) -> Vec<Entry> {
        self.own.audit_sink.entries.borrow().clone()
    }
}

/// The ids of the clusters that have ended.
fn over(world: &World) -> BTreeSet<String> {
    let clusters = world.sim().census().clusters.into_iter();
    let over = clusters.filter(|cluster| cluster.state.is_over());
    over.map(|cluster| cluster.id).collect()
}

/// The ids of the forgotten ones.
fn forgotten(world: &World) -> BTreeSet<String> {
    let clusters = world.clusters.iter();
    let forgotten = clusters.filter(|(_, kind)| **kind == Kind::Forgotten);
    forgotten.map(|(id, _)| id.clone()).collect()
}

#[test]
fn clusters_with_the_same_ids_are_told_apart() {
    run(async {
        let works = Kind::ByHand(HOURS + 1);
        let kinds = [works, Kind::Forgotten, works, Kind::Forgotten, Kind::Exempt];
        let mut opposite = kinds;
        opposite.swap(0, 1);
        opposite.swap(2, 3);
        let mut pair = Pair::new(&kinds, &opposite, OTHER).await;
        pair.hours(HOURS).await;
        for world in [&pair.own, &pair.other] {
            assert_eq!(over(world), forgotten(world));
        }
        let there: Place = format!("{OTHER}:us-east-1").parse().unwrap();
        for entry in pair.entries() {
            let place = entry.place.clone().unwrap();
            let world = if place == there {
                &pair.other
            } else {
                &pair.own
            };
            let id = entry.target.as_ref().unwrap().id.clone();
            assert_eq!(world.clusters[&id], Kind::Forgotten, "{entry:?}");
        }
        let ended = |of: &Place| {
            let entries = pair.entries();
            let ended = entries.iter().filter(|it| it.act == Act::Ended);
            ended.filter(|it| it.place.as_ref() == Some(of)).count()
        };
        assert_eq!(
            [ended(&there), ended(&"us-east-1".parse().unwrap())],
            [2, 2]
        );
    });
}

#[test]
fn an_account_that_cannot_be_used_is_reported_once_and_the_other_is_watched() {
    run(async {
        let kinds = [Kind::Forgotten, Kind::Forgotten];
        let mut pair = Pair::new(&kinds, &kinds, "222222222222").await;
        let reports = pair.hours(HOURS).await;
        assert_eq!(over(&pair.own), forgotten(&pair.own));
        assert!(over(&pair.other).is_empty());
        for report in &reports {
            let [refused] = &report.summary.refused[..] else {
                panic!("{:?}", report.summary);
            };
            assert_eq!(refused.account.as_str(), "222222222222");
            assert!(report.summary.unseen.is_empty(), "{:?}", report.summary);
        }
        let entries = pair.entries();
        let failed = entries.iter().filter(|it| it.act == Act::Fail);
        assert_eq!(failed.count(), 1, "{entries:#?}");
        let matters = pair.own.audit_sink.matters.borrow();
        assert!(matters.contains("account/222222222222"), "{matters:?}");
    });
}

#[test]
fn the_circuit_breaker_of_one_account_holds_nothing_back_in_another() {
    run(async {
        let many = [Kind::Forgotten; 3];
        let works = Kind::ByHand(HOURS + 1);
        let mut pair = Pair::new(&many, &[Kind::Forgotten, works, works], OTHER).await;
        let policy = "policy: p\nunmanaged: { action: terminate, idle_timeout: 1h, grace: 90m }\n\
                      watchdog: { max_kills_per_sweep: 2, max_kill_fraction: 100% }\n";
        let mut policies = Policies::default();
        policies.extend([load("p.yaml", policy).unwrap()]);
        pair.watchdog.renew(Rc::new(policies));
        pair.hours(2).await;
        assert_eq!(pair.own.audit_sink.warned.borrow().len(), 3);
        // All are due in the next sweep.
        tokio::time::sleep(MINUTE * 60).await;
        let reports = pair.hours(1).await;
        assert!(over(&pair.own).is_empty(), "{:?}", over(&pair.own));
        assert_eq!(over(&pair.other), forgotten(&pair.other));
        let trips: Vec<_> = reports.iter().flat_map(|report| &report.trips).collect();
        assert!(!trips.is_empty());
        assert!(trips.iter().all(|trip| trip.account.is_none()));
        assert_eq!(trips[0].tripped.fleet, 3);
    });
}

/// What is known of a place stays if the places are read again.
#[test]
fn places_that_are_read_again_keep_what_is_known() {
    run(async {
        let kinds = [Kind::Forgotten, Kind::Exempt];
        let mut pair = Pair::new(&kinds, &kinds, OTHER).await;
        pair.hours(1).await;
        let places = vec![pair.own.fleet(4), pair.other.fleet_of(OTHER)];
        pair.watchdog.renew_fleets(places);
        assert_eq!(pair.watchdog.fleet_status(true).clusters.len(), 4);
        pair.watchdog.renew_fleets(vec![pair.own.fleet(5)]);
        let status = pair.watchdog.fleet_status(true);
        assert_eq!(status.clusters.len(), 2);
        assert_eq!(status.places, ["us-east-1".parse().unwrap()]);
        pair.hours(HOURS).await;
        assert_eq!(over(&pair.own), forgotten(&pair.own));
        assert!(over(&pair.other).is_empty());
    });
}
