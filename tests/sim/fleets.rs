//! Clusters of which EMR chooses the instances or their number: whatever it chooses, none costs more
//! than its budget, by the account's own list of instances, at on-demand prices.

use crate::process::Process;
use crate::request::{Case, StackRequest};
use crate::seeds::{any, each};
use crate::{laws, mishaps, run};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::Role;
use clusterup::cloud::rng::Rng;
use clusterup::cloud::{Acting, Leasing, Observing};
use clusterup::cost::ledger::{Record, Scope};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::model::extension::Extension;
use clusterup::model::instance_fleet::{Fleet, FleetType, Scaling};
use clusterup::model::name::StackName;
use clusterup::model::span::Span;
use clusterup::model::stack::{InstanceGroup, Market};
use clusterup::policy::CostBound;
use clusterup::run::ledger::record;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::{CensusCluster, Dead, Settings, Sim};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{sleep, timeout};

const TYPES: [&str; 5] = [
    "m5.xlarge",
    "m5.2xlarge",
    "r5.xlarge",
    "c5.2xlarge",
    "m5.4xlarge",
];

/// Millionths of a dollar per hour, by role and type.
type Prices = BTreeMap<(&'static str, &'static str), u64>;

/// What a cluster has cost, in millionths of a dollar times seconds of an hour: each instance from its
/// launch to its end, for a minute at least.
fn bill(cluster: &CensusCluster, prices: &Prices, now: DateTime<Utc>) -> u64 {
    let cost = |machine: &clusterup_testkit::sim::Machine| {
        let role = match machine.role {
            Role::Primary => "primary",
            Role::Core => "core",
            Role::Task => "task",
        };
        let mut all = prices.iter();
        let price = all.find(|(of, _)| of.0 == role && of.1 == machine.instance_type);
        let millis = (machine.until.unwrap_or(now) - machine.from).num_milliseconds();
        let seconds = u64::try_from(millis).unwrap().div_ceil(1_000).max(60);
        price.unwrap().1 * seconds
    };
    cluster.machines.iter().map(cost).sum()
}

fn dollars(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

fn rates(prices: &Prices) -> String {
    let part = |micros: u64| format!("{}.{:06}+0+0+0", micros / 1_000_000, micros % 1_000_000);
    let mut words = Vec::new();
    for role in ["primary", "core", "task"] {
        let of_role = prices.iter().filter(|(of, _)| of.0 == role);
        let dearest = of_role.map(|(_, price)| *price).max();
        words.extend(dearest.map(|price| format!("{role}={}", part(price))));
    }
    for ((role, of), price) in prices {
        words.push(format!("{role}/{of}={}", part(*price)));
    }
    words.join(" ")
}

fn any_fleet(rng: &Rng, most: u16) -> InstanceGroup {
    let first = rng.below(3);
    let count = 1 + rng.below(3);
    let types = TYPES.iter().skip(usize::try_from(first).unwrap());
    let of = |name: &&str| FleetType {
        instance_type: name.parse().unwrap(),
        weight: 1 + mishaps::few(rng, 4),
    };
    let types: Vec<_> = types
        .take(usize::try_from(count).unwrap())
        .map(of)
        .collect();
    let spot = mishaps::few(rng, most);
    let on_demand = if spot == 0 { 1 } else { mishaps::few(rng, 3) };
    let fleet = Fleet {
        on_demand,
        spot,
        types,
        allocation: None,
        spot_timeout: None,
    };
    let first = &fleet.types[0];
    let nodes = fleet.units().div_ceil(first.weight);
    let nodes = format!("{nodes} x {}", first.instance_type)
        .parse()
        .unwrap();
    InstanceGroup {
        fleet: Some(fleet),
        ..InstanceGroup::of_type(nodes, Market::Spot, None)
    }
}

fn any_scaling(rng: &Rng) -> Scaling {
    let from = 1 + mishaps::few(rng, 3);
    let to = from + mishaps::few(rng, 12);
    let at_most = |rng: &Rng| rng.percent(40).then(|| 1 + mishaps::few(rng, to));
    Scaling {
        from,
        to,
        on_demand_at_most: at_most(rng).map(|most| most.min(to)),
        core_at_most: at_most(rng).map(|most| most.min(to)),
    }
}

struct Story {
    sim: Sim,
    rng: Rng,
    /// Its power-off does not work.
    power_off_fails: bool,
    request: StackRequest,
    core: InstanceGroup,
    task: Option<InstanceGroup>,
    scaling: Option<Scaling>,
    prices: Prices,
    cents: u64,
}

impl Story {
    fn new(seed: u64, with_fleets: bool) -> Self {
        let rng = Rng::new(seed);
        let alone = any(&rng, &[None, Some(true), Some(false)]);
        let dead = Dead {
            schedules: alone == Some(true),
            power_off: alone == Some(false),
            idle_policy: rng.percent(50),
            keep_alive: rng.percent(50),
        };
        let settings = Settings {
            dead,
            ..laws::QUICK
        };
        let sim = Sim::with(rng.next(), settings);
        // Its work never ends.
        sim.time_step("one", Duration::MAX);
        let plain = |rng: &Rng, kind: &str| {
            let nodes = format!("{} x {kind}", 1 + mishaps::few(rng, 3));
            let market = any(rng, &[Market::OnDemand, Market::Spot]);
            InstanceGroup::of_type(nodes.parse().unwrap(), market, None)
        };
        let (core, task) = if with_fleets {
            let task = rng.percent(50).then(|| any_fleet(&rng, 9));
            let plain_core = task.is_some() && rng.percent(30);
            let core = if plain_core {
                plain(&rng, TYPES[0])
            } else {
                any_fleet(&rng, 6)
            };
            (core, task)
        } else {
            let task = rng.percent(50).then(|| plain(&rng, TYPES[2]));
            (plain(&rng, TYPES[0]), task)
        };
        let scaling = (!with_fleets || rng.percent(40)).then(|| any_scaling(&rng));
        let mut prices = Prices::new();
        for role in ["primary", "core", "task"] {
            for of in TYPES {
                prices.insert((role, of), 60_000 + rng.below(1_400_000));
            }
        }
        // The rate of a role without a fleet is that of its one type.
        for (role, group) in [("core", Some(&core)), ("task", task.as_ref())] {
            if let Some(group) = group.filter(|group| group.fleet.is_none()) {
                let own = group.instance_type().to_string();
                prices.retain(|of, _| of.0 != role || of.1 == own);
            }
        }
        prices.retain(|of, _| of.0 != "primary" || of.1 == TYPES[0]);
        if task.is_none() {
            prices.retain(|of, _| of.0 != "task");
        }
        let cents = 100 + rng.below(4_000);
        let guards = format!(
            "  budget: {}\n  ceiling: {{ max_lifetime: 1000h, budget: $100000 }}\n",
            dollars(cents)
        );
        Self {
            request: StackRequest {
                keep: rng.percent(50),
                life_hours: 60,
                guards,
                ..StackRequest::plain("t")
            },
            sim,
            rng,
            power_off_fails: dead.power_off,
            core,
            task,
            scaling,
            prices,
            cents,
        }
    }

    fn case(&self) -> Case {
        let mut case = self.request.case();
        let cluster = &mut case.stack.cluster;
        cluster.core = Some(self.core.clone());
        cluster.task.clone_from(&self.task);
        cluster.scaling = self.scaling;
        case.facts.prices = Ok(rates(&self.prices).parse().unwrap());
        case
    }

    fn name(&self) -> StackName {
        self.request.name.parse().unwrap()
    }

    fn live(&self) -> Option<CensusCluster> {
        let clusters = self.sim.census().clusters;
        clusters.into_iter().find(|cluster| cluster.state.is_live())
    }

    /// A process that dies now and then, or does not get EMR's list of instances.
    fn process(&self) -> Process {
        let death = if self.rng.percent(30) {
            5 + self.rng.below(80)
        } else {
            u64::MAX
        };
        let lists = !self.rng.percent(25);
        Process::new(&self.sim, "ann@desk", self.rng.next(), move |moment| {
            let asks = moment.call == "elasticmapreduce:ListInstances";
            let dies = (moment.number == death).then_some(Fault::DieAfter);
            dies.or((asks && !lists).then_some(Fault::Unsent))
        })
    }

    async fn apply(&self) -> Result<(), String> {
        let (process, case) = (self.process(), self.case());
        match process.until_death(process.detached(&case)).await {
            Some(Err(stopped)) => Err(format!("{stopped:?}")),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// Who was interrupted before the schedule was created applies again. Without that, no safeguard
    /// would be left where the power-off does not work.
    async fn arm(&self) {
        let census = self.sim.census();
        if self.power_off_fails && census.schedules.is_empty() && self.live().is_some() {
            let process = Process::calm(&self.sim, self.rng.next());
            process.detached(&self.case()).await.unwrap();
        }
    }

    /// A process follows the job for a while, and is dead.
    async fn follow(&self) {
        let (process, case) = (self.process(), self.case());
        let most = self.rng.up_to(Duration::from_secs(2 * 3_600));
        let applied = process.until_death(process.applied(&case));
        drop(timeout(most, applied).await);
    }

    async fn extend(&mut self) {
        let process = Process::calm(&self.sim, self.rng.next());
        let name = self.name();
        let observed = process.account.observe(&name, None).await.unwrap();
        let Some(live) = observed.live() else { return };
        self.cents += self.rng.below(300);
        let extension = Extension {
            at: self.sim.now(),
            max_lifetime: Some(Span::from_secs(70 * 3_600)),
            budget: Some(dollars(self.cents).parse().unwrap()),
            by: "ann@desk".into(),
            why: "it is slow".into(),
        };
        let lease = process.account.lease(&name, &NoListener).await.unwrap();
        let action = Action::ExtendCluster(live.id.clone(), extension);
        let done = process.account.apply(&name, &action, &NoListener).await;
        // One that has ended meanwhile cannot be extended.
        assert!(done.is_ok() || self.live().is_none(), "{done:?}");
        lease.release().await.unwrap();
    }

    /// Lets time run on, and judges.
    async fn ends(&self) {
        sleep(Duration::from_secs(100 * 3_600)).await;
        for cluster in self.sim.census().clusters {
            let ended = cluster
                .ended_at
                .unwrap_or_else(|| panic!("it lives on: {cluster:#?}"));
            let cost = bill(&cluster, &self.prices, ended);
            assert!(
                cost < self.cents * 10_000 * 3_600,
                "it has cost {} of {}: {:#?} {cluster:#?}",
                dollars(cost / 36_000_000),
                dollars(self.cents),
                self.prices
            );
        }
    }
}

pub(crate) async fn world(seed: u64, with_fleets: bool) {
    let mut story = Story::new(seed, with_fleets);
    for _ in 0..3 {
        if story.live().is_some() {
            break;
        }
        if let Err(why) = story.apply().await {
            assert!(
                why.contains("budget")
                    || why.contains("interrupted")
                    || why.contains("Unreachable"),
                "{why}"
            );
        }
    }
    story.arm().await;
    for _ in 0..story.rng.below(5) {
        sleep(story.rng.up_to(Duration::from_secs(2 * 3_600))).await;
        if story.live().is_none() {
            break;
        }
        if story.rng.percent(20) {
            story.extend().await;
        } else if story.rng.percent(70) {
            if story.scaling.is_some() && story.rng.percent(30) {
                story.scaling = Some(any_scaling(&story.rng));
            }
            story.follow().await;
        } else {
            if story.scaling.is_some() && story.rng.percent(50) {
                story.scaling = Some(any_scaling(&story.rng));
            }
            let _ = story.apply().await;
        }
    }
    story.ends().await;
}

#[test]
fn no_cluster_with_fleets_costs_more_than_its_budget() {
    each("fleets", 80, |seed| world(seed, true));
}

#[test]
fn no_scaled_cluster_costs_more_than_its_budget() {
    each("scaling", 80, |seed| world(seed, false));
}

/// The cluster of $1/h for each node, scaled from 1 to 10 core nodes, with a budget of $44.
fn scaled() -> Story {
    let mut story = Story::new(1, false);
    story.sim = Sim::with(7, laws::QUICK);
    story.sim.time_step("one", Duration::MAX);
    story.core = InstanceGroup::of_type("1 x m5.xlarge".parse().unwrap(), Market::OnDemand, None);
    story.task = None;
    story.scaling = Some(Scaling {
        from: 1,
        to: 10,
        on_demand_at_most: None,
        core_at_most: None,
    });
    story.prices = Prices::from([
        (("primary", "m5.xlarge"), 1_000_000),
        (("core", "m5.xlarge"), 1_000_000),
    ]);
    story.cents = 4_400;
    story.request.keep = true;
    story.request.guards = "  budget: $44\n".to_owned();
    story
}

#[test]
fn a_cluster_that_scaled_down_ends_later_than_the_largest_would() {
    run(async {
        let story = scaled();
        let case = story.case();
        let process = Process::calm(&story.sim, 3);
        process.detached(&case).await.unwrap();
        let created = story.live().unwrap().created_at;
        let schedule = || story.sim.census().schedules[0].at;
        // 11 nodes cost $44 in four hours, of which twenty minutes are left for the end.
        let worst = created + TimeDelta::minutes(220);
        assert!(
            (schedule() - worst).abs() <= TimeDelta::minutes(3),
            "{}",
            schedule()
        );
        sleep(Duration::from_secs(600)).await;
        story.sim.scale(1);
        // With nobody there, the schedule stays.
        sleep(Duration::from_secs(3 * 3_600)).await;
        assert!((schedule() - worst).abs() <= TimeDelta::minutes(3));
        drop(timeout(Duration::from_secs(60), process.applied(&case)).await);
        // Two nodes for three hours and ten minutes have cost $6.17 with five minutes at $11/h, and
        // $37.83 last for 206 minutes at $11/h.
        let later = created + TimeDelta::minutes(185 + 206 - 20);
        assert!(
            (schedule() - later).abs() <= TimeDelta::minutes(5),
            "{} {later}",
            schedule()
        );
        // Nobody follows any more, and it becomes as large as it may.
        story.sim.scale(10);
        story.ends().await;
        let cluster = story.sim.census().clusters.remove(0);
        assert!(cluster.ended_at.unwrap() > worst + TimeDelta::hours(2));
        let observed = process.account.observe(&story.name(), None).await.unwrap();
        let end = observed.clusters[0].end.clone().unwrap();
        assert_eq!(end.reason.as_str(), "budget", "{end:?}");
    });
}

#[test]
fn a_follower_knows_the_limits_that_its_own_apply_raised() {
    run(async {
        let mut story = scaled();
        story.cents = 44_000;
        story.request.guards = "  budget: $440\n".to_owned();
        let process = Process::calm(&story.sim, 3);
        process.detached(&story.case()).await.unwrap();
        sleep(Duration::from_secs(600)).await;
        story.sim.scale(1);
        sleep(Duration::from_secs(3_600)).await;
        let limits = story.scaling.unwrap();
        story.scaling = Some(Scaling { to: 100, ..limits });
        let case = story.case();
        drop(timeout(Duration::from_secs(900), process.applied(&case)).await);
        let schedule = story.sim.census().schedules[0].at;
        assert!(
            schedule < story.sim.now() + TimeDelta::hours(5),
            "{schedule}"
        );
        // Nobody follows any more, and it becomes as large as it may.
        story.sim.scale(100);
        story.ends().await;
    });
}

#[test]
fn followers_move_safeguards_seldom() {
    run(async {
        let story = scaled();
        let case = story.case();
        let process = Process::calm(&story.sim, 3);
        let hours = Duration::from_secs(12 * 3_600);
        let scale = async {
            sleep(Duration::from_secs(900)).await;
            story.sim.scale(1);
            sleep(hours).await;
        };
        tokio::select! {
            _ = process.applied(&case) => panic!("its work never ends"),
            () = scale => {}
        }
        let journal = story.sim.journal();
        let moves = journal
            .iter()
            .filter(|(_, call)| call.ends_with(":UpdateSchedule"));
        let moves: Vec<_> = moves.map(|(at, _)| *at).collect();
        assert!((5..=72).contains(&moves.len()), "{} moves", moves.len());
        let pauses = moves.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(pauses.min().unwrap() >= TimeDelta::minutes(10));
        assert!(
            story.live().is_some(),
            "it lives after twice the time of the largest"
        );
    });
}

#[test]
fn scaling_that_is_added_is_named_before_emr_adds_nodes() {
    run(async {
        let mut story = scaled();
        let limits = story.scaling.take();
        let first = Process::calm(&story.sim, 3);
        first.detached(&story.case()).await.unwrap();
        sleep(Duration::from_secs(900)).await;
        story.scaling = limits;
        let puts = "elasticmapreduce:PutManagedScalingPolicy";
        let dying = Process::new(&story.sim, "ann@desk", 4, move |moment| {
            (moment.call == puts).then_some(Fault::DieAfter)
        });
        let done = dying.until_death(dying.detached(&story.case())).await;
        assert!(done.is_none());
        let later = Process::calm(&story.sim, 5);
        let observed = later.account.observe(&story.name(), None).await.unwrap();
        let groups = &observed.live().unwrap().spec.groups;
        assert_eq!(groups.scaling, limits);
    });
}

#[test]
fn the_record_of_a_scaled_cluster_reserves_its_largest_size() {
    run(async {
        let story = scaled();
        let process = Process::calm(&story.sim, 3);
        process.detached(&story.case()).await.unwrap();
        sleep(Duration::from_secs(600)).await;
        story.sim.scale(1);
        sleep(Duration::from_secs(3_600)).await;
        let observed = process.account.observe(&story.name(), None).await.unwrap();
        let live = observed.live().unwrap();
        let scope = Scope {
            place: "us-east-1".parse().unwrap(),
            account: None,
        };
        let record = record(&scope, live, story.sim.now());
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
        let bound = CostBound::recorded(&record).unwrap();
        let standing = CostBound::standing(live).unwrap();
        assert_eq!(bound.ends_by, standing.ends_by);
        assert_eq!(bound.instance_spans, standing.instance_spans);
        // Reports show what there was.
        assert_eq!(record.instance_spans, live.instance_spans);
        // An older clusterup has recorded nothing else.
        let old = record.at_worst(Vec::new());
        assert!(!serde_json::to_string(&old).unwrap().contains("worst_spans"));
        let small = CostBound::recorded(&old).unwrap();
        assert!(small.whole() + small.whole() < bound.whole());
    });
}
