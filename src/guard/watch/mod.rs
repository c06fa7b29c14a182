//! The watchdog's verdict on one cluster of the fleet, no matter who made it: now x what was seen x what
//! policies say. Stages: warn, grace, end; each from what the cluster's tags say, so that a
//! watchdog that begins anew goes on where another stopped.

mod asks;
mod breaker;
mod claims;
mod exempt;
mod hidden;
mod idleness;
mod look;
mod quiet_period;
#[cfg(test)]
mod sample;
mod stage;
mod stuck;

pub use asks::{AT_ONCE, a_month, due};
pub use breaker::{Tripped, restrain};
pub use look::{look_again, reach, wants_pulses};
pub use quiet_period::QuietPeriod;
pub use stage::{Assessment, Force, Stage};

use self::claims::Claim;
use crate::model::fleet::{ClusterSnapshot, MetricSample, Reading};
use crate::model::orders::{Orders, UnmanagedAction};
use chrono::{DateTime, TimeDelta, Utc};

/// EMR documents 5 to 20 minutes for an end (EMR Management Guide, "Terminate a cluster"); longer
/// than this, something holds it.
pub const LATE: TimeDelta = TimeDelta::minutes(30);

/// All that a verdict rests on.
#[derive(Debug, Clone, Copy)]
pub struct WatchInput<'a> {
    pub snapshot: &'a ClusterSnapshot,
    /// None where nobody asked, which is only where [`wants_pulses`] says so.
    pub metric_samples: Option<&'a Reading<Vec<MetricSample>>>,
    /// When they were asked for.
    pub metrics_read_at: Option<DateTime<Utc>>,
    /// What earlier answers showed.
    pub quiet_period: Option<QuietPeriod>,
    pub orders: &'a Orders,
    /// Why the picture of its place has holes, where it has: then nothing there idles.
    pub unseen: Option<&'a str>,
    /// When its end was asked for.
    pub asked_at: Option<DateTime<Utc>>,
}

/// What is to be done about a cluster.
pub fn judge(now: DateTime<Utc>, watched: &WatchInput<'_>) -> Assessment {
    let snapshot = watched.snapshot;
    if snapshot.state().is_over() {
        return Assessment::plain(Stage::Over, "it is over");
    }
    if !snapshot.state().is_live() {
        return stage::ending(now, watched.asked_at);
    }
    let ignored = watched.orders.unmanaged.action == UnmanagedAction::Ignore;
    if snapshot.ours().is_none() && ignored {
        let by = claims::of_others(watched, |mildest| mildest.action.as_ref());
        let says = format!("clusters of others are not looked at (unmanaged: ignore{by})");
        return Assessment::plain(Stage::Keep, says);
    }
    let idleness = idleness::of(now, watched);
    let mut claims = claims::hard(now, watched);
    let soft = claims::soft(watched, &idleness);
    let exempt = exempt::exempt(now, snapshot, &watched.orders.exempt);
    if exempt.is_none() && watched.unseen.is_none() {
        claims.extend(soft);
    }
    let mut assessment = stage::of(now, watched, Claim::first(now, claims));
    let dark = watched.unseen.is_some() || idleness.unknown().is_some();
    if assessment.stage == Stage::Clear && exempt.is_none() && dark {
        // A mark is taken off for what was seen, not for what was not: its time goes on.
        assessment.stage = Stage::Keep;
    }
    if let Some(since) = idleness.since() {
        (assessment.idle_since, assessment.idle_at_least) = (Some(since.at), since.at_least);
        assessment.quiet_period = since.quiet_period;
    }
    if assessment.stage != Stage::Keep {
        return assessment;
    }
    // What keeps it is worth a word, the rarest first.
    let stuck = stuck::evidence(now, watched);
    let kept = [
        stuck.map(|says| (Stage::Stuck, says)),
        exempt.map(|says| (Stage::Exempt, says)),
        watched.unseen.map(|why| (Stage::Unseen, why.to_owned())),
        idleness
            .undecided()
            .map(|why| (Stage::Unseen, why.to_owned())),
    ];
    if let Some((stage, evidence)) = kept.into_iter().flatten().next() {
        assessment.stage = stage;
        assessment.evidence = evidence;
    } else if assessment.evidence.is_empty() {
        assessment.evidence = idleness.evidence().to_owned();
    }
    assessment
}

#[cfg(test)]
mod tests;
