//! A watchdog that adopts foreign clusters and removes what stacks have left, while people end and extend
//! clusters on its page and others protect, tag and resize them.

use super::outages::outages;
use super::{Kind, MINUTE, World};
use crate::bookkeeper::{self, Prices};
use crate::process::Process;
use crate::request::StackRequest;
use crate::seeds::{any, each};
use chrono::TimeDelta;
use clusterup::cloud::api::emr::Role;
use clusterup::cloud::rng::Rng;
use clusterup::model::audit::{Act, Entry};
use clusterup::model::clock::Clock as _;
use clusterup::model::name::ClusterId;
use clusterup::model::place::Place;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::Watchdog;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::CensusCluster;
use clusterup_testkit::tally::mark;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use tokio::time::sleep;

const HOURS: u32 = 18;
/// The policy's limits.
const LIFE: TimeDelta = TimeDelta::hours(6);
const BUDGET: i64 = 4;
const IDLE: TimeDelta = TimeDelta::hours(2);
const EXEMPT: TimeDelta = TimeDelta::hours(4);
/// The stack's.
const OWN_IDLE: TimeDelta = TimeDelta::minutes(30);
const CLEAN_UP_AFTER: TimeDelta = TimeDelta::hours(2);
/// In millionths of a cent an hour: what the bundled catalog has for an m5.xlarge with EMR's default volumes.
const RATE: i64 = 25_541_097;
/// A schedule fires in the minute before its deadline; a sweep comes every five.
const EARLY: TimeDelta = TimeDelta::minutes(6);
/// For how much longer the nodes could run when a budget ended them.
const RESERVED: TimeDelta = TimeDelta::minutes(60);
const OPERATOR: &str = "eve@page";

struct Page {
    world: World,
    rng: Rng,
    place: Place,
    /// The lifetime of the stack's cluster.
    life: TimeDelta,
    judged: BTreeSet<String>,
}

fn policies() -> Policies {
    let text = format!(
        "policy: p\nunmanaged: {{ action: adopt, max_lifetime: {}h, budget: ${BUDGET}, idle_timeout: {}h, \
         exempt: {{ tag: keep, max_lifetime: {}h }} }}\nwatchdog: {{ clean_up_after: {}h }}\n",
        LIFE.num_hours(),
        IDLE.num_hours(),
        EXEMPT.num_hours(),
        CLEAN_UP_AFTER.num_hours(),
    );
    let mut policies = Policies::default();
    policies.extend([load("p.yaml", &text).unwrap()]);
    policies
}

#[test]
fn adopted_clusters_end_by_their_limits_or_on_the_page() {
    each("the watchdog's page", 15, world);
}

pub(crate) async fn world(seed: u64) {
    let mut page = Page::new(seed).await;
    let mut watchdog = page.world.watchdog(seed);
    for number in 0..HOURS * 12 {
        page.world.live(page.world.clock.now());
        if page.rng.below(60) == 0 {
            watchdog = page.world.watchdog(seed + u64::from(number));
        }
        watchdog.sweep(false).await;
        match page.rng.below(20) {
            0 => page.ends_one(&mut watchdog).await,
            1 => page.extends_one(&mut watchdog).await,
            2 => page.meddles(),
            _ => {}
        }
        page.judge();
        sleep(MINUTE * 5).await;
    }
    page.judge_all();
}

impl Page {
    async fn new(seed: u64) -> Self {
        let rng = Rng::new(seed);
        let kinds = [
            Kind::Forgotten,
            Kind::InAStep(3),
            Kind::InAStep(40),
            Kind::ByHand(4),
            Kind::Protected,
            Kind::Exempt,
        ];
        let kinds: Vec<Kind> = (0..2 + rng.below(5)).map(|_| any(&rng, &kinds)).collect();
        let world = World::under(policies(), rng.next(), (&kinds, 0)).await;
        let life = any(&rng, &[1, 2, 4]);
        let request = StackRequest {
            life_hours: life,
            keep: rng.percent(50),
            ..StackRequest::plain("t")
        };
        let mut case = request.case();
        case.stack.cluster.termination_protection = rng.percent(40);
        let applied = Process::calm(world.sim(), rng.next());
        applied.detached(&case).await.unwrap();
        let (most, percent) = (any(&rng, &[0, 0, 5]), any(&rng, &[0, 0, 4]));
        let (mut faults, _) = outages(world.sim(), &rng, (most, percent));
        // For some hours, the watchdog may not delete, nor read the tags of many clusters at once.
        let refused = any(&rng, &[None, None, Some("ec2:Delete"), Some("tag:")]);
        let (clock, until) = (world.sim().clock(), world.sim().now() + TimeDelta::hours(8));
        world.flaky().become_flaky(move |moment| {
            let fails = refused.is_some_and(|calls| moment.call.starts_with(calls));
            let fault = (fails && clock.now() < until).then_some(Fault::Unsent);
            fault.or_else(|| faults(moment))
        });
        Self {
            world,
            rng,
            place: "us-east-1".parse().unwrap(),
            life: TimeDelta::hours(i64::try_from(life).unwrap()),
            judged: BTreeSet::new(),
        }
    }

    /// A cluster that the page may still show.
    fn any_cluster(&self) -> CensusCluster {
        let clusters = self.world.sim().clusters();
        let number = self.rng.below(u64::try_from(clusters.len()).unwrap());
        clusters[usize::try_from(number).unwrap()].clone()
    }

    async fn ends_one(&self, watchdog: &mut Watchdog) {
        let cluster = self.any_cluster();
        let id: ClusterId = cluster.id.parse().unwrap();
        let was_protected = self.world.sim().protection(&cluster.id);
        let of = (&self.place, &id);
        let ended = watchdog.end_for(of, OPERATOR, "not needed").await;
        match ended {
            Ok(_) => {
                let entries = self.world.audit_sink.entries.borrow();
                let is_recorded = entries
                    .iter()
                    .any(|it| is_about(it, &cluster) && it.actor == OPERATOR);
                assert!(is_recorded, "no record: {cluster:#?}");
                assert!(!was_protected, "it is protected: {cluster:#?}");
                assert!(cluster.down_at.is_none(), "it was over: {cluster:#?}");
                mark("somebody ended a cluster on the page");
            }
            Err(_) if was_protected => mark("the page refused to end a protected cluster"),
            // The answer may have been lost.
            Err(_) => mark("the page could not end a cluster"),
        }
    }

    /// The deadline has been moved; the page shows what the cloud has then.
    async fn extends_one(&self, watchdog: &mut Watchdog) {
        let id: ClusterId = self.any_cluster().id.parse().unwrap();
        let of = (&self.place, &id);
        let noted = self.world.entries();
        watchdog
            .extended_for(of, OPERATOR, "it is slow", "ends later")
            .await;
        let entries = self.world.audit_sink.entries.borrow();
        if entries[noted..].iter().any(|it| it.act == Act::Extend) {
            mark("the page recorded an extension");
        }
    }

    /// Others change a cluster.
    fn meddles(&self) {
        let (sim, id) = (self.world.sim(), self.any_cluster().id);
        match self.rng.below(4) {
            0 => drop(sim.delete_schedule(&format!("clusterup-{id}"))),
            1 => drop(sim.resize_by_hand(
                &id,
                Role::Core,
                1 + u16::try_from(self.rng.below(4)).unwrap(),
            )),
            2 => drop(sim.remove_idle_policy(&id)),
            _ => drop(sim.protect_cluster(&id, self.rng.percent(50))),
        }
    }

    /// Each end has its reason, and nothing is removed of a stack whose cluster lives.
    fn judge(&mut self) {
        let clusters = self.world.sim().clusters();
        for cluster in clusters.iter().filter(|it| it.down_at.is_some()) {
            if self.judged.insert(cluster.id.clone()) {
                self.may_end(cluster);
            }
        }
        let census = self.world.sim().census();
        let alive = census.clusters.iter().filter(|it| it.state.is_live());
        for cluster in alive.filter(|it| is_own(it)) {
            let key = cluster.key_pair.as_ref().unwrap();
            let is_there = census.key_pairs.iter().any(|(name, _)| name == key);
            assert!(is_there, "its key pair is gone: {cluster:#?}");
            let names: Vec<&String> = census.groups.iter().map(|(name, ..)| name).collect();
            let all = cluster.groups.iter().all(|it| names.contains(&it));
            assert!(all, "a group is gone: {cluster:#?}");
        }
    }

    fn may_end(&self, cluster: &CensusCluster) {
        let entries = self.world.audit_sink.entries.borrow();
        let by_operator =
            |it: &Entry| it.actor == OPERATOR && it.act == Act::Terminate && is_about(it, cluster);
        if entries.iter().any(by_operator) {
            return;
        }
        let shown = || format!("{cluster:#?} {entries:#?}");
        let (down_at, own) = (cluster.down_at.unwrap(), is_own(cluster));
        let age = down_at + EARLY - cluster.created_at;
        let is_exempt = cluster.tags.contains_key("keep") && age < EXEMPT;
        assert!(!is_exempt, "it is exempt: {}", shown());
        let reason = cluster.reason.as_deref();
        if own && reason == Some("ALL_STEPS_COMPLETED") {
            return;
        }
        let cost = bookkeeper::bill(cluster, &Prices::of_each(RATE), down_at + RESERVED);
        let by_age = age >= if own { self.life } else { LIFE };
        let idle = down_at + EARLY - cluster.worked_at.unwrap();
        let by_idleness = idle >= if own { OWN_IDLE } else { IDLE };
        let is_due = by_age || by_idleness || cost >= Decimal::from(BUDGET);
        assert!(is_due, "nothing had to end it: {}", shown());
        mark("an adopted cluster ended by a limit of the policy");
    }

    /// Nothing is left of the stack, hours after its cluster.
    fn judge_all(&self) {
        let census = self.world.sim().census();
        let own = census.clusters.iter().find(|it| is_own(it)).unwrap();
        if own.ended_at.is_some() {
            assert!(census.key_pairs.is_empty(), "{:?}", census.key_pairs);
            assert!(census.groups.is_empty(), "{:?}", census.groups);
            mark("what a stack had left was removed");
        }
    }
}

fn is_about(entry: &Entry, cluster: &CensusCluster) -> bool {
    entry.target.as_ref().is_some_and(|of| of.id == cluster.id)
}

/// Whether it is the stack's cluster.
fn is_own(cluster: &CensusCluster) -> bool {
    cluster.name.starts_with("clusterup/")
}
