//! The watchdog: one sweep over the fleet is observe, judge, act, confirm; one attempt each, and
//! what did not come off is found again by the next. The daemon makes them.
//!
//! What a sweep remembers saves calls and nothing else: marks, tombstones and deadlines are in the
//! clusters' tags, and what people were told is at the [`audit_sink`].

mod act;
mod asked;
pub mod audit_sink;
mod cleanup;
pub mod daemon;
mod ends;
mod fleet_status;
mod notices;
mod observe;
pub mod region_watch;
pub mod request;
mod tracked;

use self::audit_sink::AuditSink;
use self::region_watch::RegionWatch;
use crate::cloud::fleet::FleetProvider;
use crate::guard::watch::{self, Assessment, Tripped};
use crate::model::audit::{Act, Entry};
use crate::model::clock::Clock;
use crate::model::fleet::Place;
use crate::model::fleet_status::{Curve, SweepSummary, Totals};
use crate::model::hint::Command;
use crate::model::notice::{Level, Notice};
use crate::model::shown::Untrusted;
use crate::model::span::Span;
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Between two looks for what dead clusters left.
const CLEANING: TimeDelta = TimeDelta::hours(1);
/// An alert that lasts is told again.
const REMINDER: Span = Span::from_secs(6 * 3_600);

/// All that is watched.
pub struct Watchdog {
    region_watches: Vec<RegionWatch>,
    policies: Rc<Policies>,
    clock: Arc<dyn Clock>,
    audit_sink: Rc<dyn AuditSink>,
    /// Its name in records: `watchdog@host`.
    actor: String,
    /// Whose watch it acts under, where it does.
    home: Option<Rc<dyn FleetProvider>>,
    cleaned_at: Option<DateTime<Utc>>,
    totals: Totals,
    last: Option<SweepSummary>,
    curves: Vec<Curve>,
}

/// What one sweep found and did, or would do.
pub struct Report {
    pub summary: SweepSummary,
    pub tripped: Option<Tripped>,
    /// By place and id, all that was judged.
    pub verdicts: Vec<SweptCluster>,
    /// What was done, in order; nothing in a dry run.
    pub done: Vec<Entry>,
    /// What dead clusters left that is to be removed, in words.
    pub leftovers: Vec<String>,
    /// Which of several policies decides about clusters of others, in a line.
    pub mildest: Option<String>,
}

/// One cluster and what is said of it.
#[derive(Debug, Clone)]
pub struct SweptCluster {
    pub place: Place,
    pub id: String,
    pub name: Untrusted,
    pub owner: Option<Untrusted>,
    pub assessment: Assessment,
}

impl Watchdog {
    pub fn new(
        fleets: Vec<Rc<dyn FleetProvider>>,
        policies: Rc<Policies>,
        clock: Arc<dyn Clock>,
        audit_sink: Rc<dyn AuditSink>,
        actor: String,
    ) -> Self {
        let asked = audit_sink.open_terminations();
        let region_watches = fleets
            .into_iter()
            .map(|fleet| RegionWatch::new(fleet, &asked));
        Self {
            region_watches: region_watches.collect(),
            policies,
            clock,
            audit_sink,
            actor,
            home: None,
            cleaned_at: None,
            totals: Totals::default(),
            last: None,
            curves: Vec::new(),
        }
    }

    /// Acts only while the watch that was taken there is its own.
    #[must_use]
    pub fn under(mut self, home: Rc<dyn FleetProvider>) -> Self {
        self.home = Some(home);
        self
    }

    /// The clock was set, or the machine slept: what is remembered by time is not relied on.
    pub fn doubt(&mut self) {
        self.cleaned_at = None;
        for tracked in self
            .region_watches
            .iter_mut()
            .flat_map(|region_watch| region_watch.tracked.values_mut())
        {
            tracked.doubt();
        }
    }

    /// Policies that were read anew.
    pub fn renew(&mut self, policies: Rc<Policies>) {
        self.policies = policies;
    }

    /// The months of the teams, for the picture.
    pub fn draw(&mut self, curves: Vec<Curve>) {
        self.curves = curves;
    }

    /// Looks at everything once and does what is due. With `dry`, changes and tells nothing.
    pub async fn sweep(&mut self, dry: bool) -> Report {
        let began_at = self.clock.now();
        let calls = self.calls();
        let looked = self.observe(began_at).await;
        let now = self.clock.now();
        let tripped = self.restrain();
        let mut done = Vec::new();
        if !dry {
            self.tell_of_trip(tripped.as_ref(), now, &mut done).await;
            let context = act::ActionContext {
                audit_sink: &*self.audit_sink,
                policies: &self.policies,
                clock: &*self.clock,
                actor: &self.actor,
                home: self.home.as_deref(),
            };
            for region_watch in &mut self.region_watches {
                region_watch.end_due(&context, began_at, &mut done).await;
            }
            for region_watch in &mut self.region_watches {
                region_watch.tell_all(&context, began_at, &mut done).await;
            }
        }
        let mut unseen: Vec<String> = self
            .region_watches
            .iter()
            .flat_map(RegionWatch::unseen)
            .collect();
        let leftovers = self.clean(now, dry, &mut done, &mut unseen).await;
        let summary = self.summarize(began_at, &calls, looked, unseen, tripped.is_some());
        self.count(&summary, &done);
        let verdicts = self
            .region_watches
            .iter()
            .flat_map(RegionWatch::seen)
            .collect();
        Report {
            summary,
            tripped,
            verdicts,
            done,
            leftovers,
            mildest: self.policies.mildest_says(),
        }
    }

    /// Every place at once; how many clusters were looked at.
    async fn observe(&mut self, now: DateTime<Utc>) -> usize {
        let mut looking = JoinSet::new();
        for (order, mut region_watch) in std::mem::take(&mut self.region_watches)
            .into_iter()
            .enumerate()
        {
            let policies = self.policies.clone();
            let clock = self.clock.clone();
            looking.spawn_local(async move {
                let looked = region_watch.observe(&policies, &*clock, now).await;
                (order, region_watch, looked)
            });
        }
        let mut back = looking.join_all().await;
        back.sort_by_key(|(order, ..)| *order);
        let looked = back.iter().map(|(_, _, looked)| looked).sum();
        self.region_watches = back
            .into_iter()
            .map(|(_, region_watch, _)| region_watch)
            .collect();
        looked
    }

    /// The breaker over all places together.
    fn restrain(&mut self) -> Option<Tripped> {
        let fleet = self.region_watches.iter().map(RegionWatch::living).sum();
        let mut assessment: Vec<Assessment> = self
            .region_watches
            .iter()
            .flat_map(RegionWatch::assessment)
            .collect();
        let tripped = watch::restrain(&mut assessment, fleet, self.policies.breaker());
        let mut assessment = assessment.into_iter();
        for region_watch in &mut self.region_watches {
            region_watch.restrained(&mut assessment);
        }
        tripped
    }

    /// Puts on record what the watchdog itself does.
    pub fn record(&self, act: Act, outcome: &str) {
        let now = self.clock.now();
        self.audit_sink
            .note(&self.entry(now, act, outcome.to_owned()));
    }

    async fn tell_of_trip(
        &self,
        tripped: Option<&Tripped>,
        now: DateTime<Utc>,
        done: &mut Vec<Entry>,
    ) {
        let matter = "breaker";
        let Some(tripped) = tripped else {
            self.audit_sink.forget(matter);
            return;
        };
        let title = format!(
            "{} of {} clusters would end at once for idling, and {} may: none does",
            tripped.wanted, tripped.fleet, tripped.allowed
        );
        let notice = Notice {
            at: now,
            matter: matter.to_owned(),
            level: Level::Alert,
            title: title.clone(),
            facts: vec![(
                "to let them end".to_owned(),
                "raise watchdog.max_kills_per_sweep or max_kill_fraction in the policies, or end \
                 them by hand"
                    .to_owned(),
            )],
            command: Some(Command::clusterup("watchdog sweep").arg("--dry-run")),
            remind_after: Some(REMINDER),
        };
        if self.audit_sink.tell(&notice).await {
            let entry = self.entry(now, Act::Trip, title);
            self.audit_sink.note(&entry);
            done.push(entry);
        }
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
            blind: self
                .region_watches
                .iter()
                .filter(|region_watch| region_watch.is_blind())
                .map(|region_watch| region_watch.place().clone())
                .collect(),
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
                | Act::Fail => {}
            }
        }
        self.last = Some(summary.clone());
    }
}
