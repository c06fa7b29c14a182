//! The watchdog's memory of one cluster between sweeps.

use crate::guard::watch::{
    Assessment, QuietPeriod, RememberedCluster, Stage, WatchInput, due, judge, look_again,
    needs_description, reach, wants_pulses,
};
use crate::model::fleet::{ClusterSnapshot, ListedCluster, MetricSample, Reading, Seen};
use crate::model::observed::{End, EndReason};
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};

/// After how many looks that miss it a cluster counts as gone. Listings show a new cluster late,
/// and EMR may not know it at once.
const MAX_MISSES: u32 = 3;

/// The interval between two readings of a cluster's tags without a description.
const TAGS_INTERVAL: TimeDelta = TimeDelta::minutes(30);

/// How old a description may be of which people are notified.
const MAX_NEWS_AGE: TimeDelta = TimeDelta::minutes(10);

/// The interval between two looks at a marked cluster that has time left.
const GRACE_LOOK_INTERVAL: TimeDelta = TimeDelta::minutes(10);

pub(super) struct TrackedCluster {
    pub(super) listed: ListedCluster,
    pub(super) snapshot: Option<ClusterSnapshot>,
    /// As they were last read; `None` if they never were.
    pub(super) metric_samples: Option<Reading<Vec<MetricSample>>>,
    pub(super) metrics_read_at: Option<DateTime<Utc>>,
    /// When its tags were last read without a description.
    pub(super) tags_read_at: Option<DateTime<Utc>>,
    /// The longest quiet period that all samples so far show.
    pub(super) quiet_period: Option<QuietPeriod>,
    pub(super) assessment: Assessment,
    pub(super) next_look: DateTime<Utc>,
    /// When its termination was first requested.
    pub(super) asked_at: Option<DateTime<Utc>>,
    /// When its termination was last requested again.
    pub(super) again_at: Option<DateTime<Utc>>,
    /// The kind of the last notice about a stage in which nothing is done.
    pub(super) notified: Option<&'static str>,
    /// The key of the tag that would exempt it, if a policy has one.
    pub(super) keep: Option<String>,
    /// The end that was requested.
    pub(super) end: Option<End>,
    /// How many looks in a row failed.
    pub(super) failed: u32,
    /// When a cluster of others is described again whose last look failed.
    pub(super) retry_at: Option<DateTime<Utc>>,
    /// Whether its metrics are needed to judge it.
    wants_metrics: bool,
    /// How far back its metrics are needed.
    pub(super) reach: TimeDelta,
    /// What an earlier run of the program has learned of it.
    pub(super) remembered: Option<RememberedCluster>,
    /// Whether its state has changed since the last look.
    pub(super) changed: bool,
    /// Whether the last listing did not have it.
    pub(super) missing: bool,
    /// How many looks in a row did not find it.
    pub(super) unfound: u32,
    /// Why it cannot be adopted.
    pub(super) unadoptable: Option<String>,
    /// Why the last look failed.
    pub(super) trouble: Option<String>,
}

impl TrackedCluster {
    pub(super) fn new(listed: ListedCluster, now: DateTime<Utc>) -> Self {
        Self {
            listed,
            snapshot: None,
            metric_samples: None,
            metrics_read_at: None,
            tags_read_at: None,
            quiet_period: None,
            assessment: unlooked(),
            next_look: now,
            asked_at: None,
            again_at: None,
            notified: None,
            keep: None,
            end: None,
            failed: 0,
            retry_at: None,
            wants_metrics: false,
            reach: TimeDelta::zero(),
            remembered: None,
            changed: true,
            missing: false,
            unfound: 0,
            unadoptable: None,
            trouble: None,
        }
    }

    /// Updates the cluster from a listing.
    pub(super) fn listed(&mut self, listed: ListedCluster, now: DateTime<Utc>) {
        let changed = listed.state != self.listed.state;
        (self.missing, self.unfound) = (false, 0);
        let suspect = self.assessment.stage.is_suspect();
        match &mut self.snapshot {
            Some(snapshot) if snapshot.may_be_listed() && !suspect => {
                snapshot.relist(&listed, now);
            }
            Some(snapshot) if !listed.state.is_live() => {
                // Only the state of a cluster that is ending matters.
                snapshot.set_state(listed.state);
                self.changed |= changed;
            }
            Some(_) | None => self.changed |= changed,
        }
        self.listed = listed;
    }

    /// Takes over what a listing and the tags show of a cluster; `None` if it has to be described.
    /// Details that an earlier description had are kept.
    pub(super) fn glanced(&mut self, glance: Option<ClusterSnapshot>, now: DateTime<Utc>) {
        self.tags_read_at = Some(now);
        match (&mut self.snapshot, glance) {
            (Some(known), Some(glance)) => {
                (known.tags, known.owner) = (glance.tags, glance.owner);
            }
            (Some(_), None) => self.changed = true,
            (None, Some(mut glance)) => {
                if let Some(remembered) = self.remembered.take() {
                    self.quiet_period = remembered.complete(&mut glance, now);
                }
                self.snapshot = Some(glance);
                self.changed = false;
            }
            (None, None) => {}
        }
    }

    /// Whether its steps could not be read when it was described.
    pub(super) fn has_unread_steps(&self) -> bool {
        let seen = self.snapshot.as_ref().map(|snapshot| &snapshot.seen);
        let unread = |steps: &Reading<_>| steps.read().is_none();
        matches!(seen, Some(Seen::Described { steps }) if unread(steps))
    }

    /// Whether its metrics are needed and could not be read.
    pub(super) fn has_unread_metrics(&self) -> bool {
        self.wants_metrics && matches!(self.metric_samples, Some(Reading::Unread(_)))
    }

    /// What the next run of the program is to know of it.
    pub(super) fn remember(&self, now: DateTime<Utc>) -> Option<RememberedCluster> {
        RememberedCluster::of(self.snapshot.as_ref()?, self.quiet_period, now)
    }

    /// Whether its tags are to be read without a description: they never were, or long ago.
    pub(super) fn wants_tags(&self, now: DateTime<Utc>) -> bool {
        if self.missing || self.trouble.is_some() {
            return false;
        }
        let Some(snapshot) = &self.snapshot else {
            return self.tags_read_at.is_none();
        };
        let is_old = |at| now - at >= TAGS_INTERVAL;
        snapshot.may_be_listed() && self.tags_known_at().is_none_or(is_old)
    }

    /// When its tags were last read.
    pub(super) fn tags_known_at(&self) -> Option<DateTime<Utc>> {
        let snapshot = self.snapshot.as_ref().filter(|it| it.is_described());
        self.tags_read_at
            .max(snapshot.map(|snapshot| snapshot.looked_at))
    }

    /// Whether more has to be known before people are notified: it was only listed, or described some
    /// time ago.
    pub(super) fn needs_description(&self, now: DateTime<Utc>) -> bool {
        let Some(snapshot) = &self.snapshot else {
            return false;
        };
        let stage = &self.assessment.stage;
        let reported = matches!(stage, Stage::Stuck | Stage::Forgotten | Stage::Protected);
        let is_news = reported && self.notified.is_none() && self.may_be_stale(now);
        is_news || needs_description(snapshot, stage)
    }

    /// Whether it is a cluster of others that was not described within the last minutes.
    pub(super) fn may_be_stale(&self, now: DateTime<Utc>) -> bool {
        let snapshot = self.snapshot.as_ref().filter(|it| it.may_be_listed());
        snapshot.is_some_and(|it| now - it.looked_at > MAX_NEWS_AGE)
    }

    /// Whether its last look failed, and the next one is not due.
    pub(super) fn is_retried_later(&self, now: DateTime<Utc>) -> bool {
        self.retry_at.is_some_and(|at| now < at)
    }

    /// Whether it was only listed so far, and its applications and prices are unknown.
    pub(super) fn was_never_described(&self) -> bool {
        let snapshot = self.snapshot.as_ref();
        snapshot.is_some_and(|it| !it.is_described() && it.applications.is_empty())
    }

    pub(super) fn looked(&mut self, snapshot: ClusterSnapshot) {
        self.listed.state = snapshot.state();
        (self.snapshot, self.changed, self.trouble) = (Some(snapshot), false, None);
        (self.unfound, self.failed, self.retry_at) = (0, 0, None);
    }

    /// Notes that a look failed. A cluster of clusterup is described again by the next sweep, others
    /// less and less often.
    pub(super) fn look_failed(&mut self, why: String, now: DateTime<Utc>) {
        self.failed = self.failed.saturating_add(1);
        let of_others = self.snapshot.as_ref().is_some_and(|it| it.may_be_listed());
        let pause = TimeDelta::minutes(1 << self.failed.min(5));
        self.retry_at = of_others.then(|| now + pause);
        self.trouble = Some(why);
    }

    /// Whether it was looked at recently and its mark has time left, so that this sweep need not
    /// look at it.
    pub(super) fn can_wait(&self, now: DateTime<Utc>) -> bool {
        let Stage::Grace(mark) = &self.assessment.stage else {
            return false;
        };
        let recent = |snapshot: &ClusterSnapshot| now - snapshot.looked_at < GRACE_LOOK_INTERVAL;
        let far = mark.ends_at - now > TimeDelta::minutes(3);
        far && !self.changed && self.snapshot.as_ref().is_some_and(recent)
    }

    /// Whether it is marked, with so much time left that others are described before it.
    pub(super) fn has_time(&self, now: DateTime<Utc>) -> bool {
        let Stage::Grace(mark) = &self.assessment.stage else {
            return false;
        };
        !self.changed && mark.ends_at - now > GRACE_LOOK_INTERVAL
    }

    /// Discards what depends on elapsed time. An instant that is in the future, because the clock
    /// was set back, would postpone what is due after it.
    pub(super) fn discard_timing(&mut self, now: DateTime<Utc>) {
        self.metric_samples = None;
        self.metrics_read_at = None;
        self.quiet_period = None;
        self.asked_at = self.asked_at.min(Some(now));
        self.again_at = self.again_at.min(Some(now));
        self.tags_read_at = None;
        self.retry_at = None;
        self.changed = true;
    }

    /// Whether it was looked at in the sweep that began at `began_at`.
    pub(super) fn is_fresh(&self, began_at: DateTime<Utc>) -> bool {
        let snapshot = self.snapshot.as_ref();
        let fresh = |it: &ClusterSnapshot| it.is_described() && it.looked_at >= began_at;
        snapshot.is_some_and(fresh) && self.trouble.is_none()
    }

    /// Whether it may leave the listing without being described: nobody was notified of it, and
    /// nothing was done to it.
    pub(super) fn may_vanish(&self) -> bool {
        let of_others = self.snapshot.as_ref().is_some_and(|it| it.may_be_listed());
        of_others && self.asked_at.is_none() && self.notified.is_none()
    }

    /// Whether neither listings nor looks find it any more.
    pub(super) const fn is_lost(&self) -> bool {
        self.missing && self.unfound >= MAX_MISSES
    }

    /// When its termination was last requested.
    pub(super) fn last_asked_at(&self) -> Option<DateTime<Utc>> {
        self.again_at.max(self.asked_at)
    }

    /// Returns the end that was requested, or the one that its mark has.
    pub(super) fn its_end(&self) -> End {
        let mark = self.snapshot.as_ref().and_then(|snapshot| snapshot.mark);
        self.end.clone().unwrap_or_else(|| End {
            reason: mark.map_or(EndReason::Request, |mark| mark.reason),
            message: self.assessment.evidence.as_str().into(),
        })
    }

    pub(super) fn needs_metrics(&self, policies: &Policies, now: DateTime<Utc>) -> bool {
        let Some(snapshot) = &self.snapshot else {
            return false;
        };
        let orders = policies.orders(snapshot);
        due(now, &self.watch_input(snapshot, &orders, None))
    }

    pub(super) fn set_metrics(
        &mut self,
        metric_samples: Reading<Vec<MetricSample>>,
        now: DateTime<Utc>,
    ) {
        // A failed read is repeated by the next sweep.
        self.metrics_read_at = metric_samples.read().map(|_| now);
        self.metric_samples = Some(metric_samples);
    }

    fn watch_input<'a>(
        &'a self,
        snapshot: &'a ClusterSnapshot,
        orders: &'a crate::model::orders::Orders,
        unseen: Option<&'a str>,
    ) -> WatchInput<'a> {
        WatchInput {
            snapshot,
            metric_samples: self.metric_samples.as_ref(),
            metrics_read_at: self.metrics_read_at,
            quiet_period: self.quiet_period,
            orders,
            unseen: self.trouble.as_deref().or(unseen),
            asked_at: self.asked_at,
            unadoptable: self.unadoptable.is_some(),
        }
    }

    /// Judges the cluster by what is known.
    pub(super) fn judge(&mut self, policies: &Policies, now: DateTime<Utc>, unseen: Option<&str>) {
        let Some(snapshot) = &self.snapshot else {
            self.assessment = unlooked();
            return;
        };
        let orders = policies.orders(snapshot);
        let input = self.watch_input(snapshot, &orders, unseen);
        let reach = reach(&input);
        let wants_metrics = wants_pulses(now, &input);
        let assessment = judge(now, &input);
        self.quiet_period = assessment.quiet_period.or(self.quiet_period);
        self.next_look = if self.was_never_described() {
            snapshot.looked_at
        } else {
            look_again(snapshot.looked_at, &assessment, &orders)
        };
        self.keep = orders.exempt.first().map(|exempt| exempt.tag.clone());
        (self.assessment, self.reach, self.wants_metrics) = (assessment, reach, wants_metrics);
    }
}

fn unlooked() -> Assessment {
    Assessment::plain(Stage::Unseen, "it was not checked yet")
}
