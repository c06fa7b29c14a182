//! Which clusters a sweep describes. A listing with tags and metrics is enough to keep a cluster, so a
//! description, which costs two calls of EMR's small quotas, is for those that changed or are
//! suspected, for those of clusterup, and in turn for a few of the others.

use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::model::event::Listener;
use crate::model::name::ClusterId;
use chrono::{DateTime, Utc};

/// How many new clusters of which a listing is not enough are described in one sweep.
const MAX_NEW: usize = 40;
/// How many unsuspected clusters are described in one sweep at least.
const MIN_ROUTINE: usize = 1;
/// How many calls a sweep may make in which nothing has changed.
const MAX_CALLS: usize = 45;
/// The clusters of one page of a listing (EMR API, ListClusters).
const PAGE: usize = 50;
/// One call for tags and one for metrics.
const READINGS: usize = 2;
/// The cost of a first description: DescribeCluster, ListSteps, and ListInstanceGroups or
/// ListInstanceFleets.
const DESCRIPTION: usize = 3;

impl RegionWatch {
    /// Returns the clusters to describe: all that are no longer listed, changed or suspected, the
    /// most urgent first, then some new ones and some of the others. Those whose last description
    /// failed come last in each group.
    pub(super) fn due_looks(&self, now: DateTime<Utc>) -> Vec<ClusterId> {
        let mut urgent = Vec::new();
        let mut new = Vec::new();
        let mut others = Vec::new();
        for (id, tracked) in &self.tracked {
            let live = tracked.listed.state.is_live();
            let ends_at = tracked
                .assessment
                .ends_at
                .unwrap_or(DateTime::<Utc>::MAX_UTC);
            if tracked.missing {
                if !self.blind && !tracked.may_vanish() {
                    urgent.push((tracked.failed, DateTime::<Utc>::MIN_UTC, id));
                }
            } else if tracked.snapshot.is_none() {
                new.push((tracked.failed, !live, tracked.listed.created_at, id));
            } else if live && is_urgent(tracked) && !tracked.can_wait(now) {
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
    /// of calls leaves room for.
    fn routine(&self, waiting: usize) -> usize {
        let pages = self.tracked.len().div_ceil(PAGE);
        let room = MAX_CALLS.saturating_sub(pages + READINGS) / DESCRIPTION;
        (waiting / 20).min(room).max(MIN_ROUTINE)
    }

    /// Returns the clusters that became suspects by their metrics.
    pub(super) fn suspects_unlooked(&self, due_looks: &[ClusterId]) -> Vec<ClusterId> {
        let late = |(id, tracked): &(&ClusterId, &TrackedCluster)| {
            let suspect = tracked.assessment.stage.is_suspect() || tracked.needs_description();
            suspect && !tracked.missing && !due_looks.contains(id)
        };
        let late = self.tracked.iter().filter(late);
        late.map(|(id, _)| id.clone()).collect()
    }

    /// Describes every cluster for which its listing is not enough, and every suspect that was not
    /// described since `fresh_from`. Returns how many they are.
    pub(super) async fn look_at_all(
        &mut self,
        fresh_from: DateTime<Utc>,
        listener: &dyn Listener,
    ) -> usize {
        if self.refused.is_some() {
            return 0;
        }
        let is_due = |tracked: &TrackedCluster| {
            let unknown = tracked.snapshot.is_none() || tracked.missing && !tracked.may_vanish();
            let urgent = tracked.listed.state.is_live() && is_urgent(tracked);
            let due = unknown || urgent && !tracked.is_fresh(fresh_from);
            due && tracked.trouble.is_none() && (!tracked.missing || !self.blind)
        };
        let due = self.tracked.iter().filter(|(_, tracked)| is_due(tracked));
        let due: Vec<ClusterId> = due.map(|(id, _)| id.clone()).collect();
        for (looked, id) in due.iter().enumerate() {
            let place = self.place();
            let (all, of) = (self.tracked.len(), due.len());
            listener.on_wait(format!(
                "{place}: {all} clusters, described {looked} of {of} that need it"
            ));
            self.look(id).await;
        }
        due.len()
    }
}

/// Whether something has changed or is to be done, so that only a fresh description counts.
fn is_urgent(tracked: &TrackedCluster) -> bool {
    let suspect = tracked.assessment.stage.is_suspect() || tracked.needs_description();
    tracked.changed || suspect || tracked.trouble.is_some()
}
