//! The watchdog over fleets of foreign clusters, with faults: it ends only forgotten clusters,
//! after a warning, if a policy allows it; and it ends all of them.

#[path = "watchdog/accounts.rs"]
mod accounts;
#[path = "watchdog/refusals.rs"]
mod refusals;

use crate::seeds::{any, each};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::account::{Account, Addresses, Settings};
use clusterup::cloud::api::Serve;
use clusterup::cloud::api::Tags;
use clusterup::cloud::api::emr::{AddJobFlowSteps, NewStep, OnFailure};
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::pace::Paced;
use clusterup::cloud::retry::Retrying;
use clusterup::cloud::rng::Rng;
use clusterup::cost::catalog::Catalog;
use clusterup::model::audit::Entry;
use clusterup::model::clock::Clock;
use clusterup::model::notice::Notice;
use clusterup::model::step_command::StepCommand;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::Watchdog;
use clusterup::run::watchdog::audit_sink::AuditSink;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::Flaky;
use clusterup_testkit::sim::{self, Sim};
use clusterup_testkit::tally::margin;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOURS: u32 = 12;
const IDLE: TimeDelta = TimeDelta::hours(1);
const GRACE: TimeDelta = TimeDelta::minutes(30);

/// What a cluster does, and its owner's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Forgotten,
    /// Somebody works on it by hand until an hour.
    ByHand(u32),
    /// A step that runs until an hour.
    InAStep(u32),
    Stuck,
    Protected,
    Exempt,
    /// Its metrics are not to be had.
    Mute,
}

#[derive(Default)]
pub(super) struct Reported {
    matters: RefCell<BTreeSet<String>>,
    /// The clusters that were warned about, and when.
    warned: RefCell<BTreeMap<String, DateTime<Utc>>>,
    pub(super) entries: RefCell<Vec<Entry>>,
}

impl Reported {
    /// How many clusters were warned about.
    pub(super) fn warned(&self) -> usize {
        self.warned.borrow().len()
    }
}

#[async_trait(?Send)]
impl AuditSink for Reported {
    fn note(&self, entry: &Entry) {
        self.entries.borrow_mut().push(entry.clone());
    }

    async fn notify(&self, notice: &Notice) -> bool {
        let news = self.matters.borrow_mut().insert(notice.matter.clone());
        if news && let Some(of) = notice.matter.strip_prefix("warn/us-east-1/") {
            self.warned.borrow_mut().insert(of.to_owned(), notice.at);
        }
        news
    }

    fn forget(&self, matter: &str) {
        self.matters.borrow_mut().remove(matter);
    }

    fn open_terminations(&self) -> Vec<Entry> {
        Vec::new()
    }

    fn recent(&self, _: usize) -> Vec<Entry> {
        Vec::new()
    }

    fn notices(&self) -> BTreeMap<String, (u64, u64)> {
        BTreeMap::new()
    }
}

type Api = Retrying<Paced<Flaky<Sim>>>;

pub(super) struct World {
    api: Rc<Api>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) audit_sink: Rc<Reported>,
    policies: Rc<Policies>,
    home: tempfile::TempDir,
    clusters: BTreeMap<String, Kind>,
    /// When each cluster last did something, according to the simulation.
    worked: BTreeMap<String, DateTime<Utc>>,
    born_at: DateTime<Utc>,
    terminates: bool,
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let rng = Rng::new(seed);
        let terminates = rng.percent(75);
        let some_kind = |_| {
            let hour = 1 + u32::try_from(rng.below(8)).unwrap();
            let kinds = [
                Kind::Forgotten,
                Kind::Forgotten,
                Kind::ByHand(hour),
                Kind::InAStep(hour),
                Kind::Stuck,
                Kind::Protected,
                Kind::Exempt,
                Kind::Mute,
            ];
            any(&rng, &kinds)
        };
        let kinds: Vec<Kind> = (0..3 + rng.below(6)).map(some_kind).collect();
        Self::of(seed, &kinds, terminates, rng.below(12)).await
    }

    /// With faults in so many percent of the calls.
    pub(super) async fn of(seed: u64, kinds: &[Kind], terminates: bool, faults: u64) -> Self {
        let world = Self::under(policies(terminates), seed, (kinds, faults)).await;
        Self {
            terminates,
            ..world
        }
    }

    /// With other policies.
    pub(super) async fn under(
        policies: Policies,
        seed: u64,
        (kinds, faults): (&[Kind], u64),
    ) -> Self {
        let sim = Sim::with(seed, sim::Settings::USUAL);
        let mut clusters = BTreeMap::new();
        for (number, kind) in (0..).zip(kinds) {
            let id = make(&sim, *kind, number).await;
            clusters.insert(id, *kind);
        }
        let clock: Arc<dyn Clock> = Arc::new(sim.clock());
        let born_at = clock.now();
        let weather = Flaky::seeded(sim, seed, faults);
        Self {
            api: Rc::new(Retrying::new(Paced::new(weather), seed)),
            clock,
            audit_sink: Rc::default(),
            policies: Rc::new(policies),
            home: tempfile::tempdir().unwrap(),
            clusters,
            worked: BTreeMap::new(),
            born_at,
            terminates: false,
        }
    }

    pub(super) fn flaky(&self) -> &Flaky<Sim> {
        &self.api.inner.inner
    }

    pub(super) fn sim(&self) -> &Sim {
        &self.flaky().inner
    }

    /// Whether people were notified of a matter of a cluster.
    pub(super) fn has_reported(&self, what: &str, id: &str) -> bool {
        let matters = self.audit_sink.matters.borrow();
        matters.contains(&format!("{what}/us-east-1/{id}"))
    }

    /// The number of audit entries.
    pub(super) fn entries(&self) -> usize {
        self.audit_sink.entries.borrow().len()
    }

    /// The account as a place that is watched.
    pub(super) fn fleet(&self, seed: u64) -> Rc<dyn FleetProvider> {
        Rc::new(self.account(seed))
    }

    /// The account as another than that of the watchdog's credentials.
    pub(super) fn fleet_of(&self, account: &str) -> Rc<dyn FleetProvider> {
        Rc::new(self.account(4).of(account.parse().unwrap()))
    }

    /// The account, opened anew.
    fn account(&self, seed: u64) -> Account<Api> {
        let settings = settings(self.home.path(), self.clock.clone(), seed);
        Account::new(self.api.clone(), settings)
    }

    /// One that begins with nothing but what the cloud and the audit sink remember.
    pub(super) fn watchdog(&self, seed: u64) -> Watchdog {
        let fleet = self.fleet(seed);
        let (clock, audit_sink) = (self.clock.clone(), self.audit_sink.clone());
        let name = "watchdog@here".to_owned();
        Watchdog::new(vec![fleet], self.policies.clone(), clock, audit_sink, name)
    }

    /// What the owners have done by now.
    pub(super) fn live(&mut self, now: DateTime<Utc>) {
        let age = now - self.born_at;
        let until = |hour: &u32| age < TimeDelta::hours(i64::from(*hour));
        for (id, kind) in &self.clusters {
            let works = match kind {
                Kind::ByHand(hour) | Kind::InAStep(hour) => until(hour),
                Kind::Stuck => true,
                Kind::Forgotten | Kind::Protected | Kind::Exempt | Kind::Mute => {
                    !self.worked.contains_key(id)
                }
            };
            if works {
                self.worked.insert(id.clone(), now);
            }
            if matches!(kind, Kind::ByHand(_)) && !works {
                self.sim().occupy(id, false);
            }
        }
    }

    /// That nothing has ended which may not.
    pub(super) fn judge(&self, now: DateTime<Utc>) {
        for cluster in self.sim().census().clusters {
            if cluster.state.is_live() {
                continue;
            }
            let kind = self.clusters[&cluster.id];
            assert!(
                self.terminates,
                "{kind:?} ended, and was only to be told of"
            );
            let may = matches!(kind, Kind::Forgotten | Kind::ByHand(_) | Kind::InAStep(_));
            let entries = self.audit_sink.entries.borrow();
            assert!(may, "{kind:?} ended: {entries:#?}");
            let idle = now - self.worked[&cluster.id];
            assert!(
                idle >= IDLE + GRACE,
                "{kind:?} ended after {idle}: {entries:#?}"
            );
            let late = (idle - IDLE - GRACE).num_seconds();
            margin("P5: seconds of idleness beyond what may end", late as f64);
            let warned = self.audit_sink.warned.borrow()[&cluster.id];
            assert!(
                now - warned >= GRACE,
                "{kind:?} ended {} after its warning",
                now - warned
            );
        }
    }

    /// What is due has ended, nothing else has, and people know of the rest.
    pub(super) fn judge_all(&self) {
        let over: BTreeSet<String> = self
            .sim()
            .census()
            .clusters
            .into_iter()
            .filter(|cluster| cluster.state.is_over())
            .map(|cluster| cluster.id)
            .collect();
        for (id, kind) in &self.clusters {
            let forgotten = matches!(kind, Kind::Forgotten | Kind::ByHand(_) | Kind::InAStep(_));
            assert_eq!(over.contains(id), forgotten && self.terminates, "{kind:?}");
        }
        let matters = self.audit_sink.matters.borrow();
        for (id, kind) in &self.clusters {
            let reported = |what: &str| matters.contains(&format!("{what}/us-east-1/{id}"));
            let what = match (kind, self.terminates) {
                (Kind::Stuck, _) => "stuck",
                (Kind::Protected, true) => "protected",
                (Kind::Forgotten, false) => "forgotten",
                _ => continue,
            };
            assert!(reported(what), "nobody heard that it is {what}");
        }
    }
}

pub(super) fn policies(terminates: bool) -> Policies {
    let action = if terminates { "terminate" } else { "notify" };
    let policy = format!(
        "policy: p\nunmanaged: {{ action: {action}, idle_timeout: 1h, grace: 30m, exempt: {{ tag: keep }} }}\n\
         watchdog: {{ max_kills_per_sweep: 100, max_kill_fraction: 100% }}\n"
    );
    let mut policies = Policies::default();
    policies.extend([load("p.yaml", &policy).unwrap()]);
    policies
}

pub(super) fn settings(home: &Path, clock: Arc<dyn Clock>, seed: u64) -> Settings {
    Settings {
        region: "us-east-1".parse().unwrap(),
        clock,
        who: "watchdog@here".to_owned(),
        addresses: Addresses::fixed(Vec::new()),
        keys: home.join("keys"),
        store: Store::new(home.join("store"), None),
        labels: home.join("labels"),
        prices: Arc::new(Catalog::bundled().clone()),
        home: None,
        poll: MINUTE,
        seed,
    }
}

pub(super) async fn make(sim: &Sim, kind: Kind, number: u64) -> String {
    let mut tags = Tags::new();
    if kind == Kind::Exempt {
        tags.insert("keep".to_owned(), "yes".to_owned());
    }
    let id = sim.foreign_cluster(&format!("theirs/{number}"), tags);
    let step = match kind {
        Kind::InAStep(hour) => Some((format!("work {number:05}"), MINUTE * 60 * hour)),
        Kind::Stuck => Some((format!("stuck {number:05}"), Duration::MAX)),
        Kind::Forgotten | Kind::ByHand(_) | Kind::Protected | Kind::Exempt | Kind::Mute => None,
    };
    if let Some((name, takes)) = step {
        sim.time_step(&name, takes);
        let command = StepCommand::program(vec!["spark-submit".to_owned()]);
        let on_failure = OnFailure::CancelAndWait;
        let steps = vec![NewStep {
            name,
            on_failure,
            command,
        }];
        let id = id.clone();
        sim.serve(AddJobFlowSteps { id, steps }).await.unwrap();
    }
    let known = match kind {
        Kind::Stuck => sim.stick(&id),
        Kind::ByHand(_) => sim.occupy(&id, true),
        Kind::Protected => sim.protect_cluster(&id, true),
        Kind::Mute => sim.mute(&id, true),
        Kind::Forgotten | Kind::InAStep(_) | Kind::Exempt => true,
    };
    assert!(known);
    id
}

#[test]
fn all_forgotten_clusters_end_and_no_others() {
    each("watchdog", 40, fleet);
}

pub(crate) async fn fleet(seed: u64) {
    let rng = Rng::new(seed);
    let mut world = World::new(seed).await;
    let mut watchdog = world.watchdog(seed);
    for minute in 0..HOURS * 60 {
        world.live(world.clock.now());
        // Now and then CloudWatch fails for a while, and the watchdog restarts.
        world.sim().fail_metrics(minute % 240 < 20);
        if rng.below(90) == 0 {
            watchdog = world.watchdog(seed + u64::from(minute));
        }
        watchdog.sweep(false).await;
        world.judge(world.clock.now());
        tokio::time::sleep(MINUTE).await;
    }
    world.judge_all();
}
