//! No monthly budget is exceeded: a team's clusters are made more expensive in every possible way,
//! from machines with and without the team's policies, and their cost bounds never exceed the
//! budget. The costs are computed here from the clusters, not from the account.

use crate::process::Process;
use crate::request::StackRequest;
use crate::seeds::{any, each};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::app::admission::Admission;
use clusterup::app::extend::{Moved, extend};
use clusterup::app::{AdmissionContext, OpenPlace, OperationError, Services};
use clusterup::cloud::rng::Rng;
use clusterup::cloud::{Class, Cloud, CloudError, Leasing, Observing};
use clusterup::cost::ledger::{Scope, Window, spent};
use clusterup::ledger::Ledger;
use clusterup::model::event::NoListener;
use clusterup::model::hint::Hint;
use clusterup::model::money::Usd;
use clusterup::model::month::Month;
use clusterup::model::name::{ClusterId, PolicyName, Region, TeamName};
use clusterup::model::observed::Cluster;
use clusterup::model::percent::Percent;
use clusterup::model::place::Place;
use clusterup::model::span::Span;
use clusterup::plan::Options;
use clusterup::policy::{CostBound, Policies, load};
use clusterup::run::driver::Stopped;
use clusterup::run::ledger::record;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::sim::Sim;
use clusterup_testkit::tally::margin;
use rust_decimal::prelude::ToPrimitive;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// The ways in which a living cluster is made dearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    ExtendByFile,
    ExtendByName,
    ExtendByPage,
    Resize,
    Lifetime,
    Budget,
    Team,
    Elsewhere,
}

const WAYS: [Way; 8] = [
    Way::ExtendByFile,
    Way::ExtendByName,
    Way::ExtendByPage,
    Way::Resize,
    Way::Lifetime,
    Way::Budget,
    Way::Team,
    Way::Elsewhere,
];

/// How often a way was admitted and denied.
pub(crate) type Tally = RefCell<BTreeMap<Way, [u32; 2]>>;

const NAMES: [&str; 3] = ["one", "two", "three"];
const ACTS: usize = 9;

#[test]
fn no_sequence_of_verbs_exceeds_the_monthly_budget() {
    let tally = Tally::default();
    each("no month is passed", 500, |seed| world(seed, &tally));
    let tally = tally.into_inner();
    crate::say(&format!("admitted and denied: {tally:?}"));
    if tally.values().flatten().sum::<u32>() > 100 {
        for way in WAYS {
            let [admitted, denied] = tally.get(&way).copied().unwrap_or_default();
            assert!(
                admitted >= 20 && denied >= 20,
                "{way:?}: {admitted}, {denied}"
            );
        }
    }
}

/// A month of two teams, and a third team without any.
struct World<'a> {
    rng: &'a Rng,
    sim: Sim,
    /// The home region of the account, if it is another one.
    home: Option<Sim>,
    place: Place,
    monthly: [(&'static str, Usd); 2],
    policies: Policies,
    /// Of people who know nothing of these teams.
    others: Policies,
    folder: TempDir,
    stacks: BTreeMap<&'static str, StackRequest>,
    /// The teams that each cluster was admitted for.
    admitted: BTreeMap<ClusterId, BTreeSet<&'static str>>,
}

pub(crate) async fn world(seed: u64, tally: &Tally) {
    let rng = Rng::new(seed);
    let mut world = World::new(&rng);
    if rng.percent(40) {
        world.near_the_end().await;
    }
    for _ in 0..ACTS {
        world.act(tally).await;
        world.check().await;
        let minutes = any(&rng, &[1, 5, 11, 40, 90]);
        tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
    }
    world.check().await;
}

fn policies(texts: &[String]) -> Policies {
    let mut policies = Policies::default();
    for (number, text) in texts.iter().enumerate() {
        policies.extend([load(&format!("policies/{number}.yaml"), text).unwrap()]);
    }
    policies
}

impl<'a> World<'a> {
    fn new(rng: &'a Rng) -> Self {
        let monthly = [
            ("recsys", any(rng, &[5, 8, 14, 25])),
            ("ads", any(rng, &[1, 6, 12])),
        ];
        let monthly = monthly.map(|(team, most)| (team, format!("${most}").parse().unwrap()));
        let home = any(rng, &["us-east-1", "eu-west-1"]);
        let zone = any(rng, &["UTC", "Asia/Seoul", "America/New_York"]);
        let budget = |(team, most): (&str, Usd)| {
            format!(
                "policy: month-{team}\napplies_to: {{ teams: [{team}] }}\nbudget:\n  monthly: \
                 \"{most}\"\n  home: {home}\n  timezone: {zone}\n"
            )
        };
        // A machine with the policies of only one team does not know the cluster's team.
        let other = "policy: other\napplies_to: { teams: [other] }\nbudget: { monthly: $1000 }\n";
        let shm = PathBuf::from("/dev/shm");
        Self {
            rng,
            sim: Sim::new(rng.next()),
            home: (home != "us-east-1").then(|| Sim::new(rng.next())),
            place: "us-east-1".parse().unwrap(),
            monthly,
            policies: policies(&monthly.map(budget)),
            others: policies(&[other.to_owned()]),
            folder: if shm.is_dir() {
                TempDir::new_in(shm).unwrap()
            } else {
                TempDir::new().unwrap()
            },
            stacks: BTreeMap::new(),
            admitted: BTreeMap::new(),
        }
    }

    async fn near_the_end(&self) {
        let (now, utc) = (self.sim.now(), "UTC".parse().unwrap());
        let next = Month::of(now, utc).next().begins(utc);
        let hours = i64::try_from(self.rng.below(30)).unwrap();
        let wait = next - TimeDelta::hours(hours) - now;
        tokio::time::sleep(wait.to_std().unwrap_or_default()).await;
    }

    /// A machine, by the name of its folder, and its process.
    fn machine(&self, name: &str) -> (Process, AuditSink<'_>) {
        let process = Process::calm(&self.sim, self.rng.next());
        let ledger = self.folder.path().join(name);
        (
            process,
            AuditSink {
                world: self,
                ledger,
            },
        )
    }

    fn place<'b>(&'b self, process: &'b Process) -> OpenPlace<'b> {
        OpenPlace {
            cloud: &process.account,
            at: &self.place,
        }
    }

    async fn clusters(&self) -> Vec<Cluster> {
        let (process, _) = self.machine("eye");
        let since = self.sim.now() - TimeDelta::days(60);
        let all = process.account.history(since, &BTreeSet::new()).await;
        all.unwrap().read
    }

    /// The living cluster of a stack.
    fn alive(&self, name: &str) -> Option<ClusterId> {
        let prefix = format!("clusterup/{name}/");
        let mut all = self.sim.census().clusters.into_iter();
        let alive = all.find(|it| it.name.starts_with(&prefix) && it.state.is_live())?;
        Some(alive.id.parse().unwrap())
    }

    async fn act(&mut self, tally: &Tally) {
        let name = any(self.rng, &NAMES);
        if self.alive(name).is_none() {
            return self.create(name).await;
        }
        if self.rng.percent(8) {
            let (process, _) = self.machine("office");
            process.destroyed(&name.parse().unwrap()).await.unwrap();
            return;
        }
        let way = any(self.rng, &WAYS);
        let done = self.dearer(way, name).await;
        let mut tally = tally.borrow_mut();
        let counts = tally.entry(way).or_default();
        match done {
            Ok(()) => counts[0] += 1,
            Err(OperationError::Denied(denied)) => {
                let of_month = |finding: &clusterup::policy::Finding| finding.is_of_month();
                assert!(denied.findings.iter().all(of_month), "{denied:?}");
                counts[1] += 1;
            }
            // Its end came first.
            Err(other) => assert!(came_too_late(&other), "{way:?}: {other:?}"),
        }
    }

    async fn create(&mut self, name: &'static str) {
        let mut request = StackRequest::plain(name);
        request.team = Some(any(self.rng, &["recsys", "recsys", "ads"]));
        request.core = 1 + u16::try_from(self.rng.below(3)).unwrap();
        (request.keep, request.scripts) = (true, Vec::new());
        request.life_hours = any(self.rng, &[1, 2, 5, 30]);
        request.idle_minutes = request.life_hours * 60;
        request.budget = any(self.rng, &[0, 0, 2, 4]);
        request.guards = "  ceiling: { max_lifetime: 300h, budget: $900 }\n".to_owned();
        match self.applied(&request, true).await {
            Ok(()) => drop(self.stacks.insert(name, request)),
            Err(OperationError::Denied(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn dearer(&mut self, way: Way, name: &'static str) -> Result<(), OperationError> {
        let (none, before) = (Policies::default(), self.stacks[name].clone());
        let mut request = before.clone();
        let with = self.rng.percent(50);
        match way {
            Way::ExtendByFile => return self.extended(name, &self.policies, false).await,
            Way::ExtendByName => {
                let policies = if with { &self.others } else { &none };
                return self.extended(name, policies, false).await;
            }
            Way::ExtendByPage => {
                let policies = if with { &self.others } else { &self.policies };
                return self.extended(name, policies, true).await;
            }
            Way::Resize => request.core += any(self.rng, &[1, 2, 6, 20]),
            Way::Lifetime => request.life_hours += any(self.rng, &[1, 3, 20, 100]),
            Way::Budget if with && request.budget > 0 => {
                let most = format!("${}", request.budget + any(self.rng, &[1, 5, 50]));
                let most = Some(most.parse().unwrap());
                return self.moved(name, None, (None, most), &none).await;
            }
            Way::Budget => {
                request.life_hours += 50;
                request.budget = match request.budget {
                    0 => 90,
                    budget => budget + any(self.rng, &[1, 8, 80]),
                };
            }
            Way::Team => {
                request.team = Some(any(self.rng, &["ads", "free", "recsys"]));
                request.core += any(self.rng, &[0, 1, 20]);
            }
            Way::Elsewhere => {
                request.core += any(self.rng, &[0, 1, 9]);
                request.life_hours += any(self.rng, &[1, 4, 90]);
            }
        }
        let with = way != Way::Elsewhere && (way != Way::Team || with);
        self.applied(&request, with).await?;
        self.stacks.insert(name, request);
        Ok(())
    }

    async fn extended(
        &self,
        name: &'static str,
        policies: &Policies,
        page: bool,
    ) -> Result<(), OperationError> {
        let hours = any(self.rng, &[1, 2, 8, 100]);
        let by = Span::from_secs(hours * 3_600);
        let id = self.alive(name).filter(|_| page);
        self.moved(name, id, (Some(by), None), policies).await
    }

    /// `extend`, on a machine of its own; at the page it names a cluster.
    async fn moved(
        &self,
        name: &'static str,
        id: Option<ClusterId>,
        (by, budget): (Option<Span>, Option<Usd>),
        policies: &Policies,
    ) -> Result<(), OperationError> {
        let (process, audit_sink) = self.machine("elsewhere");
        let stack = name.parse().unwrap();
        let wanted = Moved {
            stack: &stack,
            id: id.as_ref(),
            max_lifetime: None,
            by,
            budget,
            why: "more",
            who: "bob@elsewhere",
        };
        let lease = process.account.lease(&stack, &NoListener).await?;
        let context = AdmissionContext {
            policies,
            place: self.place(&process),
            services: &audit_sink,
        };
        let done = extend(&wanted, context, &NoListener).await;
        lease.release().await?;
        done.map(|_| ())
    }

    /// `apply --detach --yes`, with the teams' policies or from a machine that has none.
    async fn applied(&mut self, request: &StackRequest, with: bool) -> Result<(), OperationError> {
        let none = Policies::default();
        let policies = if with { &self.policies } else { &none };
        let (process, audit_sink) = self.machine(if with { "office" } else { "elsewhere" });
        let case = request.case();
        let driver = process.driver(&case);
        let context = AdmissionContext {
            policies,
            place: self.place(&process),
            services: &audit_sink,
        };
        let admission = Admission::open(context, &case.stack, None).await?;
        let lease = process.account.lease(&case.stack.name, &NoListener).await?;
        let attempt = async {
            let mut prepared = driver.prepare(Options::default()).await?;
            let message = admission.judge(&mut prepared).await?;
            admission.refuse(message.as_ref())?;
            admission.reserve(&prepared, self.sim.now()).await?;
            driver.attempt(&prepared.plan).await?;
            Ok::<(), OperationError>(())
        };
        let done = attempt.await;
        lease.release().await?;
        done?;
        let team = self
            .monthly
            .iter()
            .find(|(team, _)| with && request.team == Some(team));
        if let Some(id) = self.alive(request.name) {
            let teams = self.admitted.entry(id).or_default();
            teams.extend(team.map(|(team, _)| *team));
        }
        Ok(())
    }

    /// What the clusters of a team have cost and can yet cost is within each month.
    async fn check(&self) {
        let (clusters, now) = (self.clusters().await, self.sim.now());
        for (team, most) in self.monthly {
            let of_team = |cluster: &&Cluster| {
                let teams = self.admitted.get(&cluster.id);
                teams.is_some_and(|teams| teams.contains(team))
            };
            let policy = self.policies.budgets_of(&team.parse().unwrap())[0].1;
            let zone = policy.value.timezone;
            let mut month = Month::of(now, zone);
            for _ in 0..2 {
                let window = Window {
                    from: month.begins(zone),
                    until: month.next().begins(zone),
                };
                let mine = clusters.iter().filter(of_team);
                let all: Usd = mine.clone().map(|it| worst(it, window, now)).sum();
                let each: Vec<_> = mine.map(|it| (&it.id, worst(it, window, now))).collect();
                assert!(all <= most, "{team} in {month}: {all} of {most}: {each:?}");
                let left = (most - all).amount().to_f64().unwrap();
                margin("P4: dollars below the month", left);
                month = month.next();
            }
        }
    }
}

/// What a cluster can cost within a window, with what it has cost.
fn worst(cluster: &Cluster, window: Window, now: DateTime<Utc>) -> Usd {
    if !cluster.state.is_over() {
        let mut ask = CostBound::standing(cluster).unwrap();
        ask.besides = Usd::ZERO;
        return ask.worst(window);
    }
    let scope = Scope {
        place: "us-east-1".parse().unwrap(),
        account: None,
    };
    spent(&record(&scope, cluster, now), window, now).unwrap()
}

/// What is refused for another reason than the month: there is nothing left to be made dearer, or
/// the cluster's own budget does not hold it.
fn came_too_late(trouble: &OperationError) -> bool {
    if let OperationError::Stopped(Stopped::Cloud(error)) = trouble {
        return error.class == Class::Input;
    }
    let refused = matches!(trouble, OperationError::Stopped(Stopped::Refused(_)));
    refused
        || matches!(
            trouble,
            OperationError::NoCluster(_) | OperationError::Deadline(_)
        )
}

struct AuditSink<'a> {
    world: &'a World<'a>,
    ledger: PathBuf,
}

#[async_trait(?Send)]
impl Services for AuditSink<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.world.sim.now()
    }

    fn who(&self) -> &str {
        "bob@elsewhere"
    }

    async fn region(&self, region: &Region) -> Result<Box<dyn Cloud>, CloudError> {
        assert_eq!(region.as_str(), "eu-west-1");
        let home = self.world.home.as_ref().unwrap();
        Ok(Box::new(Process::calm(home, self.world.rng.next()).account))
    }

    fn ledger(&self) -> Result<Ledger, OperationError> {
        Ok(Ledger::open(&self.ledger, self.now())?.ledger)
    }

    async fn spent_by_aws(
        &self,
        _: &TeamName,
        _: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, CloudError> {
        Ok(BTreeMap::new())
    }

    fn warn(&self, _: &str, _: Option<Hint>) {}

    fn reached(&self, _: &[(PolicyName, Percent)], _: &TeamName) {}
}
