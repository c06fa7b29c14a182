//! Ends clusters: each end is confirmed by a second look, requested in batches, and followed until
//! the cluster is over.

use super::act::{ActionContext, BLIND};
use super::notices;
use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::cloud::CloudError;
use crate::guard::watch::{Force, Stage};
use crate::model::audit::{Act, Entry};
use crate::model::name::ClusterId;
use crate::model::observed::End;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a requested termination may take before it is requested confirmed_force.
const RETRY_INTERVAL: TimeDelta = TimeDelta::minutes(10);

/// How many clusters are confirmed and then ended together, so that little time lies between the
/// two. EMR terminates as many in one call.
const BATCH_SIZE: usize = 10;

impl RegionWatch {
    /// Ends the clusters that are due, the longest overdue first. Nobody is notified meanwhile,
    /// since that takes time.
    pub(super) async fn end_due(
        &mut self,
        context: &ActionContext<'_>,
        began_at: DateTime<Utc>,
        done: &mut Vec<Entry>,
    ) {
        let due = |(_, tracked): &(&ClusterId, &TrackedCluster)| {
            matches!(tracked.assessment.stage, Stage::End(..)) && tracked.is_fresh(began_at)
        };
        let due = self.tracked.iter().filter(due);
        let mut due: Vec<_> = due
            .map(|(id, tracked)| (tracked.assessment.ends_at, id.clone()))
            .collect();
        due.sort();
        for batch in due.chunks(BATCH_SIZE) {
            let mut ends = Vec::new();
            for (_, id) in batch {
                ends.extend(self.confirm(id, context, done).await);
            }
            if !context.holds_watch().await {
                return;
            }
            self.end(ends, context, done).await;
        }
    }

    /// Looks again right before the end. Returns the end only if the assessment is still at least
    /// as strong.
    async fn confirm(
        &mut self,
        id: &ClusterId,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) -> Option<(ClusterId, End)> {
        let Stage::End(_, force, lift) = self.tracked.get(id)?.assessment.stage else {
            return None;
        };
        if force == Force::Soft {
            let only = std::slice::from_ref(id);
            self.read_metrics(only, context.clock.now()).await;
        }
        // Last: work that has just begun shows in the list of steps first.
        self.look(id, context.clock.now()).await;
        let blind = self.blind.then_some(BLIND);
        let now = context.clock.now();
        let tracked = self.tracked.get_mut(id)?;
        tracked.judge(context.policies, now, blind);
        let Stage::End(end, confirmed_force, _) = tracked.assessment.stage.clone() else {
            return None;
        };
        if tracked.trouble.is_some() || confirmed_force < force {
            return None;
        }
        if lift {
            if !context.holds_watch().await {
                return None;
            }
            let lifted = match self.fleet.region() {
                Some(region) => region.unprotect(id).await,
                None => Ok(()),
            };
            let tracked = self.tracked.get(id)?;
            let entry = match &lifted {
                Ok(()) => context.entry(self, tracked, Act::Unprotect, "done"),
                Err(error) => self.failed(
                    tracked,
                    context,
                    "cannot remove its termination protection",
                    error,
                ),
            };
            context.note(entry, done);
            lifted.ok()?;
        }
        Some((id.clone(), end))
    }

    async fn end(
        &mut self,
        ends: Vec<(ClusterId, End)>,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        if ends.is_empty() {
            return;
        }
        // Recorded before the call, so that the next watchdog follows the termination.
        for (id, _) in &ends {
            if let Some(tracked) = self.tracked.get(id) {
                context.note(context.entry(self, tracked, Act::Terminate, "asked"), done);
            }
        }
        let answers = self.fleet.end(&ends).await;
        for ((id, end), answer) in ends.into_iter().zip(answers) {
            let now = context.clock.now();
            let Some(tracked) = self.tracked.get_mut(&id) else {
                continue;
            };
            tracked.changed = true;
            match answer {
                Ok(()) => {
                    tracked.asked_at.get_or_insert(now);
                    tracked.end = Some(end);
                }
                Err(error) => self.end_failed(&id, &error, context, done).await,
            }
        }
    }

    async fn end_failed(
        &self,
        id: &ClusterId,
        error: &CloudError,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        context.note(self.failed(tracked, context, "cannot end it", error), done);
        let notice = notices::unended(&self.about(tracked, context.clock.now()), error);
        context.audit_sink.notify(&notice).await;
    }

    /// Notifies people of a requested end once, also if the watchdog that requested it was
    /// interrupted before it could.
    pub(super) async fn notify_end(&self, id: &ClusterId, context: &ActionContext<'_>) {
        let requested = self
            .tracked
            .get(id)
            .filter(|tracked| tracked.asked_at.is_some());
        if let Some(tracked) = requested {
            let notice = notices::ended(
                &self.about(tracked, context.clock.now()),
                &tracked.its_end(),
            );
            context.audit_sink.notify(&notice).await;
        }
    }

    /// Records that a cluster is over, if this watchdog or one before it requested the end.
    pub(super) async fn over(
        &self,
        id: &ClusterId,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        self.notify_end(id, context).await;
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        if tracked.asked_at.is_some() {
            let state = tracked
                .snapshot
                .as_ref()
                .map_or(tracked.listed.state, |snapshot| snapshot.state());
            context.note(
                context.entry(self, tracked, Act::Ended, state.as_str()),
                done,
            );
        }
        for what in notices::MATTERS {
            context
                .audit_sink
                .forget(&notices::matter(what, self.place(), id));
        }
    }

    /// Records clusters that neither listings nor looks find any more as ended.
    pub(super) fn record_lost(&self, context: &ActionContext<'_>, done: &mut Vec<Entry>) {
        let lost = |tracked: &&TrackedCluster| tracked.is_lost() && tracked.asked_at.is_some();
        for tracked in self.tracked.values().filter(lost) {
            let outcome = "the cloud no longer knows it";
            context.note(context.entry(self, tracked, Act::Ended, outcome), done);
        }
    }

    pub(super) async fn late(
        &mut self,
        id: &ClusterId,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        let now = context.clock.now();
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        let notice = notices::late(&self.about(tracked, now));
        if context.audit_sink.notify(&notice).await {
            context.note(
                context.entry(self, tracked, Act::Escalate, "people were notified"),
                done,
            );
        }
        let retry = tracked
            .last_asked_at()
            .is_none_or(|at| now - at >= RETRY_INTERVAL);
        if retry && context.holds_watch().await {
            let end = tracked.its_end();
            // Whether the repeated call worked shows in the cluster's state.
            let _ = self.fleet.end(&[(id.clone(), end)]).await;
            if let Some(tracked) = self.tracked.get_mut(id) {
                tracked.again_at = Some(now);
            }
        }
    }
}
