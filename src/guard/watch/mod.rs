//! The watchdog's assessment of one cluster of the fleet, whoever created it, from the time, what
//! was observed and the policies' orders. The stages warn, grace and end follow from the cluster's
//! tags, so that a restarted watchdog goes on where the last one stopped.

mod adopt;
mod asks;
mod breaker;
mod claims;
mod exempt;
mod hidden;
mod idleness;
mod look;
mod quiet_period;
mod remembered;
#[cfg(test)]
mod sample;
mod stage;
mod stuck;

pub use asks::{a_month, due};
pub use breaker::{Tripped, restrain};
pub use look::{look_again, needs_description, reach, wants_pulses};
pub use quiet_period::QuietPeriod;
pub use remembered::{RETENTION as REMEMBERED_FOR, RememberedCluster};
pub use stage::{Assessment, Force, Stage};

use self::claims::Claim;
use crate::model::fleet::{ClusterSnapshot, MetricSample, Reading};
use crate::model::orders::{Orders, UnmanagedAction};
use chrono::{DateTime, TimeDelta, Utc};

/// EMR documents 5 to 20 minutes for an end (EMR Management Guide, "Terminate a cluster"); if it
/// takes longer than this, something is wrong.
pub const LATE: TimeDelta = TimeDelta::minutes(30);

/// Everything that an assessment depends on.
#[derive(Debug, Clone, Copy)]
pub struct WatchInput<'a> {
    /// The cluster as it was described.
    pub snapshot: &'a ClusterSnapshot,
    /// The metrics; `None` if they were not read, because [`wants_pulses`] is false.
    pub metric_samples: Option<&'a Reading<Vec<MetricSample>>>,
    /// When the metrics were read.
    pub metrics_read_at: Option<DateTime<Utc>>,
    /// The quiet period that earlier readings showed.
    pub quiet_period: Option<QuietPeriod>,
    /// The orders for the cluster.
    pub orders: &'a Orders,
    /// Why the observation of its place is incomplete, if it is: then no cluster there counts as
    /// idle.
    pub unseen: Option<&'a str>,
    /// When its end was requested.
    pub asked_at: Option<DateTime<Utc>>,
    /// Whether adopting it was refused.
    pub unadoptable: bool,
}

/// Decides what to do about a cluster.
pub fn judge(now: DateTime<Utc>, watched: &WatchInput<'_>) -> Assessment {
    let snapshot = watched.snapshot;
    if snapshot.state().is_over() {
        return Assessment::plain(Stage::Over, "it is over");
    }
    if !snapshot.state().is_live() {
        return stage::ending(now, watched.asked_at);
    }
    let ignored = watched.orders.unmanaged.action == UnmanagedAction::Ignore;
    if snapshot.guarded().is_none() && ignored {
        let by = claims::of_others(watched, |mildest| mildest.action.as_ref());
        let evidence = format!("foreign clusters are ignored (unmanaged: ignore{by})");
        return Assessment::plain(Stage::Keep, evidence);
    }
    let idleness = idleness::of(now, watched);
    let mut claims = claims::hard(now, watched);
    let soft = claims::soft(watched, &idleness);
    let exempt = exempt::exempt(now, snapshot, &watched.orders.exempt);
    if exempt.is_none() && watched.unseen.is_none() {
        claims.extend(soft);
    }
    if exempt.is_none() && adopt::is_due(watched) {
        let by = claims::of_others(watched, |mildest| mildest.action.as_ref());
        return Assessment::plain(
            Stage::Adopt,
            format!("nobody has adopted it (unmanaged: adopt{by})"),
        );
    }
    let mut assessment = stage::of(now, watched, Claim::first(now, claims));
    let dark = watched.unseen.is_some() || idleness.unknown().is_some();
    if assessment.stage == Stage::Clear && exempt.is_none() && dark {
        // A mark is removed because of an observation, not for lack of one: its time goes on.
        assessment.stage = Stage::Keep;
    }
    if let Some(since) = idleness.since() {
        (assessment.idle_since, assessment.idle_at_least) = (Some(since.at), since.at_least);
        assessment.quiet_period = since.quiet_period;
    }
    if assessment.stage != Stage::Keep {
        return assessment;
    }
    // The reason for keeping it is reported, the rarest first.
    let stuck = stuck::evidence(now, watched);
    let kept = [
        stuck.map(|evidence| (Stage::Stuck, evidence)),
        exempt.map(|evidence| (Stage::Exempt, evidence)),
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
