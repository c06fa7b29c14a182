//! How clusters end: confirmed by a second look, asked for in batches, followed until they are over.

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

/// An end that does not come is asked for again.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

/// Clusters between whose confirmation and end no more than so many others are looked at. EMR ends
/// as many in one call.
const AT_ONCE: usize = 10;

impl RegionWatch {
    /// Ends what is due, those that are due longest first. Nobody is told meanwhile: that takes time.
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
        for batch in due.chunks(AT_ONCE) {
            let mut ends = Vec::new();
            for (_, id) in batch {
                ends.extend(self.confirm(id, context, done).await);
            }
            if !context.watch().await {
                return;
            }
            self.end(ends, context, done).await;
        }
    }

    /// A second look, right before the act: only what says the same again ends.
    async fn confirm(
        &mut self,
        id: &ClusterId,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) -> Option<(ClusterId, End)> {
        let Stage::End(_, force, lift) = self.tracked.get(id)?.assessment.stage else {
            return None;
        };
        self.look(id).await;
        if force == Force::Soft {
            let alone = std::slice::from_ref(id);
            self.hear_pulses(alone, context.clock.now()).await;
        }
        let blind = self.blind.then_some(BLIND);
        let now = context.clock.now();
        let tracked = self.tracked.get_mut(id)?;
        tracked.judge(context.policies, now, blind);
        let Stage::End(end, again, _) = tracked.assessment.stage.clone() else {
            return None;
        };
        if tracked.trouble.is_some() || again < force {
            return None;
        }
        if lift {
            if !context.watch().await {
                return None;
            }
            let lifted = self.fleet.unprotect(id).await;
            let tracked = self.tracked.get(id)?;
            let entry = match &lifted {
                Ok(()) => context.entry(self, tracked, Act::Unprotect, "done"),
                Err(error) => {
                    self.failed(tracked, context, "cannot take its protection off", error)
                }
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
        // On record before it is so: whoever comes after waits for it to be over.
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
                Err(error) => self.unended(&id, &error, context, done).await,
            }
        }
    }

    async fn unended(
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
        context.audit_sink.tell(&notice).await;
    }

    /// Once, whoever asked for it and was cut off before it could tell.
    pub(super) async fn tell_of_end(&self, id: &ClusterId, context: &ActionContext<'_>) {
        let asked = self
            .tracked
            .get(id)
            .filter(|tracked| tracked.asked_at.is_some());
        if let Some(tracked) = asked {
            let notice = notices::ended(
                &self.about(tracked, context.clock.now()),
                &tracked.its_end(),
            );
            context.audit_sink.tell(&notice).await;
        }
    }

    /// It is over: said where its end was asked for.
    pub(super) async fn over(
        &self,
        id: &ClusterId,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        self.tell_of_end(id, context).await;
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        if tracked.asked_at.is_some() {
            let state = tracked
                .snapshot
                .as_ref()
                .map_or(tracked.listed.state, |snapshot| snapshot.state);
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

    /// What neither listings nor looks find any more is gone, as far as anybody can tell.
    pub(super) fn lose(&self, context: &ActionContext<'_>, done: &mut Vec<Entry>) {
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
        if context.audit_sink.tell(&notice).await {
            context.note(context.entry(self, tracked, Act::Escalate, "told"), done);
        }
        let again = tracked.last_asked_at().is_none_or(|at| now - at >= AGAIN);
        if again && context.watch().await {
            let end = tracked.its_end();
            // Asked for once more; what comes of it shows in its state.
            let _ = self.fleet.end(&[(id.clone(), end)]).await;
            if let Some(tracked) = self.tracked.get_mut(id) {
                tracked.again_at = Some(now);
            }
        }
    }
}
