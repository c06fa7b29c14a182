//! Acts on assessments. People are notified before a mark is written, and a mark is written before
//! anything ends; if interrupted at any point, the next sweep continues from there.

use super::adopt;
use super::audit_sink::AuditSink;
use super::notices::{self, NoticeSubject};
use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::cloud::CloudError;
use crate::cloud::fleet::FleetProvider;
use crate::guard::watch::Stage;
use crate::model::audit::{Act, Entry, Target};
use crate::model::clock::Clock;
use crate::model::name::ClusterId;
use crate::model::notice::Notice;
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};

/// The evidence for keeping a cluster while its place cannot be listed: idleness is then unknown.
pub(super) const BLIND: &str = "the clusters of its place cannot be listed";

/// How old a description may be because of which a mark is written or removed.
const MAX_AGE: TimeDelta = TimeDelta::minutes(15);

/// What the watchdog needs to act.
pub(super) struct ActionContext<'a> {
    pub(super) audit_sink: &'a dyn AuditSink,
    pub(super) policies: &'a Policies,
    pub(super) clock: &'a dyn Clock,
    pub(super) actor: &'a str,
    /// The place whose lease is the watch, if one is held: two watchdogs must not act at once.
    pub(super) lease_place: Option<&'a dyn FleetProvider>,
}

impl ActionContext<'_> {
    /// Whether this watchdog still holds the watch. Checked before anything is changed.
    pub(super) async fn holds_watch(&self) -> bool {
        match self.lease_place {
            Some(lease_place) => lease_place.holds_watch().await.unwrap_or(false),
            None => true,
        }
    }

    pub(super) fn entry(
        &self,
        region_watch: &RegionWatch,
        tracked: &TrackedCluster,
        act: Act,
        outcome: impl Into<String>,
    ) -> Entry {
        let assessment = &tracked.assessment;
        Entry {
            at: self.clock.now(),
            actor: self.actor.to_owned(),
            place: Some(region_watch.place().clone()),
            target: Some(Target::cluster(&tracked.listed.id, &tracked.listed.name)),
            act,
            verdict: Some(match assessment.reason {
                Some(reason) => reason.as_str().to_owned(),
                None => assessment.stage.word().to_owned(),
            }),
            evidence: Some(assessment.evidence.clone()).filter(|says| !says.is_empty()),
            outcome: outcome.into(),
        }
    }

    pub(super) fn note(&self, entry: Entry, done: &mut Vec<Entry>) {
        self.audit_sink.note(&entry);
        done.push(entry);
    }
}

impl RegionWatch {
    /// Notifies and marks. Terminations are made by [`RegionWatch::end_due`], which runs first.
    pub(super) async fn notify_all(
        &mut self,
        context: &ActionContext<'_>,
        began_at: DateTime<Utc>,
        done: &mut Vec<Entry>,
    ) {
        let ids: Vec<ClusterId> = self.tracked.keys().cloned().collect();
        for id in ids {
            let Some(tracked) = self.tracked.get(&id) else {
                continue;
            };
            if tracked.is_fresh(began_at) && is_to_be_marked(tracked, context.clock.now()) {
                self.look(&id, context.clock.now()).await;
                self.judge_one(&id, context);
            }
            let Some(tracked) = self.tracked.get(&id) else {
                continue;
            };
            let stage = tracked.assessment.stage.clone();
            let fresh = tracked.is_fresh(began_at);
            // People are notified of what was described, not of what a listing makes likely.
            let known = !tracked.needs_description(context.clock.now());
            let snapshot = tracked.snapshot.as_ref();
            if let Some(why) = snapshot.and_then(|snapshot| snapshot.disputed()) {
                let about = self.about(tracked, context.clock.now());
                context
                    .audit_sink
                    .notify(&notices::disputed(&about, why))
                    .await;
            }
            if fresh && snapshot.is_some_and(adopt::is_unscheduled) {
                self.schedule_adopted(&id, context, done).await;
            }
            match stage {
                Stage::Over => self.over(&id, context, done).await,
                Stage::Late => self.late(&id, context, done).await,
                Stage::End(..) | Stage::Ending => self.notify_end(&id, context).await,
                Stage::Stuck if known => self.notify(&id, "stuck", context, done).await,
                Stage::Forgotten if known => self.notify(&id, "forgotten", context, done).await,
                Stage::Protected if known => self.notify(&id, "protected", context, done).await,
                // A cluster is only marked if it was described in this sweep.
                Stage::Warn(_) if fresh => self.warn(&id, context, done).await,
                Stage::Clear if fresh => self.clear(&id, context, done).await,
                Stage::Adopt if fresh => self.adopt(&id, context, done).await,
                Stage::Keep => self.forget_notified(&id, context),
                Stage::Stuck
                | Stage::Forgotten
                | Stage::Protected
                | Stage::Adopt
                | Stage::Exempt
                | Stage::Unseen
                | Stage::Warn(_)
                | Stage::Grace(_)
                | Stage::Clear => {}
            }
        }
        self.record_lost(context, done);
        self.drop_over();
    }

    async fn notify(
        &mut self,
        id: &ClusterId,
        what: &'static str,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        let notice = notices::stage_notice(
            &self.about(tracked, context.clock.now()),
            &tracked.assessment.stage,
        );
        if context.audit_sink.notify(&notice).await {
            context.note(
                context.entry(self, tracked, Act::Tell, "people were notified"),
                done,
            );
        }
        if let Some(tracked) = self.tracked.get_mut(id) {
            tracked.notified = Some(what);
        }
    }

    fn judge_one(&mut self, id: &ClusterId, context: &ActionContext<'_>) {
        let blind = self.blind.then_some(BLIND);
        if let Some(tracked) = self.tracked.get_mut(id) {
            tracked.judge(context.policies, context.clock.now(), blind);
        }
    }

    /// Lets a cluster that recovered be reported again.
    fn forget_notified(&mut self, id: &ClusterId, context: &ActionContext<'_>) {
        let notified = self
            .tracked
            .get_mut(id)
            .and_then(|tracked| tracked.notified.take());
        if let Some(what) = notified {
            context
                .audit_sink
                .forget(&notices::matter(what, self.place(), id));
        }
    }

    /// Warns about a cluster and marks it. The mark is computed now, so that time spent on other
    /// clusters does not shorten the grace.
    async fn warn(&mut self, id: &ClusterId, context: &ActionContext<'_>, done: &mut Vec<Entry>) {
        self.judge_one(id, context);
        let now = context.clock.now();
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        let Stage::Warn(mark) = tracked.assessment.stage else {
            return;
        };
        if !context.holds_watch().await {
            return;
        }
        let before = tracked.snapshot.as_ref().and_then(|snapshot| snapshot.mark);
        if before.is_some() {
            // The old mark belongs to another end; people were notified about that one separately.
            context
                .audit_sink
                .forget(&notices::matter("warn", self.place(), id));
        }
        let notice: Notice = notices::warning(&self.about(tracked, now), mark);
        let is_new = context.audit_sink.notify(&notice).await;
        let marked = self.fleet.mark(id, Some(&mark)).await;
        if let Err(error) = marked {
            // A cluster that cannot be marked is not ended; every sweep tries again.
            let notice = notices::unmarked(&self.about(tracked, now), &error);
            if context.audit_sink.notify(&notice).await || is_new {
                context.note(
                    self.failed(tracked, context, "cannot mark it", &error),
                    done,
                );
            }
            self.gaps.push(format!("{id} cannot be marked: {error}"));
            return;
        }
        let outcome = format!("ends at {}", at(mark.ends_at));
        context.note(context.entry(self, tracked, Act::Warn, outcome), done);
        if let Some(snapshot) = self
            .tracked
            .get_mut(id)
            .and_then(|tracked| tracked.snapshot.as_mut())
        {
            snapshot.mark = Some(mark);
        }
    }

    async fn clear(&mut self, id: &ClusterId, context: &ActionContext<'_>, done: &mut Vec<Entry>) {
        if !context.holds_watch().await {
            return;
        }
        for what in notices::MATTERS {
            context
                .audit_sink
                .forget(&notices::matter(what, self.place(), id));
        }
        let cleared = self.fleet.mark(id, None).await;
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        let entry = match &cleared {
            Ok(()) => context.entry(self, tracked, Act::Clear, "done"),
            Err(error) => self.failed(tracked, context, "cannot remove its mark", error),
        };
        context.note(entry, done);
        if cleared.is_ok()
            && let Some(snapshot) = self
                .tracked
                .get_mut(id)
                .and_then(|tracked| tracked.snapshot.as_mut())
        {
            snapshot.mark = None;
        }
    }

    pub(super) fn failed(
        &self,
        tracked: &TrackedCluster,
        context: &ActionContext<'_>,
        what: &str,
        error: &CloudError,
    ) -> Entry {
        context.entry(self, tracked, Act::Fail, format!("{what}: {error}"))
    }

    pub(super) fn about<'a>(
        &'a self,
        tracked: &'a TrackedCluster,
        now: DateTime<Utc>,
    ) -> NoticeSubject<'a> {
        NoticeSubject {
            place: self.place(),
            tracked,
            now,
        }
    }
}

/// Whether a mark is to be written or removed because of a description from the beginning of a long
/// sweep.
fn is_to_be_marked(tracked: &TrackedCluster, now: DateTime<Utc>) -> bool {
    let marks = matches!(tracked.assessment.stage, Stage::Warn(_) | Stage::Clear);
    let looked_at = tracked.snapshot.as_ref().map(|snapshot| snapshot.looked_at);
    marks && looked_at.is_some_and(|at| now - at > MAX_AGE)
}

pub(super) fn at(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
