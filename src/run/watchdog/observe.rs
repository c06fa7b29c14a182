//! Observes one place: lists its clusters, then describes, in this order, those that changed or are
//! suspected, those that are new, and in turn a few of the others.

use super::act::BLIND;
use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::guard::watch::{AT_ONCE, Stage};
use crate::model::clock::Clock;
use crate::model::event::Listener;
use crate::model::fleet::{ClusterSnapshot, ListedCluster, Reading};
use crate::model::name::ClusterId;
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How many new clusters are described in one sweep. A large fleet is described over several
/// sweeps.
const MAX_NEW: usize = 40;
/// How many unsuspected clusters are described in one sweep at least.
const MIN_ROUTINE: usize = 2;
/// How far back metrics are read: three hours are enough to see whether a cluster is stuck; a day
/// once for a cluster without earlier metrics; more if it may be idle for longer. CloudWatch keeps
/// five-minute points for 63 days and charges for metrics, not for points.
const PAST: TimeDelta = TimeDelta::hours(3);
const DAY: TimeDelta = TimeDelta::days(1);
const LONG_PAST: TimeDelta = TimeDelta::days(15);
/// How many calls listing and routine descriptions may cost in one sweep.
const MAX_CALLS: usize = 44;
/// The longest that a slow place may delay the others in a sweep of the daemon.
const MAX_OBSERVE_TIME: Duration = Duration::from_secs(180);

/// Returns how far back the metrics of a cluster are read: one of three lengths, so that most
/// clusters share a request.
fn past(tracked: &TrackedCluster) -> TimeDelta {
    let remembered = tracked.quiet_period.is_some() || tracked.metric_samples.is_some();
    let least = if remembered { PAST } else { DAY };
    let reach = tracked.reach.max(least);
    [PAST, DAY]
        .into_iter()
        .find(|past| reach <= *past)
        .unwrap_or(LONG_PAST)
}

/// How much one sweep observes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// As much as a minute allows: the next sweep goes on.
    Part,
    /// All that is due: there may be no next sweep.
    Whole,
}

impl RegionWatch {
    /// Observes the place. Returns how many clusters were described.
    pub(super) async fn observe(
        &mut self,
        policies: &Policies,
        clock: &dyn Clock,
        now: DateTime<Utc>,
        extent: Extent,
    ) -> usize {
        self.gaps.clear();
        self.refused = None;
        match self.fleet.list().await {
            Ok(listed) => {
                self.blind = false;
                self.merge_listing(listed, now);
            }
            Err(error) => self.note_blind(&error),
        }
        self.judge(policies, now);
        if self.refused.is_some() {
            return 0;
        }
        let due_looks = self.due_looks(now);
        let until = Instant::now() + MAX_OBSERVE_TIME;
        for id in &due_looks {
            // The rest is not acted on, and comes first in the next sweep.
            if extent == Extent::Whole || Instant::now() < until {
                self.look(id).await;
            }
        }
        self.read_due_metrics(policies, clock.now(), extent).await;
        self.judge(policies, clock.now());
        let late = self.suspects_unlooked(&due_looks);
        for id in &late {
            self.look(id).await;
        }
        self.judge(policies, clock.now());
        self.note_gaps();
        due_looks.len() + late.len()
    }

    fn merge_listing(&mut self, listed: Vec<ListedCluster>, now: DateTime<Utc>) {
        for tracked in self.tracked.values_mut() {
            tracked.missing = true;
        }
        for listed in listed {
            match self.tracked.get_mut(&listed.id) {
                Some(tracked) => tracked.listed(listed),
                None => {
                    let id = listed.id.clone();
                    self.tracked.insert(id, TrackedCluster::new(listed, now));
                }
            }
        }
    }

    pub(super) fn judge(&mut self, policies: &Policies, now: DateTime<Utc>) {
        let blind = self.blind.then_some(BLIND);
        for tracked in self.tracked.values_mut() {
            tracked.judge(policies, now, blind);
        }
    }

    /// Returns the clusters to describe: all that are no longer listed, changed or suspected, the
    /// most urgent first, then some new ones and some of the others. Those whose last description
    /// failed come last in each group.
    fn due_looks(&self, now: DateTime<Utc>) -> Vec<ClusterId> {
        let mut urgent = Vec::new();
        let mut new = Vec::new();
        let mut others = Vec::new();
        for (id, tracked) in &self.tracked {
            let live = tracked.listed.state.is_live();
            let suspect = tracked.assessment.stage.is_suspect() && !tracked.can_wait(now);
            let ends_at = tracked
                .assessment
                .ends_at
                .unwrap_or(DateTime::<Utc>::MAX_UTC);
            if tracked.missing && !self.blind {
                urgent.push((tracked.failed, DateTime::<Utc>::MIN_UTC, id));
            } else if tracked.snapshot.is_none() {
                new.push((tracked.failed, !live, tracked.listed.created_at, id));
            } else if live && (tracked.changed || suspect) {
                urgent.push((tracked.failed, ends_at, id));
            } else if tracked.next_look <= now {
                others.push((tracked.failed, tracked.next_look, id));
            }
        }
        urgent.sort();
        new.sort();
        others.sort();
        let routine = self.routine(others.len());
        let urgent = urgent.into_iter().map(|(.., id)| id);
        let new = new.into_iter().take(MAX_NEW).map(|(.., id)| id);
        let others = others.into_iter().take(routine).map(|(.., id)| id);
        urgent.chain(new).chain(others).cloned().collect()
    }

    /// Returns how many waiting clusters are described: at least a few, and no more than the limit
    /// of calls leaves room for. A description costs two calls, a page of the listing one.
    fn routine(&self, waiting: usize) -> usize {
        let pages = self.tracked.len() / 50;
        let room = MAX_CALLS.saturating_sub(pages) / 2;
        (waiting / 20).min(room).max(MIN_ROUTINE)
    }

    /// Returns the clusters that became suspects by their metrics.
    fn suspects_unlooked(&self, due_looks: &[ClusterId]) -> Vec<ClusterId> {
        let late = |(id, tracked): &(&ClusterId, &TrackedCluster)| {
            tracked.assessment.stage.is_suspect() && !due_looks.contains(id)
        };
        let late = self.tracked.iter().filter(late);
        late.map(|(id, _)| id.clone()).collect()
    }

    /// Describes the running clusters that no sweep has described yet. Returns how many they are.
    pub(super) async fn look_at_new(&mut self, listener: &dyn Listener) -> usize {
        let is_new = |tracked: &TrackedCluster| {
            let is_running = tracked.listed.state.is_live() && !tracked.missing;
            is_running && tracked.snapshot.is_none() && tracked.trouble.is_none()
        };
        let new = self.tracked.iter().filter(|(_, tracked)| is_new(tracked));
        let new: Vec<ClusterId> = new.map(|(id, _)| id.clone()).collect();
        let known = self.tracked.len() - new.len();
        for (more, id) in new.iter().enumerate() {
            let looked = known + more;
            let (place, all) = (self.place(), self.tracked.len());
            listener.on_wait(format!("{place}: looked at {looked} of {all} clusters"));
            self.look(id).await;
        }
        new.len()
    }

    pub(super) async fn look(&mut self, id: &ClusterId) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        match self.fleet.look(id).await {
            Ok(Some(snapshot)) => tracked.looked(snapshot),
            // Not found is not gone: several looks must miss it.
            Ok(None) => {
                tracked.unfound += 1;
                tracked.look_failed("the cloud does not know it".to_owned());
            }
            Err(error) => tracked.look_failed(format!("it cannot be described: {error}")),
        }
    }

    /// Reads the metrics of clusters that their steps alone would end, those that waited longest
    /// first: for a part, as many as one request can have.
    async fn read_due_metrics(&mut self, policies: &Policies, now: DateTime<Utc>, extent: Extent) {
        let needs =
            |(_, tracked): &(&ClusterId, &TrackedCluster)| tracked.needs_metrics(policies, now);
        let ids = self.tracked.iter().filter(needs);
        let mut ids: Vec<_> = ids
            .map(|(id, tracked)| (tracked.metrics_read_at, id))
            .collect();
        ids.sort();
        let most = match extent {
            Extent::Part => AT_ONCE,
            Extent::Whole => usize::MAX,
        };
        let ids = ids.into_iter().take(most);
        let ids: Vec<ClusterId> = ids.map(|(_, id)| id.clone()).collect();
        self.read_metrics(&ids, now).await;
    }

    /// Reads the metrics of these clusters.
    pub(super) async fn read_metrics(&mut self, ids: &[ClusterId], now: DateTime<Utc>) {
        let mut by_past: BTreeMap<TimeDelta, Vec<ClusterId>> = BTreeMap::new();
        for id in ids {
            let past = self.tracked.get(id).map_or(PAST, past);
            by_past.entry(past).or_default().push(id.clone());
        }
        for (past, some) in by_past {
            self.read_metrics_since(&some, now, past).await;
        }
    }

    async fn read_metrics_since(&mut self, ids: &[ClusterId], now: DateTime<Utc>, past: TimeDelta) {
        let samples = {
            let tracked = ids.iter().filter_map(|id| self.tracked.get(id));
            let snapshots: Vec<&ClusterSnapshot> = tracked
                .filter_map(|tracked| tracked.snapshot.as_ref())
                .collect();
            self.fleet.metric_samples(&snapshots, now - past).await
        };
        let mut samples = samples.map_err(|error| {
            let gap = format!("metrics of {} clusters cannot be read: {error}", ids.len());
            self.gaps.push(gap);
            error.to_string()
        });
        for id in ids {
            let metric_samples = match &mut samples {
                Ok(samples) => Reading::Read(samples.remove(id).unwrap_or_default()),
                Err(why) => Reading::Unread(why.clone()),
            };
            if let Some(tracked) = self.tracked.get_mut(id) {
                tracked.set_metrics(metric_samples, now);
            }
        }
    }

    /// Notes what could not be observed.
    fn note_gaps(&mut self) {
        let unlooked =
            |tracked: &&TrackedCluster| tracked.snapshot.is_none() && tracked.trouble.is_none();
        match self.tracked.values().filter(unlooked).count() {
            0 => {}
            count => self
                .gaps
                .push(format!("{count} clusters were not checked yet")),
        }
        let mut troubles: BTreeMap<&str, usize> = BTreeMap::new();
        for why in self
            .tracked
            .values()
            .filter_map(|tracked| tracked.trouble.as_deref())
        {
            *troubles.entry(why).or_default() += 1;
        }
        let unread = |tracked: &&TrackedCluster| {
            let steps = tracked.snapshot.as_ref().map(|snapshot| &snapshot.steps);
            matches!(steps, Some(Reading::Unread(_))) && tracked.listed.state.is_live()
        };
        let troubles = troubles.into_iter();
        self.gaps
            .extend(troubles.map(|(why, count)| format!("{count} x {why}")));
        match self.tracked.values().filter(unread).count() {
            0 => {}
            count => self
                .gaps
                .push(format!("the steps of {count} clusters cannot be read")),
        }
    }

    /// Drops clusters that are over or lost.
    pub(super) fn drop_over(&mut self) {
        self.tracked.retain(|_, tracked| {
            let over = tracked.assessment.stage == Stage::Over;
            !over && !tracked.is_lost()
        });
    }
}
