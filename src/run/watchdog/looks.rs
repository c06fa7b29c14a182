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
/// How many clusters with guardrails are described again in one sweep: somebody may have moved their
/// deadline.
const MAX_GUARDED: usize = 20;
/// How many calls a sweep may make in which nothing has changed.
const MAX_CALLS: usize = 45;
/// The clusters of one page of a listing (EMR API, ListClusters).
const PAGE: usize = 50;
/// One call for metrics, and at times one for the records of adopted clusters.
const READINGS: usize = 2;
/// The cost of a first description: DescribeCluster, ListSteps, and ListInstanceGroups or
/// ListInstanceFleets.
const DESCRIPTION: usize = 3;

/// Which of the clusters that nothing is known to have changed of are described first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Routine {
    /// It has guardrails.
    Guarded,
    /// It is kept for a reason that somebody may have removed.
    Known,
    /// Its applications and prices are unknown so far.
    Listed,
}

impl RegionWatch {
    /// Returns the clusters to describe: all that are no longer listed, changed or suspected, the
    /// most urgent first, then some new ones, those whose last description failed, and some of the
    /// others.
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
                    urgent.push((tracked.failed, false, DateTime::<Utc>::MIN_UTC, id));
                }
            } else if tracked.snapshot.is_none() {
                new.push((tracked.failed, !live, tracked.listed.created_at, id));
            } else if tracked.is_retried_later(now) {
                continue;
            } else if live && is_urgent(tracked, now) && !tracked.can_wait(now) {
                let can_follow = tracked.has_time(now);
                urgent.push((tracked.failed, can_follow, ends_at, id));
            } else if tracked.next_look <= now {
                others.push((routine(tracked), tracked.failed, tracked.next_look, id));
            }
        }
        urgent.sort();
        new.sort();
        let (urgent, failed): (Vec<_>, Vec<_>) =
            urgent.into_iter().partition(|(failed, ..)| *failed == 0);
        let urgent = urgent.into_iter().map(|(.., id)| id);
        let new = new.into_iter().take(MAX_NEW).map(|(.., id)| id);
        let failed = failed.into_iter().map(|(.., id)| id);
        let others = self.routine_looks(others);
        let all = urgent.chain(new).chain(failed).chain(others);
        all.cloned().collect()
    }

    /// Returns those of the waiting clusters that are described: the guarded ones, and of the others
    /// as many as the limit of calls leaves room for.
    fn routine_looks<'a>(
        &self,
        mut waiting: Vec<(Routine, u32, DateTime<Utc>, &'a ClusterId)>,
    ) -> impl Iterator<Item = &'a ClusterId> {
        waiting.sort();
        let pages = self.tracked.len().div_ceil(PAGE);
        let room = MAX_CALLS.saturating_sub(pages + READINGS + self.tag_calls) / DESCRIPTION;
        let is_guarded = |it: &&(Routine, u32, DateTime<Utc>, &ClusterId)| it.0 == Routine::Guarded;
        let guarded = waiting.iter().filter(is_guarded).count().min(MAX_GUARDED);
        let foreign = (waiting.len() - guarded).div_ceil(20);
        let most = guarded + foreign.min(room.saturating_sub(guarded));
        waiting.into_iter().take(most).map(|(.., id)| id)
    }

    /// Returns the clusters that became suspects by their metrics.
    pub(super) fn suspects_unlooked(
        &self,
        due_looks: &[ClusterId],
        now: DateTime<Utc>,
    ) -> Vec<ClusterId> {
        let late = |(id, tracked): &(&ClusterId, &TrackedCluster)| {
            let suspect = tracked.assessment.stage.is_suspect() || tracked.needs_description(now);
            suspect && !tracked.is_retried_later(now) && !due_looks.contains(id)
        };
        let late = self.tracked.iter().filter(late);
        late.map(|(id, _)| id.clone()).collect()
    }

    /// Returns every cluster for which its listing is not enough, and every suspect that was not
    /// described since `began_at`.
    pub(super) fn all_due_looks(
        &self,
        began_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Vec<ClusterId> {
        if self.refused.is_some() {
            return Vec::new();
        }
        let is_due = |tracked: &TrackedCluster| {
            let unknown = tracked.snapshot.is_none() || tracked.missing && !tracked.may_vanish();
            let urgent = tracked.listed.state.is_live() && is_urgent(tracked, now);
            let due = unknown || urgent && !tracked.is_fresh(began_at);
            due && tracked.trouble.is_none() && (!tracked.missing || !self.blind)
        };
        let due = self.tracked.iter().filter(|(_, tracked)| is_due(tracked));
        due.map(|(id, _)| id.clone()).collect()
    }

    /// Reports how many of the clusters that need it were described.
    pub(super) fn report_look(&self, looked: usize, of: usize, listener: &dyn Listener) {
        let (place, all) = (self.place(), self.tracked.len());
        listener.on_wait(format!(
            "{place}: {all} clusters, described {looked} of {of} that need it"
        ));
    }
}

fn routine(tracked: &TrackedCluster) -> Routine {
    let snapshot = tracked.snapshot.as_ref();
    let is_guarded = snapshot.is_some_and(|it| it.cluster.guarded().is_some());
    match is_guarded {
        true => Routine::Guarded,
        false if tracked.was_never_described() => Routine::Listed,
        false => Routine::Known,
    }
}

/// Whether something has changed or is to be done, so that only a fresh description counts.
fn is_urgent(tracked: &TrackedCluster, now: DateTime<Utc>) -> bool {
    let suspect = tracked.assessment.stage.is_suspect() || tracked.needs_description(now);
    tracked.changed || suspect || tracked.trouble.is_some()
}
