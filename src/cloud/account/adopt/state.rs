//! What ends an adopted cluster, and what others have changed about that. Pure.

use super::super::last_observation::{Replies, Scheduled};
use super::super::names::{self, ADOPTED, OWNER, TEAM};
use super::super::safeguard_state::{ends_in_time, fires_early};
use crate::cloud::api::Tags;
use crate::guard;
use crate::model::adoption::{Adoption, IdlePolicy};
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::unarmed::Unarmed;
use chrono::{DateTime, TimeDelta, Utc};

/// A deadline that turned out later is worth a call from this gain on.
const WORTH: TimeDelta = TimeDelta::minutes(10);

/// The tags of an adopted cluster.
pub(super) fn tags(adoption: &Adoption) -> Tags {
    let owner = adoption.owner.as_ref().unwrap_or(&adoption.by);
    let mut tags = Tags::from([
        (ADOPTED.to_owned(), names::value(&adoption.mark())),
        (OWNER.to_owned(), names::value(owner.as_str())),
    ]);
    if let Some(team) = &adoption.team {
        tags.insert(TEAM.to_owned(), team.to_string());
    }
    tags
}

/// Whether the schedule has to be written. While EMR's scaling is unread, the most that the cluster may
/// cost is unknown, and its schedule does not move later.
pub(super) fn needs_schedule(cluster: &Cluster, replies: &Replies, now: DateTime<Utc>) -> bool {
    match &replies.schedule {
        Scheduled::Missing | Scheduled::NotLifted => true,
        Scheduled::NoRole | Scheduled::Unread(_) => false,
        Scheduled::There(schedule) => {
            let gain = guard::hard_deadline(cluster).at - schedule.at;
            let early = fires_early(schedule, cluster) && gain >= WORTH;
            early && replies.scaling.is_some() || !ends_in_time(schedule, cluster, now)
        }
    }
}

/// The command that adopts a cluster again, which arms what is missing.
pub(super) fn again(id: &ClusterId) -> Command {
    Command::clusterup("adopt").arg(id.as_str()).target()
}

/// Why EMR can have no idle policy for a cluster; `None` if it can.
pub(super) fn no_idle_policy(cluster: &Cluster) -> Option<Unarmed> {
    let label = cluster.spec.label.as_deref().unwrap_or_default();
    Unarmed::idle_policy(label, &cluster.spec.emr.software)
}

/// The safeguards of a living cluster.
pub(super) fn safeguards(
    cluster: &Cluster,
    replies: &Replies,
    adoption: &Adoption,
    now: DateTime<Utc>,
) -> Vec<Safeguard> {
    let idle = idle(cluster, replies, adoption);
    let schedule = schedule(cluster, replies, now);
    idle.into_iter().chain([schedule]).collect()
}

fn idle(cluster: &Cluster, replies: &Replies, adoption: &Adoption) -> Option<Safeguard> {
    let kind = SafeguardKind::IdlePolicy;
    let disarmed = |why| Some(Safeguard::disarmed(kind, why, again(&cluster.id)));
    let wanted = adoption.limits.idle_timeout.is_some();
    if let Some(why) = no_idle_policy(cluster).filter(|_| wanted) {
        return disarmed(why);
    }
    match replies.idle {
        Some(Some(_)) if replies.cluster.protected => disarmed(Unarmed::Undocumented),
        Some(Some(idle)) => {
            let whose = match adoption.idle_policy {
                IdlePolicy::Ours => "",
                IdlePolicy::Theirs | IdlePolicy::None => ", by a policy of its own",
            };
            let says = format!("EMR ends it when idle for {idle}{whose}");
            Some(Safeguard::armed(kind, None, says))
        }
        Some(None) if wanted && adoption.idle_policy == IdlePolicy::None => {
            disarmed(Unarmed::IdleAlready)
        }
        Some(None) if wanted => disarmed(Unarmed::Removed),
        Some(None) => None,
        None => disarmed(Unarmed::Unread("EMR did not answer".to_owned())),
    }
}

fn schedule(cluster: &Cluster, replies: &Replies, now: DateTime<Utc>) -> Safeguard {
    let kind = SafeguardKind::Schedule;
    let disarmed = |why| Safeguard::disarmed(kind, why, again(&cluster.id));
    match &replies.schedule {
        Scheduled::There(_) if replies.cluster.protected => disarmed(Unarmed::Protected),
        Scheduled::There(schedule) if ends_in_time(schedule, cluster, now) => {
            Safeguard::armed(kind, Some(schedule.at), "EventBridge ends it")
        }
        Scheduled::There(_) => disarmed(Unarmed::Different),
        Scheduled::Missing | Scheduled::NotLifted => disarmed(Unarmed::Missing),
        Scheduled::NoRole => disarmed(Unarmed::NoRole(super::super::roles::REAPER.to_owned())),
        Scheduled::Unread(why) => disarmed(Unarmed::Unread(why.clone())),
    }
}

/// What others have changed about a living cluster, in words.
pub(super) fn drift(replies: &Replies, adoption: &Adoption) -> Vec<String> {
    let mut drift = Vec::new();
    for (key, value) in tags(adoption) {
        match replies.cluster.tags.get(&key) {
            Some(present) if *present == value => {}
            Some(_) => drift.push(format!("its tag {key} was changed")),
            None => drift.push(format!("its tag {key} was removed")),
        }
    }
    let ours = adoption.idle_policy == IdlePolicy::Ours;
    match replies.idle {
        Some(None) if ours => drift.push("its idle policy was removed".to_owned()),
        Some(Some(idle)) if ours && !adoption.has_set(idle) => {
            drift.push(format!("its idle policy was changed to {idle}"));
        }
        Some(_) | None => {}
    }
    if replies.cluster.protected {
        drift.push(
            "its termination protection is on: only a watchdog whose policy lifts it can end it"
                .to_owned(),
        );
    }
    drift
}
