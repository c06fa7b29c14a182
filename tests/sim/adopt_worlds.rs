//! Adopted clusters in random worlds, with other hands at work: none costs more than its budget and what
//! it had cost when it was adopted, none outlives its lifetime, and none ends that nothing had to end.

use crate::adopt::{limits, request};
use crate::bookkeeper::{self, Prices};
use crate::process::Process;
use crate::say;
use crate::seeds::{any, each};
use crate::watchdog::{Kind, World};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::Role as ApiRole;
use clusterup::cloud::rng::Rng;
use clusterup::cloud::{AdoptError, Adopting};
use clusterup::guard::Unadoptable;
use clusterup::model::adoption::AdoptedLimits;
use clusterup::model::money::Usd;
use clusterup::model::name::ClusterId;
use clusterup::model::span::Span;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::Watchdog;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::sim::{CensusCluster, IDLE_REASON};
use std::cell::Cell;
use std::time::Duration;
use tokio::time::sleep;

/// An hour of a node, in millionths of a cent: as the bundled catalog has an m5.xlarge with EMR's default
/// volumes.
const RATE: i64 = 25_541_097;
const SWEEP: Duration = Duration::from_secs(600);
/// From the request for an end until it is over, and until the minute in which a schedule fires is over.
const ENDING: TimeDelta = TimeDelta::minutes(10);
/// For how much longer the nodes could have run when a budget ended them: EMR may take twenty minutes to
/// end a cluster, and a watchdog describes it every half hour.
const EARLY: TimeDelta = TimeDelta::minutes(60);
const WORLDS: u64 = 200;

/// What others do to the cluster, and what of it matters to its end.
#[derive(Debug, Default)]
struct Others {
    ended: bool,
    /// Whether an idle policy was set by others.
    idle: bool,
    protected: bool,
    /// Whether it was protected when one of its limits was due.
    held: bool,
    hands: u64,
}

struct Story {
    world: World,
    rng: Rng,
    id: ClusterId,
    limits: AdoptedLimits,
    /// What it had cost when it was adopted.
    spent: Usd,
    others: Others,
    /// The most workers that it has had.
    most: u16,
    watched: bool,
}

impl Story {
    async fn new(seed: u64) -> Self {
        let rng = Rng::new(seed);
        let kind = any(
            &rng,
            &[Kind::InAStep(40), Kind::InAStep(3), Kind::Forgotten],
        );
        let faults = any(&rng, &[0, 0, 3, 8]);
        let world = World::of(seed, &[kind], false, faults).await;
        let id = world.sim().census().clusters[0].id.parse().unwrap();
        let lifetime = any(&rng, &["", "3h", "6h", "9h"]);
        let budget = any(&rng, &["", "$2", "$4", "$8"]);
        let idle = any(&rng, &["", "40m", "2h"]);
        let limits = limits(
            lifetime,
            if lifetime.is_empty() { "$3" } else { budget },
            idle,
        );
        Self {
            limits,
            id,
            spent: Usd::ZERO,
            others: Others::default(),
            most: 2,
            watched: rng.percent(75),
            world,
            rng,
        }
    }

    fn seen(&self) -> CensusCluster {
        self.world.sim().census().clusters.remove(0)
    }

    fn process(&self) -> Process {
        Process::calm(self.world.sim(), self.rng.next())
    }

    fn cost(&self, at: DateTime<Utc>) -> Usd {
        let seen = self.seen();
        let gone = seen.ended_at.map_or(at, |ended| ended.min(at));
        Usd::new(bookkeeper::bill(&seen, &Prices::of_each(RATE), gone))
    }

    /// Whether it was adopted. A refusal names a reason that holds.
    async fn adopt(&mut self) -> bool {
        let process = self.process();
        let adopted = process.account.adopt(&self.id, &request(self.limits)).await;
        let now = self.world.clock.now();
        self.spent = self.cost(now);
        let seen = self.seen();
        match adopted {
            Ok(plan) => {
                let told = plan.adopted.adoption.spent.unwrap();
                // Up to the minute until EMR lists its instances, and the seconds that adopting took.
                let differ = (told - self.spent).amount().abs();
                assert!(differ <= "0.05".parse().unwrap(), "{told} {}", self.spent);
                true
            }
            Err(AdoptError::Refused(Unadoptable::OverBudget { .. })) => {
                let ending = self.cost(now + TimeDelta::minutes(25));
                assert!(ending >= self.limits.budget.unwrap(), "{ending}");
                false
            }
            Err(AdoptError::Refused(Unadoptable::TooOld { .. })) => {
                let age = now + TimeDelta::minutes(4) - seen.created_at;
                assert!(age >= self.limits.max_lifetime.unwrap().delta(), "{age}");
                false
            }
            Err(why) => panic!("{why}"),
        }
    }

    /// Somebody else does something to the cluster.
    fn meddle(&mut self) {
        let (sim, rng, id) = (self.world.sim().clone(), &self.rng, self.id.as_str());
        self.others.hands += 1;
        match rng.below(9) {
            0 | 1 => {
                let keys = [
                    "clusterup-adopted",
                    "clusterup-owner",
                    "clusterup-team",
                    "owner",
                ];
                sim.tag_by_hand(id, any(rng, &keys), any(rng, &[None, Some("by hand")]));
            }
            // Without a watchdog, nobody would notice that it got larger.
            2 | 3 if self.watched => {
                let count = u16::try_from(1 + rng.below(5)).unwrap();
                sim.resize_by_hand(id, ApiRole::Core, count);
                self.most = self.most.max(count);
            }
            4 if self.watched => {
                sim.delete_schedule(&format!("clusterup-{id}"));
            }
            5 if rng.percent(20) => {
                let live = self.seen().state.is_live();
                self.others.ended |= live && sim.end_cluster(id, "USER_REQUEST", "");
            }
            6 => {
                self.others.protected = rng.percent(50);
                sim.protect_cluster(id, self.others.protected);
            }
            7 => {
                let timeout = Span::from_secs(3_600 * (1 + rng.below(3)));
                self.others.idle |= sim.set_idle_policy(id, timeout);
            }
            8 => {
                sim.remove_idle_policy(id);
            }
            _ => {}
        }
    }

    async fn live(&mut self, watchdog: &mut Watchdog, until: DateTime<Utc>) {
        while self.world.clock.now() < until && self.seen().state.is_live() {
            if self.rng.percent(8) {
                self.meddle();
            }
            self.others.held |= self.others.protected && self.is_due();
            if self.watched {
                watchdog.sweep(false).await;
            }
            sleep(SWEEP).await;
        }
    }

    /// Whether one of its limits has to end it soon.
    fn is_due(&self) -> bool {
        let now = self.world.clock.now();
        let dear = self.cost(now + TimeDelta::minutes(45));
        let age = self.dies_at(&self.seen());
        self.limits.budget.is_some_and(|budget| dear >= budget)
            || age.is_some_and(|at| now + TimeDelta::minutes(15) >= at)
    }

    /// The instant by which its lifetime has ended it.
    fn dies_at(&self, seen: &CensusCluster) -> Option<DateTime<Utc>> {
        Some(seen.created_at + self.limits.max_lifetime?.delta())
    }

    /// It has ended by one of its guardrails or by others, in time; or it is protected, and that is shown.
    async fn judge(&self) {
        let seen = self.seen();
        let Some(ended) = seen.ended_at else {
            let why = format!("{:?} {:?} {seen:#?}", self.limits, self.others);
            assert!(self.others.held, "it lives on: {why}");
            let adopted = self.process().account.adopted(&self.id).await;
            let adopted = adopted.unwrap().unwrap();
            let drift = adopted.cluster.drift.join("; ");
            let is_shown = drift.contains("termination protection is on");
            // Once the protection is off, a watchdog ends it, and otherwise `status` schedules it again.
            assert!(
                is_shown || !self.watched && adopted.unscheduled,
                "{adopted:#?}"
            );
            return;
        };
        let bill = self.cost(ended);
        let shown = || format!("{bill} {:?} {:?} {seen:#?}", self.limits, self.others);
        if let Some(budget) = self.limits.budget.filter(|_| !self.others.held) {
            assert!(
                bill <= budget + self.spent,
                "it is over its budget: {}",
                shown()
            );
        }
        if let Some(at) = self.dies_at(&seen).filter(|_| !self.others.held) {
            assert!(
                ended <= at + ENDING,
                "it outlives its lifetime: {}",
                shown()
            );
        }
        let is_idle = seen.reason.as_deref() == Some(IDLE_REASON);
        let by_idleness = is_idle && (self.others.idle || self.limits.idle_timeout.is_some());
        let watched_idle = self.watched && self.limits.idle_timeout.is_some();
        let by_age = self
            .dies_at(&seen)
            .is_some_and(|at| ended + TimeDelta::minutes(4) >= at);
        let hourly = Usd::new("0.25541097".parse().unwrap()).times((self.most + 1).into());
        let rest =
            hourly.times(EARLY.num_minutes().into()).amount() / rust_decimal::Decimal::from(60);
        let by_budget = self
            .limits
            .budget
            .is_some_and(|it| bill + Usd::new(rest) >= it);
        let known = self.others.ended || by_idleness || watched_idle || by_age || by_budget;
        assert!(known, "nothing had to end it: {}", shown());
    }
}

thread_local! {
    static ADOPTED: Cell<u64> = const { Cell::new(0) };
    static HANDS: Cell<u64> = const { Cell::new(0) };
}

#[test]
fn no_adopted_cluster_exceeds_its_limits_and_none_ends_for_nothing() {
    each("adopted", WORLDS, adopted);
    let (adopted, hands) = (ADOPTED.get(), HANDS.get());
    say(&format!(
        "{adopted} clusters were adopted, and others changed them {hands} times"
    ));
}

pub(crate) async fn adopted(seed: u64) {
    let mut story = Story::new(seed).await;
    sleep(story.rng.up_to(Duration::from_secs(3 * 3_600))).await;
    if !story.adopt().await {
        assert!(story.seen().state.is_live(), "refusing ends nothing");
        assert_eq!(story.world.sim().census().schedules, []);
        return;
    }
    ADOPTED.set(ADOPTED.get() + 1);
    let mut watchdog = story.world.watchdog(seed);
    let released = story.rng.percent(15);
    let hours = if released { 1 } else { 40 };
    let until = story.world.clock.now() + TimeDelta::hours(hours);
    story.live(&mut watchdog, until).await;
    HANDS.set(HANDS.get() + story.others.hands);
    if released && story.seen().state.is_live() {
        is_released(&story).await;
    } else {
        sleep(Duration::from_secs(1_800)).await;
        story.judge().await;
    }
}

/// Nothing of clusterup ends a cluster that was released.
async fn is_released(story: &Story) {
    let process = story.process();
    assert!(process.account.release(&story.id).await.unwrap().is_some());
    story.world.sim().remove_idle_policy(story.id.as_str());
    assert_eq!(story.world.sim().census().schedules, []);
    let mut watchdog = story.world.watchdog(9);
    for _ in 0..20 {
        watchdog.sweep(false).await;
        sleep(Duration::from_secs(3_600)).await;
    }
    assert!(story.seen().state.is_live(), "{:#?}", story.seen());
    assert_eq!(story.world.sim().census().schedules, []);
}

/// With `unmanaged: { action: adopt }`, a watchdog adopts each foreign cluster, and reports the one that
/// is too old; none is ended that its limits do not end.
#[test]
fn a_policy_has_foreign_clusters_adopted() {
    crate::run(async {
        let text = "policy: p\nunmanaged: { action: adopt, max_lifetime: 6h, budget: $4, idle_timeout: 2h, \
                    exempt: { tag: keep } }\n";
        let mut policies = Policies::default();
        policies.extend([load("p.yaml", text).unwrap()]);
        let kinds = [Kind::InAStep(40), Kind::Exempt, Kind::InAStep(40)];
        let world = World::under(policies, 1, (&kinds, 0)).await;
        sleep(Duration::from_secs(3_600)).await;
        let mut watchdog = world.watchdog(1);
        for _ in 0..3 {
            watchdog.sweep(false).await;
            sleep(SWEEP).await;
        }
        let census = world.sim().census();
        assert_eq!(census.schedules.len(), 2, "{:?}", census.schedules);
        let adopted = |it: &CensusCluster| it.tags.contains_key("clusterup-adopted");
        let exempt = |it: &CensusCluster| it.tags.contains_key("keep");
        assert!(
            census.clusters.iter().all(|it| adopted(it) != exempt(it)),
            "{census:#?}"
        );
        // A watchdog that starts later adopts nothing again, and the schedules end what is adopted.
        let mut watchdog = world.watchdog(2);
        for _ in 0..40 {
            watchdog.sweep(false).await;
            sleep(SWEEP).await;
        }
        let census = world.sim().census();
        assert!(
            census
                .clusters
                .iter()
                .all(|it| it.state.is_live() == exempt(it)),
            "{census:#?}"
        );
        // One that is older than its lifetime would be is reported, and goes on.
        let old = world.sim().foreign_cluster("old", Default::default());
        crate::adopt::work(world.sim(), &old).await;
        sleep(Duration::from_secs(7 * 3_600)).await;
        for _ in 0..6 {
            watchdog.sweep(false).await;
            sleep(SWEEP).await;
        }
        let census = world.sim().census();
        let old = census.clusters.iter().find(|it| it.id == old).unwrap();
        assert!(old.state.is_live() && !adopted(old), "{old:#?}");
        assert!(world.has_reported("unadopted", &old.id));
    });
}
