//! What is remembered of one cluster between sweeps.

use crate::guard::watch::{Judged, Quiet, Stage, Watched, due, judge, look_again, reach};
use crate::model::fleet::{Listed, Pulse, Sight, Signal};
use crate::model::observed::{End, EndReason};
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};

/// Listings show a new cluster late, and EMR does not know it at once. Looks after which that is no
/// longer so.
const UNFOUND: u32 = 3;

/// Between two looks at one that is marked and has time left.
const REST: TimeDelta = TimeDelta::minutes(10);

pub(super) struct Known {
    pub(super) listed: Listed,
    pub(super) sight: Option<Sight>,
    /// As they were asked for last, where they were.
    pub(super) pulses: Option<Signal<Vec<Pulse>>>,
    pub(super) pulses_at: Option<DateTime<Utc>>,
    /// What all answers so far showed.
    pub(super) quiet: Option<Quiet>,
    pub(super) judged: Judged,
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

impl Known {
    pub(super) fn new(listed: Listed, now: DateTime<Utc>) -> Self {
        Self {
            listed,
            sight: None,
            pulses: None,
            pulses_at: None,
            quiet: None,
            judged: unlooked(),
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
    pub(super) fn listed(&mut self, listed: Listed) {
        self.changed |= listed.state != self.listed.state;
        (self.missing, self.unfound) = (false, 0);
        if let Some(sight) = &mut self.sight
            && !listed.state.is_live()
        {
            // Nothing else of one that is ending matters any more.
            sight.state = listed.state;
        }
        self.listed = listed;
    }

    pub(super) fn looked(&mut self, sight: Sight) {
        self.listed.state = sight.state;
        (self.sight, self.changed, self.trouble) = (Some(sight), false, None);
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
        let Stage::Grace(mark) = &self.judged.stage else {
            return false;
        };
        let recent = |sight: &Sight| now - sight.looked_at < REST;
        let far = mark.ends_at - now > TimeDelta::minutes(3);
        far && !self.changed && self.sight.as_ref().is_some_and(recent)
    }

    /// Nothing that is remembered of when things were is to be relied on.
    pub(super) fn doubt(&mut self) {
        (self.pulses, self.pulses_at, self.quiet) = (None, None, None);
        self.changed = true;
    }

    /// Whether it was looked at in the sweep that began then.
    pub(super) fn is_fresh(&self, began_at: DateTime<Utc>) -> bool {
        let sight = self.sight.as_ref();
        sight.is_some_and(|sight| sight.looked_at >= began_at) && self.trouble.is_none()
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
        let mark = self.sight.as_ref().and_then(|sight| sight.mark);
        self.end.clone().unwrap_or_else(|| End {
            reason: mark.map_or(EndReason::Request, |mark| mark.reason),
            message: self.judged.evidence.as_str().into(),
        })
    }

    pub(super) fn wants_pulses(&self, policies: &Policies, now: DateTime<Utc>) -> bool {
        let Some(sight) = &self.sight else {
            return false;
        };
        let orders = policies.orders(sight);
        due(now, &self.watched(sight, &orders, None))
    }

    pub(super) fn heard(&mut self, pulses: Signal<Vec<Pulse>>, now: DateTime<Utc>) {
        // What could not be read is asked for again by the next sweep.
        self.pulses_at = pulses.read().map(|_| now);
        self.pulses = Some(pulses);
    }

    fn watched<'a>(
        &'a self,
        sight: &'a Sight,
        orders: &'a crate::model::orders::Orders,
        unseen: Option<&'a str>,
    ) -> Watched<'a> {
        Watched {
            sight,
            pulses: self.pulses.as_ref(),
            pulses_at: self.pulses_at,
            quiet: self.quiet,
            orders,
            unseen: self.trouble.as_deref().or(unseen),
            asked_at: self.asked_at,
        }
    }

    /// Judges it by what is known.
    pub(super) fn judge(&mut self, policies: &Policies, now: DateTime<Utc>, unseen: Option<&str>) {
        let Some(sight) = &self.sight else {
            self.judged = unlooked();
            return;
        };
        let orders = policies.orders(sight);
        let watched = self.watched(sight, &orders, unseen);
        let (reach, judged) = (reach(&watched), judge(now, &watched));
        self.quiet = judged.quiet.or(self.quiet);
        self.next_look = look_again(sight.looked_at, &judged, &orders);
        self.keep = orders.exempt.first().map(|exempt| exempt.tag.clone());
        (self.judged, self.reach) = (judged, reach);
    }
}

fn unlooked() -> Judged {
    Judged::plain(Stage::Unseen, "it was not looked at yet")
}
