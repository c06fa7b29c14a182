//! Whether a follower moves the safeguards of a cluster later that turned out cheaper than it could
//! have been. Safeguards that fire earlier than the deadline are safe, so each move is worth its
//! calls.

use super::last_observation::{Replies, Scheduled};
use super::safeguard_state::{POWER_OFF_DELAY, ends_in_time, off_at, requested_power_off};
use crate::guard::{self, Cause};
use crate::model::observed::Cluster;
use chrono::{DateTime, TimeDelta, Utc};

/// A move that gains so much is worth its calls,
const WORTH: TimeDelta = TimeDelta::minutes(10);
/// and so is one that gains this share of the time that is left, if it is more than the minute to
/// which schedules fire.
const SHARE: i32 = 10;
const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// The least time between two moves.
pub(super) const PAUSE: TimeDelta = TimeDelta::minutes(10);

/// What a follower does with the safeguards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rearm {
    /// They have to fire at the deadline.
    Exactly,
    /// They are moved later.
    Later,
    /// They stay as they are.
    Stay,
}

/// What a follower does with the safeguards of a cluster `now`. `moved` is when it last moved them
/// later.
pub(super) fn rearm(
    cluster: &Cluster,
    observed: &Replies,
    moved: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Rearm {
    let deadline = guard::hard_deadline(cluster);
    // A lease gains little with each renewal, and needs it.
    if !cluster.may_gain_time() || deadline.cause == Cause::Lease {
        return Rearm::Exactly;
    }
    let Scheduled::There(schedule) = &observed.schedule else {
        return Rearm::Exactly;
    };
    let power_off = requested_power_off(&observed.cluster.tags);
    let power_off = power_off.map(|seconds| off_at(cluster.created_at, seconds) - POWER_OFF_DELAY);
    let is_late = power_off.is_some_and(|at| at > deadline.at + MINUTE * 2);
    if is_late || !ends_in_time(schedule, cluster, now) {
        return Rearm::Exactly;
    }
    let armed = power_off.into_iter().fold(schedule.at + MINUTE, Ord::min);
    let gain = deadline.at - armed;
    let is_worth = gain >= WORTH || (gain > MINUTE && gain * SHARE >= armed - now);
    let has_paused = moved.is_none_or(|at| now - at >= PAUSE);
    if is_worth && has_paused {
        Rearm::Later
    } else {
        Rearm::Stay
    }
}
