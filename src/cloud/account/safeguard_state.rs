//! What of a cluster's rungs is armed, by what AWS says of them. Pure.

use super::last_observation::{ObservedCluster, Scheduled};
use super::names::DEADLINE;
use super::roles::REAPER;
use crate::cloud::api::Tags;
use crate::cloud::api::scheduler::{Schedule, terminate};
use crate::cloud::{Class, CloudError};
use crate::guard::{self, Terms};
use crate::model::desired::ClusterSpec;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::observed::Cluster;
use crate::model::release::has_idle_policy;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::span::Span;
use crate::model::stack::WhenDone;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::json;

/// What arms a cluster's safeguards again.
pub(super) fn apply_again(stack: &StackName) -> Command {
    Command::clusterup("apply").stack(stack)
}

/// The same, and makes the roles that are missing.
pub(super) fn create_roles(stack: &StackName) -> Command {
    apply_again(stack).arg("--create-roles")
}

/// Clocks may differ by so much, and a schedule fires within a minute.
const NEAR: TimeDelta = TimeDelta::minutes(2);

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// What a call may take on its way to AWS, with clocks that differ.
const HEARD: TimeDelta = TimeDelta::seconds(30);

/// An apply that follows a cluster says so every five minutes.
pub(super) const FOLLOWED: TimeDelta = TimeDelta::minutes(7);

/// A primary powers itself off so long after the hard deadline: what the schedule ends is to have
/// ended by then, its last logs uploaded. The twenty minutes that a budget keeps back for the
/// ending begin at the deadline, so this is within them.
pub(super) const LATE: TimeDelta = TimeDelta::minutes(5);

/// When its primary is to power itself off, in seconds after the cluster's creation, as it counts.
pub(super) fn seconds(cluster: &Cluster) -> u64 {
    of_terms(&Terms::of(cluster))
}

/// The same of a cluster that is made now.
pub(super) fn ahead(spec: &ClusterSpec, now: DateTime<Utc>) -> u64 {
    let (guardrails, groups) = (&spec.guardrails, &spec.groups);
    let terms = Terms::ahead(guardrails, groups, spec.rates, spec.ending, now);
    of_terms(&terms)
}

fn of_terms(terms: &Terms) -> u64 {
    let instance_span = terms.deadline().at - terms.created_at;
    let late = u64::try_from(LATE.num_seconds()).unwrap_or(0);
    let instance_span = u64::try_from(instance_span.num_seconds())
        .unwrap_or(0)
        .max(60);
    instance_span.saturating_add(late)
}

/// Ten years: no cluster lives as long, whatever somebody writes into its tags.
pub(super) const LONGEST: u64 = 3_650 * 86_400;

/// The same as the primary was last told, where it was made with that rung.
pub(super) fn told(tags: &Tags) -> Option<u64> {
    let told: u64 = tags.get(DEADLINE)?.parse().ok()?;
    Some(told.min(LONGEST))
}

/// Says no to nodes that cannot be ended early enough to cost less than the budget.
pub(super) fn affords(terms: &Terms, size: &str, now: DateTime<Utc>) -> Result<(), CloudError> {
    let ends_at = guard::budget::opinion(now, terms).and_then(|budget| budget.ends_at);
    let budget = terms.guardrails.budget;
    let (Some(at), Some(budget)) = (ends_at, budget) else {
        return Ok(());
    };
    if at >= now + NEAR {
        return Ok(());
    }
    let message =
        format!("{size} would cost more than the budget of {budget} before they could end");
    Err(CloudError::new(Class::Input, message).hint("raise guardrails.budget, or ask for less"))
}

/// When the schedule is to fire: the whole minute before the deadline, in which it fires, but not
/// in the past, nor so soon that it is past when AWS hears of it.
pub(super) fn fires_at(cluster: &Cluster, now: DateTime<Utc>) -> DateTime<Utc> {
    let soonest = whole(now + HEARD) + MINUTE;
    asks_at(guard::hard_deadline(cluster).at).max(soonest)
}

/// The whole minute before a deadline, in which its schedule asks for the end.
pub(super) fn asks_at(deadline: DateTime<Utc>) -> DateTime<Utc> {
    whole(deadline) - MINUTE
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(MINUTE).unwrap_or(at)
}

/// When a primary is off that counts so many seconds from its cluster's creation.
pub(super) fn off_at(created: DateTime<Utc>, seconds: u64) -> DateTime<Utc> {
    created + Span::from_secs(seconds).delta()
}

/// Whether a schedule ends the cluster, and when it has to.
pub(super) fn ends(schedule: &Schedule, cluster: &Cluster, now: DateTime<Utc>) -> bool {
    let input = serde_json::from_str::<serde_json::Value>(&schedule.input).ok();
    let late = fires_at(cluster, now) + NEAR;
    // Target and role have to be of one partition.
    let partition = schedule.role.split(':').nth(1).unwrap_or_default();
    schedule.target == terminate(partition)
        && schedule.role.ends_with(&format!(":role/{REAPER}"))
        && input == Some(json!({ "JobFlowIds": [cluster.id] }))
        && schedule.at <= late
        && schedule.at >= fires_at(cluster, schedule.at.min(now)) - NEAR
}

/// The rungs of a living cluster.
/// `left_at` is when its last follower chose to leave it.
pub(super) fn of(
    cluster: &Cluster,
    seen: &ObservedCluster,
    left_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<Safeguard> {
    [
        idle(cluster, seen),
        Some(last_step(cluster, seen)),
        Some(power_off(cluster, seen)),
        Some(schedule(cluster, &seen.schedule, now)),
        Some(apply(cluster, left_at, now)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The rungs of a cluster that is made now.
pub(super) fn to_come(spec: &ClusterSpec, lacks_role: bool) -> Vec<Safeguard> {
    let armed = |kind, says: &str| Safeguard::armed(kind, None, says);
    let guardrails = &spec.guardrails;
    let last_step = match guardrails.when_done {
        WhenDone::Terminate => armed(SafeguardKind::LastStep, "EMR ends it with its last step"),
        WhenDone::Keep => Safeguard::disarmed(SafeguardKind::LastStep, "when_done: keep", None),
    };
    let schedule = if lacks_role {
        no_role(
            Command::clusterup("apply")
                .this_stack()
                .arg("--create-roles"),
        )
    } else {
        armed(SafeguardKind::Schedule, "EventBridge ends it")
    };
    let label = spec
        .label
        .clone()
        .unwrap_or_else(|| spec.release.to_string());
    let says = format!("EMR ends it when idle for {}", guardrails.idle_timeout);
    let idle = no_idle_policy(&label).unwrap_or_else(|| armed(SafeguardKind::IdlePolicy, &says));
    vec![
        idle,
        last_step,
        armed(SafeguardKind::PowerOff, "its primary powers off"),
        schedule,
        armed(SafeguardKind::Apply, "the apply, while it follows the job"),
    ]
}

/// What somebody else changed of a living cluster's rungs, and `apply` mends.
pub(super) fn drift(cluster: &Cluster, seen: &ObservedCluster, now: DateTime<Utc>) -> Vec<String> {
    let mut drift = Vec::new();
    let off = |told: u64| {
        let (at, due) = (
            off_at(cluster.created_at, told),
            guard::hard_deadline(cluster).at,
        );
        // An older clusterup let it power off at the deadline itself.
        at < due - NEAR || at > off_at(cluster.created_at, seconds(cluster)) + NEAR
    };
    if told(&seen.cluster.tags).is_some_and(off) {
        drift.push("its primary powers off at another time than its deadline".to_owned());
    }
    match &seen.schedule {
        Scheduled::Missing => drift.push("its schedule is not there".to_owned()),
        Scheduled::There(schedule) if !ends(schedule, cluster, now) => {
            drift.push("its schedule is another than its deadline's".to_owned());
        }
        Scheduled::There(_) | Scheduled::NoRole | Scheduled::Unread(_) => {}
    }
    drift
}

/// The rung of a release for which EMR has no idle policy.
fn no_idle_policy(label: &str) -> Option<Safeguard> {
    let why = format!("EMR has none for {label}: from emr-5.30.0 and emr-6.1.0 on");
    (!has_idle_policy(label)).then(|| Safeguard::disarmed(SafeguardKind::IdlePolicy, why, None))
}

fn idle(cluster: &Cluster, seen: &ObservedCluster) -> Option<Safeguard> {
    let kind = SafeguardKind::IdlePolicy;
    if let Some(safeguard) = no_idle_policy(&seen.cluster.release) {
        return Some(safeguard);
    }
    Some(match seen.idle? {
        Some(idle) => Safeguard::armed(kind, None, format!("EMR ends it when idle for {idle}")),
        None => Safeguard::disarmed(
            kind,
            "somebody removed it",
            Some(apply_again(&cluster.stack)),
        ),
    })
}

fn last_step(cluster: &Cluster, seen: &ObservedCluster) -> Safeguard {
    let kind = SafeguardKind::LastStep;
    match (seen.cluster.keep_alive, cluster.spec.guardrails.when_done) {
        (false, _) => Safeguard::armed(kind, None, "EMR ends it with its last step"),
        (true, WhenDone::Keep) => Safeguard::disarmed(kind, "when_done: keep", None),
        (true, WhenDone::Terminate) => Safeguard::disarmed(
            kind,
            "somebody turned it off",
            Some(apply_again(&cluster.stack)),
        ),
    }
}

fn power_off(cluster: &Cluster, seen: &ObservedCluster) -> Safeguard {
    let kind = SafeguardKind::PowerOff;
    let Some(told) = told(&seen.cluster.tags) else {
        return Safeguard::disarmed(kind, "the cluster was made without it", None);
    };
    let at = off_at(cluster.created_at, told);
    Safeguard::armed(kind, Some(at), "its primary powers off")
}

fn schedule(cluster: &Cluster, scheduled: &Scheduled, now: DateTime<Utc>) -> Safeguard {
    let kind = SafeguardKind::Schedule;
    let disarmed = |why: &str| Safeguard::disarmed(kind, why, Some(apply_again(&cluster.stack)));
    match scheduled {
        Scheduled::There(schedule) if ends(schedule, cluster, now) => {
            Safeguard::armed(kind, Some(schedule.at), "EventBridge ends it")
        }
        Scheduled::There(_) => disarmed("it says another cluster, call or time"),
        Scheduled::Missing => disarmed("it is not there"),
        Scheduled::NoRole => no_role(create_roles(&cluster.stack)),
        Scheduled::Unread(why) => {
            Safeguard::disarmed(kind, format!("it cannot be read: {why}"), None)
        }
    }
}

pub(super) fn no_role(create: Command) -> Safeguard {
    let why = format!("the account lacks the role {REAPER}");
    Safeguard::disarmed(SafeguardKind::Schedule, why, Some(create))
}

fn apply(cluster: &Cluster, left_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Safeguard {
    let kind = SafeguardKind::Apply;
    if let Some(at) = left_at {
        let at = at.format("%F %H:%M:%S UTC");
        return Safeguard::disarmed(
            kind,
            format!("none follows it; the last left it at {at}"),
            None,
        );
    }
    match cluster.renewed_at {
        Some(at) if now - at < FOLLOWED => {
            let since = at.format("%H:%M:%S UTC");
            Safeguard::armed(kind, None, format!("one follows it, last seen at {since}"))
        }
        Some(_) | None => {
            Safeguard::disarmed(kind, "none follows it", Some(apply_again(&cluster.stack)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_ends_its_cluster_in_its_own_partition() {
        let sample = crate::cloud::account::spec::tests::sample();
        let now: DateTime<Utc> = "2026-11-21T04:00:00Z".parse().unwrap();
        let (id, stack) = ("j-1".parse().unwrap(), "t".parse().unwrap());
        let cluster = Cluster::new(id, stack, sample, now);
        let of = |target: &str, role: &str| {
            let schedule = Schedule {
                name: "n".to_owned(),
                at: fires_at(&cluster, now),
                target: terminate(target),
                role: format!("arn:{role}:iam::123456789012:role/{REAPER}"),
                input: json!({ "JobFlowIds": [cluster.id] }).to_string(),
            };
            ends(&schedule, &cluster, now)
        };
        for partition in ["aws", "aws-us-gov"] {
            assert!(of(partition, partition), "{partition}");
        }
        for (target, role) in [("aws", "aws-us-gov"), ("aws-us-gov", "aws"), ("aws", "")] {
            assert!(!of(target, role), "{target} {role}");
        }
        assert_eq!(terminate("aws"), crate::cloud::api::scheduler::TERMINATE);
    }

    #[test]
    fn a_deadline_that_somebody_wrote_can_be_counted_with() {
        let of = |text: &str| told(&Tags::from([(DEADLINE.to_owned(), text.to_owned())]));
        assert_eq!(of("3600"), Some(3_600));
        assert_eq!(of("soon"), None);
        for text in ["99999999999999", "18446744073709551615"] {
            let after = Span::from_secs(of(text).unwrap()).delta();
            assert!(DateTime::UNIX_EPOCH.checked_add_signed(after).is_some());
        }
    }
}
