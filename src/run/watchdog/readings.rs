//! Reads tags and metrics of many clusters in one call.

use super::observe::Extent;
use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::guard::watch::QuietPeriod;
use crate::model::fleet::{ClusterSnapshot, Reading};
use crate::model::name::ClusterId;
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// The tags of so many clusters fit into one call (Resource Groups Tagging API, GetResources).
const TAGS_AT_ONCE: usize = 100;

/// How long tags are not read in this way after that has failed: the permission may be missing.
const TAGS_RETRY_INTERVAL: TimeDelta = TimeDelta::hours(1);

/// How far back metrics are read: three hours are enough to see whether a cluster is stuck; a day
/// once for a cluster without earlier metrics; more if it may be idle for longer. CloudWatch keeps
/// five-minute points for 63 days and charges for metrics, not for points.
const PAST: TimeDelta = TimeDelta::hours(3);
const DAY: TimeDelta = TimeDelta::days(1);
const LONG_PAST: TimeDelta = TimeDelta::days(15);

/// Returns how far back the metrics of a cluster are read: one of three lengths, so that most
/// clusters share a request.
fn past(tracked: &TrackedCluster, now: DateTime<Utc>) -> TimeDelta {
    let is_recent = |quiet_period: QuietPeriod| now - quiet_period.until <= PAST;
    let goes_on = tracked.quiet_period.is_some_and(is_recent);
    let remembered = goes_on || tracked.metric_samples.is_some();
    let least = if remembered { PAST } else { DAY };
    let reach = tracked.reach.max(least);
    [PAST, DAY]
        .into_iter()
        .find(|past| reach <= *past)
        .unwrap_or(LONG_PAST)
}

impl RegionWatch {
    /// Reads the tags of all new clusters, and of known ones whose tags were read long ago: for a
    /// part, as many as fit into the same calls.
    pub(super) async fn read_due_tags(&mut self, now: DateTime<Utc>, extent: Extent) {
        self.tag_calls = 0;
        if self.fleet.region().is_none() || self.tags_retry_at.is_some_and(|at| now < at) {
            return;
        }
        let wants = |(_, tracked): &(&ClusterId, &TrackedCluster)| tracked.wants_tags(now);
        let due = self.tracked.iter().filter(wants);
        let mut due: Vec<_> = due
            .map(|(id, tracked)| (tracked.tags_known_at(), id))
            .collect();
        due.sort();
        let new = due.iter().filter(|(read_at, _)| read_at.is_none()).count();
        if extent == Extent::Part {
            // Known ones wait until a call is full or there are few clusters.
            let full = self.tracked.len().min(TAGS_AT_ONCE);
            if new == 0 && due.len() < full {
                return;
            }
            due.truncate(new.max(1).next_multiple_of(TAGS_AT_ONCE));
        }
        let ids: Vec<ClusterId> = due.into_iter().map(|(_, id)| id.clone()).collect();
        if ids.is_empty() {
            return;
        }
        self.tag_calls = ids.len().div_ceil(TAGS_AT_ONCE);
        let mut tags = match self.fleet.tags(&ids).await {
            Ok(tags) => tags,
            Err(error) => {
                let why = format!("tags cannot be read of many clusters at once: {error}");
                self.gaps.push(why);
                // Until then, new clusters are described one by one.
                self.tags_retry_at = Some(now + TAGS_RETRY_INTERVAL);
                return;
            }
        };
        for id in &ids {
            let tags = tags.remove(id).unwrap_or_default();
            if let Some(tracked) = self.tracked.get_mut(id) {
                let glance = self.fleet.glance(&tracked.listed, tags);
                tracked.glanced(glance, now);
            }
        }
    }

    /// Reads the metrics of clusters that may be idle or stuck as far as is known, those that waited
    /// longest first: for a part, of all without earlier metrics, and of as many others as fit into
    /// one call.
    pub(super) async fn read_due_metrics(
        &mut self,
        policies: &Policies,
        now: DateTime<Utc>,
        extent: Extent,
    ) {
        let needs =
            |(_, tracked): &(&ClusterId, &TrackedCluster)| tracked.needs_metrics(policies, now);
        let due = self.tracked.iter().filter(needs);
        let (mut known, new): (Vec<_>, Vec<_>) =
            due.partition(|(_, tracked)| tracked.metric_samples.is_some());
        known.sort_by_key(|(id, tracked)| (tracked.metrics_read_at, *id));
        if extent == Extent::Part
            && let Some(first) = known.first().map(|(_, tracked)| past(tracked, now))
        {
            known.retain(|(_, tracked)| past(tracked, now) == first);
            known.truncate(self.fleet.at_once(first));
        }
        let ids = new.into_iter().chain(known).map(|(id, _)| id.clone());
        let ids: Vec<ClusterId> = ids.collect();
        self.read_metrics(&ids, now).await;
    }

    /// Reads the metrics of these clusters.
    pub(super) async fn read_metrics(&mut self, ids: &[ClusterId], now: DateTime<Utc>) {
        let mut by_past: BTreeMap<TimeDelta, Vec<ClusterId>> = BTreeMap::new();
        for id in ids {
            let past = self
                .tracked
                .get(id)
                .map_or(PAST, |tracked| past(tracked, now));
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
}
