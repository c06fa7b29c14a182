//! What is remembered of one cluster between sweeps.

use crate::guard::watch::{
    Assessment, QuietPeriod, Stage, WatchInput, due, judge, look_again, reach,
};
use crate::model::fleet::{ClusterSnapshot, ListedCluster, MetricSample, Reading};
use crate::model::observed::{End, EndReason};
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};

/// Listings show a new cluster late, and EMR does not know it at once. Looks after which that is no
/// longer so.
const UNFOUND: u32 = 3;

/// Between two looks at one that is marked and has time left.
const REST: TimeDelta = TimeDelta::minutes(10);

pub(super) struct TrackedCluster {
    pub(super) listed: ListedCluster,
    pub(super) snapshot: Option<ClusterSnapshot>,
    /// As they were asked for last, where they were.
    pub(super) metric_samples: Option<Reading<Vec<MetricSample>>>,
    pub(super) metrics_read_at: Option<DateTime<Utc>>,
    /// What all answers so far showed.
    pub(super) quiet_period: Option<QuietPeriod>,
    pub(super) assessment: Assessment,
    pub(super) next_look: DateTime<Utc>,
    /// When its end was asked for.
    pub(super) asked_at: Option<DateTime<Utc>>,
    /// When it was asked for again.
    pub(super) again_at: Option<DateTime<Utc>>,
    /// What people were told of it that nothing is done about.
    pub(super) told: Option<&'static str>,
    /// The tag that would exempt it, where a policy names one.
    pub(super) keep: Option<String>,
    /// The end that was asked for.
    pub(super) end: Option<End>,
    /// Looks in a row that failed.
    pub(super) failed: u32,
    /// How far back what ran on it has to be known.
    pub(super) reach: TimeDelta,
    /// Its state is another than when it was looked at.
    pub(super) changed: bool,
    /// The last listing did not have it.
    pub(super) missing: bool,
    /// Looks that did not find it while no listing had it.
    pub(super) unfound: u32,
    /// Why it could not be looked at.
    pub(super) trouble: Option<String>,
}

impl TrackedCluster {
    pub(super) fn new(listed: ListedCluster, now: DateTime<Utc>) -> Self {
        Self {
            listed,
            snapshot: None,
            metric_samples: None,
            metrics_read_at: None,
            quiet_period: None,
            assessment: unlooked(),
            next_look: now,
            asked_at: None,
            again_at: None,
            told: None,
            keep: None,
            end: None,
            failed: 0,
            reach: TimeDelta::zero(),
            changed: true,
            missing: false,
            unfound: 0,
            trouble: None,
        }
    }

    /// Takes up what a listing says of it now.
    pub(super) fn listed(&mut self, listed: ListedCluster) {
        self.changed |= listed.state != self.listed.state;
        (self.missing, self.unfound) = (false, 0);
        if let Some(snapshot) = &mut self.snapshot
            && !listed.state.is_live()
        {
            // Nothing else of one that is ending matters any more.
            snapshot.state = listed.state;
        }
        self.listed = listed;
    }

    pub(super) fn looked(&mut self, snapshot: ClusterSnapshot) {
        self.listed.state = snapshot.state;
        (self.snapshot, self.changed, self.trouble) = (Some(snapshot), false, None);
        (self.unfound, self.failed) = (0, 0);
    }

    /// It could not be looked at.
    pub(super) fn missed(&mut self, why: String) {
        self.failed = self.failed.saturating_add(1);
        self.trouble = Some(why);
    }

    /// Whether it was looked at a moment ago and has a while left: its mark is not looked at anew by
    /// each sweep.
    pub(super) fn can_wait(&self, now: DateTime<Utc>) -> bool {
        let Stage::Grace(mark) = &self.assessment.stage else {
            return false;
        };
        let recent = |snapshot: &ClusterSnapshot| now - snapshot.looked_at < REST;
        let far = mark.ends_at - now > TimeDelta::minutes(3);
        far && !self.changed && self.snapshot.as_ref().is_some_and(recent)
    }

    /// Nothing that is remembered of when things were is to be relied on.
    pub(super) fn doubt(&mut self) {
        (self.metric_samples, self.metrics_read_at, self.quiet_period) = (None, None, None);
        self.changed = true;
    }

    /// Whether it was looked at in the sweep that began then.
    pub(super) fn is_fresh(&self, began_at: DateTime<Utc>) -> bool {
        let snapshot = self.snapshot.as_ref();
        snapshot.is_some_and(|snapshot| snapshot.looked_at >= began_at) && self.trouble.is_none()
    }

    /// Whether neither listings nor looks find it any more.
    pub(super) const fn is_lost(&self) -> bool {
        self.missing && self.unfound >= UNFOUND
    }

    /// When its end was asked for last.
    pub(super) fn last_asked_at(&self) -> Option<DateTime<Utc>> {
        self.again_at.max(self.asked_at)
    }

    /// The end that it is to have: the one that was asked for, or what its mark tells.
    pub(super) fn its_end(&self) -> End {
        let mark = self.snapshot.as_ref().and_then(|snapshot| snapshot.mark);
        self.end.clone().unwrap_or_else(|| End {
            reason: mark.map_or(EndReason::Request, |mark| mark.reason),
            message: self.assessment.evidence.as_str().into(),
        })
    }

    pub(super) fn wants_pulses(&self, policies: &Policies, now: DateTime<Utc>) -> bool {
        let Some(snapshot) = &self.snapshot else {
            return false;
        };
        let orders = policies.orders(snapshot);
        due(now, &self.watched(snapshot, &orders, None))
    }

    pub(super) fn heard(&mut self, metric_samples: Reading<Vec<MetricSample>>, now: DateTime<Utc>) {
        // What could not be read is asked for again by the next sweep.
        self.metrics_read_at = metric_samples.read().map(|_| now);
        self.metric_samples = Some(metric_samples);
    }

    fn watched<'a>(
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
        }
    }

    /// Judges it by what is known.
    pub(super) fn judge(&mut self, policies: &Policies, now: DateTime<Utc>, unseen: Option<&str>) {
        let Some(snapshot) = &self.snapshot else {
            self.assessment = unlooked();
            return;
        };
        let orders = policies.orders(snapshot);
        let watched = self.watched(snapshot, &orders, unseen);
        let reach = reach(&watched);
        let assessment = judge(now, &watched);
        self.quiet_period = assessment.quiet_period.or(self.quiet_period);
        self.next_look = look_again(snapshot.looked_at, &assessment, &orders);
        self.keep = orders.exempt.first().map(|exempt| exempt.tag.clone());
        (self.assessment, self.reach) = (assessment, reach);
    }
}

fn unlooked() -> Assessment {
    Assessment::plain(Stage::Unseen, "it was not looked at yet")
}
