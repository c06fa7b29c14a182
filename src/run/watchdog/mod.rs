//! The watchdog. A sweep over the fleet observes, judges, acts and confirms, each once; what fails
//! is retried by the next sweep. The daemon runs the sweeps.
//!
//! What is kept in memory between sweeps only saves calls: marks, tombstones and deadlines are in
//! the clusters' tags, and what people were notified of is in the [`audit_sink`].

mod accounts;
mod act;
mod adopt;
pub mod audit_sink;
mod breaker;
mod cleanup;
pub mod daemon;
mod ends;
mod fleet_status;
mod looks;
mod memory;
mod notices;
mod observe;
mod operator;
mod other_costs;
mod readings;
pub mod region_watch;
pub mod request;
mod tracked;

use self::audit_sink::AuditSink;
use self::memory::Memory;
use self::observe::Extent;
use self::other_costs::OtherCostsMemory;
use self::region_watch::RegionWatch;
use crate::cloud::fleet::FleetProvider;
use crate::guard::watch::{Assessment, Tripped};
use crate::model::audit::{Act, Entry};
use crate::model::clock::Clock;
use crate::model::event::Listener;
use crate::model::fleet_status::{Curve, FleetCost, PlacedCost, SweepSummary, Totals};
use crate::model::name::AccountId;
use crate::model::place::Place;
use crate::model::shown::Untrusted;
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use tokio::task::JoinSet;

/// The interval between two searches for leftovers of ended clusters.
const CLEANUP_INTERVAL: TimeDelta = TimeDelta::hours(1);
/// How often a sweep of everything goes on with what its last round has shown.
const MAX_ROUNDS: usize = 3;

/// All places that are watched, and what is known of them.
pub struct Watchdog {
    region_watches: Vec<RegionWatch>,
    policies: Rc<Policies>,
    clock: Arc<dyn Clock>,
    audit_sink: Rc<dyn AuditSink>,
    /// The name in audit entries: `watchdog@host`.
    actor: String,
    /// The account of the watchdog's own credentials, if other accounts are watched too.
    own_account: Option<AccountId>,
    /// The place whose lease is the watch. `None` for a sweep without the lease.
    lease_place: Option<Rc<dyn FleetProvider>>,
    cleaned_at: Option<DateTime<Utc>>,
    memory: Option<Memory>,
    other_costs: OtherCostsMemory,
    totals: Totals,
    last: Option<SweepSummary>,
    curves: Vec<Curve>,
    cost: Option<FleetCost>,
}

/// What one sweep found and did; in a dry run, what it would do.
pub struct Report {
    /// Counts of calls and clusters, and what could not be read.
    pub summary: SweepSummary,
    /// The accounts in which the circuit breaker held ends back.
    pub trips: Vec<Trip>,
    /// All clusters and their assessments, ordered by place and id.
    pub verdicts: Vec<SweptCluster>,
    /// The audit entries of what was done, in order. Empty in a dry run.
    pub done: Vec<Entry>,
    /// Leftovers of ended clusters that are due for removal, as text.
    pub leftovers: Vec<String>,
    /// What costs money besides clusters, as of the last look, the most expensive first.
    pub other_costs: Vec<PlacedCost>,
    /// What of that could not be looked for, as text.
    pub unread_costs: Vec<String>,
    /// What of that was not reported before by this process, as lines.
    pub news: Vec<String>,
    /// Which of several policies applies to foreign clusters, as one line.
    pub mildest: Option<String>,
}

/// An account in which the circuit breaker held ends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// The account; `None` for the watchdog's own and for this machine.
    pub account: Option<AccountId>,
    /// How many clusters would have ended, and how many may.
    pub tripped: Tripped,
}

/// What a sweep did.
struct Acted {
    trips: Vec<Trip>,
    done: Vec<Entry>,
    /// What could not be observed, as text.
    unseen: Vec<String>,
    leftovers: Vec<String>,
    /// What costs money besides clusters and was not reported before.
    news: Vec<String>,
}

/// One cluster and its assessment.
#[derive(Debug, Clone)]
pub struct SweptCluster {
    /// Where the cluster runs.
    pub place: Place,
    /// The cluster's id, such as `j-2AXXXXXXGAPLF`.
    pub id: String,
    /// The cluster's name, as its creator chose it.
    pub name: Untrusted,
    /// Who owns the cluster, from its tags.
    pub owner: Option<Untrusted>,
    /// What is to be done about the cluster, and why.
    pub assessment: Assessment,
}

impl Watchdog {
    /// A watchdog over these places. Terminations that the audit log has as open are followed to
    /// their end.
    pub fn new(
        fleets: Vec<Rc<dyn FleetProvider>>,
        policies: Rc<Policies>,
        clock: Arc<dyn Clock>,
        audit_sink: Rc<dyn AuditSink>,
        actor: String,
    ) -> Self {
        let open = audit_sink.open_terminations();
        let region_watches = fleets
            .into_iter()
            .map(|fleet| RegionWatch::new(fleet, &open));
        Self {
            region_watches: region_watches.collect(),
            policies,
            clock,
            audit_sink,
            actor,
            own_account: None,
            lease_place: None,
            cleaned_at: None,
            memory: None,
            other_costs: OtherCostsMemory::default(),
            totals: Totals::default(),
            last: None,
            curves: Vec::new(),
            cost: None,
        }
    }

    /// Acts only while it holds the watch, which is the lease of this place.
    #[must_use]
    pub fn under(mut self, lease_place: Rc<dyn FleetProvider>) -> Self {
        self.lease_place = Some(lease_place);
        self
    }

    /// Discards what depends on elapsed time. Called when the clock was set or the machine slept.
    pub fn discard_timing(&mut self) {
        self.cleaned_at = None;
        self.other_costs.forget_time();
        let now = self.clock.now();
        for tracked in self
            .region_watches
            .iter_mut()
            .flat_map(|region_watch| region_watch.tracked.values_mut())
        {
            tracked.discard_timing(now);
        }
    }

    /// Replaces the policies. What could not be adopted under the previous ones is tried again.
    pub fn renew(&mut self, policies: Rc<Policies>) {
        self.policies = policies;
        for region_watch in &mut self.region_watches {
            for tracked in region_watch.tracked.values_mut() {
                tracked.unadoptable = None;
            }
        }
    }

    /// Sets the teams' months that the fleet status shows.
    pub fn set_curves(&mut self, curves: Vec<Curve>) {
        self.curves = curves;
    }

    /// Sets what clusters have cost; a cost that is unknown now leaves the last one.
    pub fn set_cost(&mut self, cost: Option<FleetCost>) {
        self.cost = cost.or(self.cost.take());
    }

    /// Makes one sweep. A dry run changes nothing and notifies nobody.
    pub async fn sweep(&mut self, dry: bool) -> Report {
        let began_at = self.clock.now();
        let calls = self.calls();
        let looked = self.observe(began_at, Extent::Part).await;
        let acted = self.act(dry, began_at).await;
        self.report(acted, began_at, &calls, looked)
    }

    /// Makes one sweep that judges every cluster, no matter how many there are, and reports its
    /// progress. What is acted on was described in this sweep.
    pub async fn sweep_all(&mut self, dry: bool, listener: &dyn Listener) -> Report {
        let began_at = self.clock.now();
        let calls = self.calls();
        let mut looked = self.observe(began_at, Extent::Whole).await;
        for _ in 0..MAX_ROUNDS {
            let more = self.look_at_all(began_at, listener).await;
            if more == 0 {
                break;
            }
            looked += more;
            let now = self.clock.now();
            for region_watch in &mut self.region_watches {
                region_watch.judge(&self.policies, now);
                region_watch
                    .read_due_metrics(&self.policies, now, Extent::Whole)
                    .await;
                region_watch.judge(&self.policies, self.clock.now());
            }
        }
        for region_watch in &mut self.region_watches {
            region_watch.note_gaps();
        }
        let acted = self.act(dry, began_at).await;
        self.report(acted, began_at, &calls, looked)
    }

    /// Describes the clusters of all places that need it, one of each place in turn: each place has
    /// quotas of its own. Returns how many they are.
    async fn look_at_all(&mut self, began_at: DateTime<Utc>, listener: &dyn Listener) -> usize {
        let now = self.clock.now();
        let watches = self.region_watches.iter();
        let due: Vec<_> = watches.map(|it| it.all_due_looks(began_at, now)).collect();
        let most = due.iter().map(Vec::len).max().unwrap_or_default();
        for looked in 0..most {
            for (region_watch, due) in self.region_watches.iter_mut().zip(&due) {
                if let Some(id) = due.get(looked) {
                    region_watch.report_look(looked, due.len(), listener);
                    region_watch.look(id, self.clock.now()).await;
                }
            }
        }
        due.iter().map(Vec::len).sum()
    }

    /// Acts on what was observed since `fresh_from`.
    async fn act(&mut self, dry: bool, fresh_from: DateTime<Utc>) -> Acted {
        let now = self.clock.now();
        self.note_refused_places();
        let trips = self.restrain();
        let mut done = Vec::new();
        if !dry {
            self.notify_trips(&trips, now, &mut done).await;
            self.notify_refused(now, &mut done).await;
            let context = act::ActionContext {
                audit_sink: &*self.audit_sink,
                policies: &self.policies,
                clock: &*self.clock,
                actor: &self.actor,
                lease_place: self.lease_place.as_deref(),
            };
            for region_watch in &mut self.region_watches {
                region_watch.end_due(&context, fresh_from, &mut done).await;
            }
            for region_watch in &mut self.region_watches {
                region_watch
                    .notify_all(&context, fresh_from, &mut done)
                    .await;
            }
        }
        let mut unseen: Vec<String> = self
            .region_watches
            .iter()
            .flat_map(RegionWatch::unseen)
            .collect();
        let leftovers = self.clean(now, dry, &mut done, &mut unseen).await;
        let news = self.look_for_other_costs(now).await;
        Acted {
            trips,
            done,
            unseen,
            leftovers,
            news,
        }
    }

    fn report(
        &mut self,
        acted: Acted,
        began_at: DateTime<Utc>,
        calls: &BTreeMap<String, u64>,
        looked: usize,
    ) -> Report {
        let Acted {
            trips,
            done,
            unseen,
            leftovers,
            news,
        } = acted;
        let summary = self.summarize(began_at, calls, looked, unseen, !trips.is_empty());
        self.remember();
        self.count(&summary, &done);
        let region_watches = self.region_watches.iter();
        Report {
            summary,
            trips,
            verdicts: region_watches
                .flat_map(RegionWatch::swept_clusters)
                .collect(),
            done,
            leftovers,
            other_costs: self.other_costs.costs.clone(),
            unread_costs: self.other_costs.unread.clone(),
            news,
            mildest: self.policies.mildest_says(),
        }
    }

    /// Observes all places at the same time. Returns how many clusters were described.
    async fn observe(&mut self, now: DateTime<Utc>, extent: Extent) -> usize {
        let mut tasks = JoinSet::new();
        for (order, mut region_watch) in std::mem::take(&mut self.region_watches)
            .into_iter()
            .enumerate()
        {
            let policies = self.policies.clone();
            let clock = self.clock.clone();
            tasks.spawn_local(async move {
                let looked = region_watch.observe(&policies, &*clock, now, extent).await;
                (order, region_watch, looked)
            });
        }
        let mut observed = tasks.join_all().await;
        observed.sort_by_key(|(order, ..)| *order);
        let looked = observed.iter().map(|(_, _, looked)| looked).sum();
        self.region_watches = observed
            .into_iter()
            .map(|(_, region_watch, _)| region_watch)
            .collect();
        looked
    }

    /// Records an act of the watchdog that concerns no cluster.
    pub fn record(&self, act: Act, outcome: &str) {
        let now = self.clock.now();
        self.audit_sink
            .note(&self.entry(now, act, outcome.to_owned()));
    }

    fn entry(&self, at: DateTime<Utc>, act: Act, outcome: String) -> Entry {
        Entry {
            at,
            actor: self.actor.clone(),
            place: None,
            target: None,
            act,
            verdict: None,
            evidence: None,
            outcome,
        }
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for (name, calls) in self.region_watches.iter().flat_map(RegionWatch::calls) {
            *all.entry(name).or_default() += calls;
        }
        all
    }

    fn summarize(
        &mut self,
        began_at: DateTime<Utc>,
        before: &BTreeMap<String, u64>,
        looked: usize,
        unseen: Vec<String>,
        tripped: bool,
    ) -> SweepSummary {
        self.totals.calls = self.calls();
        let sum = |calls: &BTreeMap<String, u64>| calls.values().sum::<u64>();
        SweepSummary {
            number: self.totals.sweeps + 1,
            began_at,
            ended_at: self.clock.now(),
            calls: sum(&self.totals.calls) - sum(before),
            fleet: self.region_watches.iter().map(RegionWatch::living).sum(),
            looked,
            unlooked: self.region_watches.iter().map(RegionWatch::unlooked).sum(),
            unread: self.region_watches.iter().map(RegionWatch::unread).sum(),
            blind: self
                .region_watches
                .iter()
                .filter(|region_watch| region_watch.is_blind())
                .map(|region_watch| region_watch.place().clone())
                .collect(),
            refused: self.refused(),
            unseen,
            tripped,
        }
    }

    fn count(&mut self, summary: &SweepSummary, done: &[Entry]) {
        let totals = &mut self.totals;
        totals.sweeps += 1;
        totals.failed_sweeps += u64::from(self.region_watches.iter().any(RegionWatch::is_blind));
        totals.trips += u64::from(summary.tripped);
        totals.notices = self.audit_sink.notices();
        for entry in done {
            match entry.act {
                Act::Warn => totals.warned += 1,
                Act::Terminate => {
                    let reason = entry.verdict.clone().unwrap_or_default();
                    *totals.terminated.entry(reason).or_default() += 1;
                }
                Act::Begin
                | Act::Stop
                | Act::Reload
                | Act::Tell
                | Act::Clear
                | Act::Unprotect
                | Act::Ended
                | Act::Escalate
                | Act::Trip
                | Act::Extend
                | Act::CleanUp
                | Act::Adopt
                | Act::Fail => {}
            }
        }
        self.last = Some(summary.clone());
    }
}
