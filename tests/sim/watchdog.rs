//! The watchdog over fleets of foreign clusters, with faults: it ends only forgotten clusters,
//! after a warning, if a policy allows it; and it ends all of them.

#[path = "watchdog/accounts.rs"]
mod accounts;
#[path = "watchdog/breaker.rs"]
mod breaker;
#[path = "watchdog/kinds.rs"]
mod kinds;
#[path = "watchdog/outages.rs"]
pub(crate) mod outages;
#[path = "watchdog/page.rs"]
pub(crate) mod page;
#[path = "watchdog/refusals.rs"]
mod refusals;
#[path = "watchdog/second_look.rs"]
pub(crate) mod second_look;
#[path = "watchdog/succession.rs"]
pub(crate) mod succession;

use self::breaker::Limits;
use self::kinds::begin_step;
pub(crate) use self::kinds::{Kind, make};
use self::outages::Outage;
use crate::seeds::{any, each};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::account::{Account, Addresses, Settings};
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::pace::Paced;
use clusterup::cloud::retry::Retrying;
use clusterup::cloud::rng::Rng;
use clusterup::cost::catalog::Catalog;
use clusterup::model::audit::{Act, Entry};
use clusterup::model::clock::Clock;
use clusterup::model::notice::Notice;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::Watchdog;
use clusterup::run::watchdog::audit_sink::AuditSink;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::Flaky;
use clusterup_testkit::sim::{self, CensusCluster, Sim};
use clusterup_testkit::tally::{margin, mark};
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
/// How long before an end work may come that the last look did not see: some slow calls.
const UNSEEN: TimeDelta = TimeDelta::seconds(25);

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
    born_at: DateTime<Utc>,
    terminates: bool,
    breaker: Limits,
    outages: Vec<Outage>,
    /// When clusters were given work again.
    given_at: Rc<RefCell<BTreeMap<String, DateTime<Utc>>>>,
    /// The clusters that had been given work again, or lost touch.
    changed: BTreeSet<String>,
    /// The clusters that lived when the sweep began.
    alive: BTreeSet<String>,
    /// Until when a cluster is given work within a sweep.
    rng: Rng,
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
                Kind::OutsideYarn(hour),
                Kind::Returns,
                Kind::Silent(20 + 5 * hour),
                Kind::Stuck,
                Kind::Protected,
                Kind::Exempt,
                Kind::Hidden,
                Kind::Mute,
            ];
            any(&rng, &kinds)
        };
        let kinds: Vec<Kind> = (0..3 + rng.below(6)).map(some_kind).collect();
        let breaker = if rng.percent(50) {
            Limits::WIDE
        } else {
            Limits::narrow(&rng)
        };
        let policies = policies_with(terminates, breaker);
        let mut world = Self::under(policies, seed, (&kinds, 0)).await;
        (world.terminates, world.breaker) = (terminates, breaker);
        let (most, percent) = (any(&rng, &[0, 0, 6]), any(&rng, &[0, 0, 3, 11]));
        let (faults, outages) = outages::outages(world.sim(), &rng, (most, percent));
        world.outages = outages;
        world.flaky().become_flaky(faults);
        world
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
            born_at,
            terminates: false,
            breaker: Limits::WIDE,
            outages: Vec::new(),
            given_at: Rc::default(),
            changed: BTreeSet::new(),
            alive: BTreeSet::new(),
            rng: Rng::new(seed),
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
        let clusters = self.sim().clusters();
        let living = clusters.iter().filter(|cluster| cluster.down_at.is_none());
        self.alive = living.clone().map(|cluster| cluster.id.clone()).collect();
        for cluster in living {
            let id = &cluster.id;
            let passed = |minute: u32| age >= TimeDelta::minutes(i64::from(minute));
            let Some(kind) = self.clusters.get(id).copied() else {
                continue;
            };
            if let Kind::ByHand(hour) = kind
                && passed(60 * hour)
            {
                self.sim().occupy(id, false);
            }
            if let Kind::Silent(minute) = kind
                && passed(minute)
                && self.changed.insert(id.clone())
            {
                self.sim().silence(id);
                self.sim().occupy(id, true);
            }
            if kind == Kind::Returns
                && announced(cluster).is_some_and(|at| at <= now)
                && self.changed.insert(id.clone())
            {
                self.give_work(id.clone());
            }
        }
    }

    /// Its owner comes back while the sweep runs that may end it, or shortly before or after.
    fn give_work(&self, id: String) {
        let (sim, name) = (self.sim().clone(), format!("again {id}"));
        let later = self
            .rng
            .up_to(Duration::from_millis(any(&self.rng, &[300, 300, 120_000])));
        let given_at = self.given_at.clone();
        tokio::task::spawn_local(async move {
            tokio::time::sleep(later).await;
            given_at.borrow_mut().insert(id.clone(), sim.now());
            begin_step(&sim, &id, &name, MINUTE * 60).await;
        });
    }

    /// That nothing has ended which may not, nor too much at once.
    pub(super) fn judge(&self) {
        let clusters = self.sim().clusters();
        let down = clusters.iter().filter(|it| it.down_at.is_some());
        let at_once = down
            .clone()
            .filter(|it| self.alive.contains(&it.id))
            .count();
        let most = self.breaker.most(self.alive.len());
        assert!(
            at_once <= most,
            "{at_once} ended in one sweep: {:?}",
            self.breaker
        );
        down.for_each(|cluster| self.may_end(cluster));
    }

    fn may_end(&self, cluster: &CensusCluster) {
        let kind = self.clusters[&cluster.id];
        let entries = self.audit_sink.entries.borrow();
        let shown = || format!("{kind:?} {cluster:#?} {entries:#?}");
        assert!(self.terminates, "to be reported alone: {}", shown());
        assert!(kind.ends(), "it may not end: {}", shown());
        let down_at = cluster.down_at.unwrap();
        let given_at = self.given_at.borrow().get(&cluster.id).copied();
        if given_at.is_some_and(|at| down_at - at < UNSEEN) {
            return mark("work came between a last look and an end");
        }
        let idle = down_at - cluster.worked_at.unwrap();
        assert!(idle >= IDLE + GRACE, "ended after {idle}: {}", shown());
        let late = (idle - IDLE - GRACE).num_seconds();
        margin("P5: seconds of idleness beyond what may end", late as f64);
        let warned = down_at - self.audit_sink.warned.borrow()[&cluster.id];
        assert!(
            warned >= GRACE,
            "ended {warned} after its warning: {}",
            shown()
        );
        let is_blind = |outage: &Outage| outage.hides_clusters(down_at);
        assert!(
            !self.outages.iter().any(is_blind),
            "its place could not be listed: {}",
            shown()
        );
        let tag = cluster.tags.get("clusterup-watchdog");
        let says = tag.is_some_and(|tag| tag.ends_with(" forgotten"));
        assert!(says, "its tag does not say why: {}", shown());
        let ended = |it: &Entry| it.act == Act::Terminate && it.evidence.is_some();
        let of_it = |it: &Entry| it.target.as_ref().is_some_and(|of| of.id == cluster.id);
        let is_noted = entries.iter().any(|it| ended(it) && of_it(it));
        assert!(is_noted, "no evidence: {}", shown());
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
            // The breaker holds back for good what becomes due together.
            let is_due = kind.ends() && self.terminates;
            let held = is_due && self.breaker != Limits::WIDE;
            assert!(held || over.contains(id) == is_due, "{kind:?}");
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

/// When a cluster is to end, by the tag that warns of it.
fn announced(cluster: &CensusCluster) -> Option<DateTime<Utc>> {
    let (at, _) = cluster.tags.get("clusterup-watchdog")?.split_once(' ')?;
    at.parse().ok()
}

pub(super) fn policies(terminates: bool) -> Policies {
    policies_with(terminates, Limits::WIDE)
}

fn policies_with(terminates: bool, breaker: Limits) -> Policies {
    let action = if terminates { "terminate" } else { "notify" };
    let policy = format!(
        "policy: p\nunmanaged: {{ action: {action}, idle_timeout: 1h, grace: 30m, exempt: {{ tag: keep }} }}\n{}",
        breaker.text()
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

#[test]
fn all_forgotten_clusters_end_and_no_others() {
    each("watchdog", 20, fleet);
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
        world.judge();
        tokio::time::sleep(MINUTE).await;
    }
    world.judge_all();
}
