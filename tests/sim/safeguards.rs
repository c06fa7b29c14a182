//! With every process of clusterup dead, no cluster outlives its deadline or costs more than its
//! budget, whichever one of the two remaining safeguards works.

use crate::bookkeeper::{self, ENDING, LATE, POLL, Prices, SOONEST};
use crate::process::Process;
use crate::request::{Case, StackRequest};
use crate::seeds::{any, each};
use crate::{laws, mishaps};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use clusterup::cloud::rng::Rng;
use clusterup::cloud::{Acting, Leasing, Observing};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::model::extension::Extension;
use clusterup::model::name::StackName;
use clusterup::model::span::Span;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::{CensusCluster, Dead, Settings, Sim};
use clusterup_testkit::tally::margin;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The limits that the stack sets, computed without the guards.
#[derive(Debug, Clone, Default)]
struct Limits {
    life_hours: u64,
    /// Of the extensions.
    extended_hours: u64,
    budget_cents: Option<u64>,
    lease_hours: Option<u64>,
    /// The hour (UTC) of each day at which off hours begin.
    off: Option<u64>,
}

impl Limits {
    fn guards(&self) -> String {
        let budget = self
            .budget_cents
            .map(|cents| format!("budget: {}", dollars(cents)));
        let lease = self.lease_hours.map(|hours| format!("lease: {hours}h"));
        let off = self.off.map(|hour| {
            let week = format!("Mon-Sun {hour:02}:00-{:02}:00", hour + 1);
            format!("off_hours: {{ timezone: UTC, terminate: \"{week}\" }}")
        });
        let ceiling = Some("ceiling: { max_lifetime: 1000h, budget: $100000 }".to_owned());
        let lines = [budget, lease, off, ceiling].into_iter().flatten();
        lines.map(|line| format!("  {line}\n")).collect()
    }

    /// The deadline of one whose lease was renewed last at `followed`.
    fn due(&self, created: DateTime<Utc>, followed: DateTime<Utc>) -> DateTime<Utc> {
        let hours = |hours: u64| TimeDelta::hours(i64::try_from(hours).unwrap());
        let life = created + hours(self.life_hours.max(self.extended_hours));
        let lease = self.lease_hours.map(|lease| followed + hours(lease));
        let off = self.off.map(|hour| {
            let midnight = created.duration_trunc(TimeDelta::days(1)).unwrap();
            let today = midnight + hours(hour);
            if today > created {
                today
            } else {
                today + TimeDelta::days(1)
            }
        });
        [Some(life), lease, off]
            .into_iter()
            .flatten()
            .min()
            .unwrap()
    }
}

fn dollars(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

/// One stack, and what is true of its clusters.
struct Story {
    sim: Sim,
    rng: Rng,
    request: StackRequest,
    /// Whether the stack asks for termination protection.
    protected: bool,
    limits: Limits,
    rates: String,
    prices: Prices,
    /// When somebody last did something to the cluster.
    touched: DateTime<Utc>,
    /// Until when somebody may have followed it.
    followed: Option<DateTime<Utc>>,
    /// How long after its deadline the last thing that is alive ends it.
    late: TimeDelta,
}

impl Story {
    fn new(seed: u64, limits: impl FnOnce(&Rng) -> Limits) -> Self {
        let rng = Rng::new(seed);
        let alone = any(&rng, &[None, Some(true), Some(false)]);
        let dead = Dead {
            schedules: alone == Some(true),
            power_off: alone == Some(false),
            idle_policy: rng.percent(50),
            keep_alive: rng.percent(50),
        };
        let sim = Sim::with(
            rng.next(),
            Settings {
                dead,
                ..laws::QUICK
            },
        );
        // Its work never ends.
        sim.time_step("one", Duration::MAX);
        let limits = limits(&rng);
        let rate = |rng: &Rng| {
            let (ec2, fee) = (50 + rng.below(950), 10 + rng.below(250));
            let whole = Decimal::new(i64::try_from(ec2 + fee + 15).unwrap(), 3);
            (format!("0.{ec2:03}+0.{fee:03}+0.01+0.005"), whole)
        };
        let [primary, core, task] = [rate(&rng), rate(&rng), rate(&rng)];
        let protected = rng.percent(30);
        Self {
            protected,
            request: StackRequest {
                keep: rng.percent(50),
                core: 1 + mishaps::few(&rng, 5),
                task: mishaps::few(&rng, 3),
                kind: any(&rng, &["m5.xlarge", "r5.xlarge"]),
                guards: limits.guards(),
                life_hours: limits.life_hours,
                ..StackRequest::plain("t")
            },
            rates: format!("primary={} core={} task={}", primary.0, core.0, task.0),
            prices: Prices {
                primary: primary.1,
                core: core.1,
                task: task.1,
            },
            touched: sim.now(),
            followed: None,
            late: if dead.schedules {
                LATE
            } else {
                TimeDelta::zero()
            },
            sim,
            rng,
            limits,
        }
    }

    fn case(&self) -> Case {
        let mut case = self.request.case();
        case.facts.prices = Ok(self.rates.parse().unwrap());
        case.stack.cluster.termination_protection = self.protected;
        case
    }

    fn name(&self) -> StackName {
        self.request.name.parse().unwrap()
    }

    fn live(&self) -> Option<CensusCluster> {
        let clusters = self.sim.census().clusters;
        clusters.into_iter().find(|cluster| cluster.state.is_live())
    }

    fn due(&self, created: DateTime<Utc>) -> DateTime<Utc> {
        self.limits.due(created, self.followed.unwrap_or(created))
    }

    /// Waits for a time that is shorter than any of the cluster's limits.
    async fn wait(&self) {
        if let Some(live) = self.live() {
            let left = (self.due(live.created_at) - self.sim.now()) * 4 / 5;
            sleep(self.rng.up_to(left.to_std().unwrap_or_default())).await;
        }
    }

    /// Waits for a while, or until the end is near.
    async fn linger(&self) {
        let schedules = self.sim.census().schedules;
        let ends = schedules.first().map(|it| it.at - self.sim.now());
        let left = ends.and_then(|ends| ends.to_std().ok()).unwrap_or_default();
        if self.rng.percent(50) {
            sleep(self.rng.up_to(Duration::from_secs(2 * 3_600))).await;
        } else {
            let before = self.rng.up_to(Duration::from_secs(600));
            sleep(left.saturating_sub(before)).await;
        }
    }

    /// A process does something, and is dead. Now and then it dies before that.
    async fn apply(&mut self, dies: bool) -> Result<(), String> {
        let case = self.case();
        let death = if dies {
            5 + self.rng.below(60)
        } else {
            u64::MAX
        };
        let process = Process::new(&self.sim, "ann@desk", self.rng.next(), move |moment| {
            (moment.number == death).then_some(Fault::DieAfter)
        });
        let done = process.until_death(process.detached(&case)).await;
        // Whoever changes a cluster begins its lease anew.
        self.followed = Some(self.sim.now());
        self.touched = self.sim.now();
        match done {
            Some(Err(stopped)) => Err(format!("{stopped:?}")),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// A process follows the job for a while, and is dead.
    async fn follow(&mut self) {
        let case = self.case();
        let process = Process::calm(&self.sim, self.rng.next());
        let most = self.rng.up_to(Duration::from_secs(2 * 3_600));
        drop(timeout(most, process.applied(&case)).await);
        self.touched = self.sim.now();
        self.followed = Some(self.sim.now());
    }

    async fn extend(&mut self) {
        let process = Process::calm(&self.sim, self.rng.next());
        let name = self.name();
        let observed = process.account.observe(&name, None).await.unwrap();
        let Some(live) = observed.live() else { return };
        let hours = self.limits.life_hours + self.rng.below(4);
        self.limits.extended_hours = self.limits.extended_hours.max(hours);
        let more = self
            .limits
            .budget_cents
            .map(|cents| cents + self.rng.below(200));
        let extension = Extension {
            at: self.sim.now(),
            max_lifetime: Some(Span::from_secs(hours * 3_600)),
            budget: more.map(|cents| dollars(cents).parse().unwrap()),
            by: "ann@desk".into(),
            why: "it is slow".into(),
        };
        self.limits.budget_cents = more;
        let lease = process.account.lease(&name, &NoListener).await.unwrap();
        let action = Action::ExtendCluster(live.id.clone(), extension);
        let done = process.account.apply(&name, &action, &NoListener).await;
        // One that has ended meanwhile cannot be extended.
        assert!(done.is_ok() || self.live().is_none(), "{done:?}");
        lease.release().await.unwrap();
        self.touched = self.sim.now();
    }

    /// Lets time run on, and judges.
    async fn ends(&self) {
        sleep(Duration::from_secs(40 * 3_600)).await;
        for cluster in self.sim.census().clusters {
            let ended = cluster.ended_at;
            let reported = || format!("{:#?} {cluster:#?}", self.limits);
            let ended = ended.unwrap_or_else(|| panic!("it lives on: {}", reported()));
            let due = self.due(cluster.created_at);
            let soonest = self.touched.max(cluster.created_at) + SOONEST;
            let most = due.max(soonest) + self.late + POLL + ENDING;
            assert!(ended <= most, "past {due}: {}", reported());
            let left = (most - ended).num_seconds();
            margin("P2: seconds before the bound", left as f64);
            let bill = bookkeeper::bill(&cluster, &self.prices, ended);
            if let Some(budget) = self.budget() {
                assert!(bill < budget, "it has cost {bill}: {}", reported());
                let left = (budget - bill).to_f64().unwrap();
                margin("P3: dollars below the budget", left);
            } else if self.limits.lease_hours.is_none() && soonest < due {
                let early = due - TimeDelta::minutes(2);
                assert!(ended >= early, "before {due}: {}", reported());
            }
        }
    }

    fn budget(&self) -> Option<Decimal> {
        let cents = self.limits.budget_cents?;
        Some(Decimal::new(i64::try_from(cents).unwrap(), 2))
    }
}

#[test]
fn no_cluster_lives_past_its_deadline() {
    each("deadlines", 100, deadline);
}

pub(crate) async fn deadline(seed: u64) {
    let mut story = Story::new(seed, |rng| Limits {
        life_hours: 1 + rng.below(5),
        lease_hours: rng.percent(25).then(|| 1 + rng.below(4)),
        off: rng.percent(25).then(|| rng.below(23)),
        ..Limits::default()
    });
    sleep(story.rng.up_to(Duration::from_secs(48 * 3_600))).await;
    if story.rng.percent(30) {
        story.follow().await;
    } else {
        story.apply(false).await.unwrap();
    }
    for _ in 0..story.rng.below(3) {
        story.wait().await;
        if story.live().is_none() {
            break;
        }
        if story.rng.percent(50) {
            story.extend().await;
        } else {
            // A cluster that is extended stays so.
            story.limits.life_hours = 1 + story.rng.below(5);
            story.request.life_hours = story.limits.life_hours;
            story.request.core = 1 + mishaps::few(&story.rng, 5);
            story.apply(false).await.unwrap();
        }
    }
    story.ends().await;
}

#[test]
fn no_cluster_costs_more_than_its_budget() {
    each("budgets", 100, budget);
}

pub(crate) async fn budget(seed: u64) {
    let mut story = Story::new(seed, |rng| Limits {
        life_hours: 24,
        budget_cents: Some(20 + rng.below(1_500)),
        ..Limits::default()
    });
    let made = story.apply(false).await;
    if let Err(why) = made {
        assert!(why.contains("budget"), "{why}");
    }
    for _ in 0..story.rng.below(4) {
        story.linger().await;
        if story.live().is_none() {
            break;
        }
        if story.rng.percent(25) {
            story.extend().await;
            continue;
        }
        story.request.core = 1 + mishaps::few(&story.rng, any(&story.rng, &[6, 40]));
        if story.request.task > 0 {
            story.request.task = 1 + mishaps::few(&story.rng, 4);
        }
        let dies = story.rng.percent(30);
        if let Err(why) = story.apply(dies).await {
            assert!(why.contains("budget"), "{why}");
        }
    }
    story.ends().await;
}

/// A schedule whose time has passed when AWS receives it never fires. Where only the schedule works, a lifetime
/// that is over once it is shortened ends the cluster nevertheless.
#[test]
fn a_schedule_that_a_slow_clock_writes_fires() {
    crate::run(async {
        let dead = Dead {
            power_off: true,
            idle_policy: true,
            ..Dead::default()
        };
        let sim = Sim::with(
            5,
            Settings {
                dead,
                ..laws::QUICK
            },
        );
        sim.time_step("one", Duration::MAX);
        let mut request = StackRequest {
            keep: true,
            life_hours: 8,
            ..StackRequest::plain("t")
        };
        let first = Process::calm(&sim, 1);
        first.detached(&request.case()).await.unwrap();
        sleep(Duration::from_secs(2 * 3_600)).await;
        request.life_hours = 1;
        let behind = sim.skewed_clock(TimeDelta::minutes(-4));
        let watched = crate::watched::Watched::new(sim.clone());
        let slow = Process::skewed(watched, ("bob@laptop", behind), 2, |_| None);
        slow.detached(&request.case()).await.unwrap();
        let changed_at = sim.now();
        sleep(Duration::from_secs(3_600)).await;
        let ended_at = sim.census().clusters.remove(0).ended_at.unwrap();
        assert!(ended_at <= changed_at + SOONEST + POLL + ENDING);
    });
}
