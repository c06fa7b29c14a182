//! Which of a cluster's safeguards are armed, by what AWS reports. Pure.

use super::last_observation::{Replies, Scheduled};
use super::names::DEADLINE;
use super::protection;
use super::roles::REAPER;
use crate::cloud::api::scheduler::{Schedule, terminate};
use crate::cloud::api::{Tags, emr};
use crate::cloud::{Class, CloudError};
use crate::guard::{self, Terms};
use crate::model::desired::ClusterSpec;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::observed::Cluster;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::span::Span;
use crate::model::stack::WhenDone;
use crate::model::unarmed::Unarmed;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::json;

/// The command that arms a cluster's safeguards again.
pub(super) fn apply_again(stack: &StackName) -> Command {
    Command::clusterup("apply").stack(stack)
}

/// The command that applies the stack of the command line.
fn this_apply() -> Command {
    Command::clusterup("apply").this_stack()
}

/// The same command, which also creates missing roles.
pub(super) fn create_roles(stack: &StackName) -> Command {
    apply_again(stack).arg("--create-roles")
}

/// How much clocks may differ, including the minute in which a schedule fires.
const TOLERANCE: TimeDelta = TimeDelta::minutes(2);

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// How long a call may take to reach AWS, including the difference of clocks.
const CALL_DELAY: TimeDelta = TimeDelta::seconds(30);
/// AWS refuses calls of a clock that is off by more (IAM User Guide, "Troubleshoot Signature Version 4").
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// A cluster is followed if this was recorded within this time; followers record it every five
/// minutes.
pub(super) const FOLLOWER_TIMEOUT: TimeDelta = TimeDelta::minutes(7);

/// How long after the hard deadline a primary powers itself off. What the schedule ends has ended
/// by then and uploaded its last logs. This is within the twenty minutes that a budget reserves for
/// the ending, counted from the deadline.
pub(super) const POWER_OFF_DELAY: TimeDelta = TimeDelta::minutes(5);

/// When the primary should power itself off, in seconds after the cluster's creation.
pub(super) fn power_off_seconds(cluster: &Cluster) -> u64 {
    of_terms(&Terms::of(cluster))
}

/// The same for a cluster that is created now.
pub(super) fn power_off_seconds_ahead(spec: &ClusterSpec, now: DateTime<Utc>) -> u64 {
    let guardrails = &spec.guardrails;
    let groups = &spec.groups;
    let terms = Terms::ahead(guardrails, groups, spec.rates.clone(), spec.ending, now);
    of_terms(&terms)
}

fn of_terms(terms: &Terms) -> u64 {
    let lifetime = terms.deadline().at - terms.created_at;
    let delay = u64::try_from(POWER_OFF_DELAY.num_seconds()).unwrap_or(0);
    let lifetime = u64::try_from(lifetime.num_seconds()).unwrap_or(0).max(60);
    lifetime.saturating_add(delay)
}

/// Ten years. Larger values in tags are reduced to this, so that computing with them cannot
/// overflow.
pub(super) const MAX_SECONDS: u64 = 3_650 * 86_400;

/// The power-off that was last written for the primary, in seconds after the cluster's creation;
/// `None` if the cluster has none.
pub(super) fn requested_power_off(tags: &Tags) -> Option<u64> {
    let seconds: u64 = tags.get(DEADLINE)?.parse().ok()?;
    Some(seconds.min(MAX_SECONDS))
}

/// Refuses nodes that cannot be ended before they cost more than the budget.
pub(super) fn check_budget(
    terms: &Terms,
    size: &str,
    now: DateTime<Utc>,
) -> Result<(), CloudError> {
    let ends_at = guard::budget::opinion(now, terms).and_then(|budget| budget.ends_at);
    let budget = terms.guardrails.budget;
    let (Some(at), Some(budget)) = (ends_at, budget) else {
        return Ok(());
    };
    if at >= now + TOLERANCE {
        return Ok(());
    }
    let message =
        format!("{size} would cost more than the budget of {budget} before they could end");
    Err(CloudError::new(Class::Input, message).hint(
        "raise guardrails.budget, or request fewer \
        nodes",
    ))
}

/// When the schedule should fire: in the whole minute before the deadline, but not so early that
/// the minute has passed when AWS receives the call.
pub(super) fn fires_at(cluster: &Cluster, now: DateTime<Utc>) -> DateTime<Utc> {
    scheduled_at(guard::hard_deadline(cluster).at).max(soonest(now))
}

/// The first whole minute in which AWS can fire a schedule that is written now, also if this clock is behind
/// AWS's: one whose time is over never fires.
pub(super) fn soonest(now: DateTime<Utc>) -> DateTime<Utc> {
    whole(now + CLOCK_SKEW + CALL_DELAY) + MINUTE
}

/// The whole minute before a deadline, in which its schedule fires.
pub(super) fn scheduled_at(deadline: DateTime<Utc>) -> DateTime<Utc> {
    whole(deadline) - MINUTE
}

/// From when on a cluster's schedule may have ended it: a schedule that fires a little before the
/// minute of the deadline counts as armed. The first one does if the clock of the creator was in an
/// earlier minute than EMR's time of the creation.
pub(super) fn may_fire_from(deadline: DateTime<Utc>) -> DateTime<Utc> {
    scheduled_at(deadline) - TOLERANCE
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(MINUTE).unwrap_or(at)
}

/// When a primary powers off that counts this many seconds from its cluster's creation.
pub(super) fn off_at(created: DateTime<Utc>, seconds: u64) -> DateTime<Utc> {
    created + Span::from_secs(seconds).delta()
}

/// Until when the power-off that was last written allows a cluster to live; `None` if it has none.
pub(super) fn armed_until(cluster: &emr::Cluster) -> Option<DateTime<Utc>> {
    let seconds = requested_power_off(&cluster.tags)?;
    Some(off_at(cluster.created_at, seconds) - POWER_OFF_DELAY)
}

/// Whether a schedule ends this cluster, and in time. A cluster that turned out cheaper than it could
/// have been may still end at an earlier deadline of its.
pub(super) fn ends_in_time(schedule: &Schedule, cluster: &Cluster, now: DateTime<Utc>) -> bool {
    let input = serde_json::from_str::<serde_json::Value>(&schedule.input).ok();
    let late = fires_at(cluster, now) + TOLERANCE;
    // Target and role must be in the same partition.
    let partition = schedule.role.split(':').nth(1).unwrap_or_default();
    schedule.target == terminate(partition)
        && schedule.role.ends_with(&format!(":role/{REAPER}"))
        && input == Some(json!({ "JobFlowIds": [cluster.id] }))
        && schedule.at <= late
        && (cluster.may_gain_time() || !fires_early(schedule, cluster))
}

/// Whether a schedule fires before the cluster's deadline.
pub(super) fn fires_early(schedule: &Schedule, cluster: &Cluster) -> bool {
    schedule.at < scheduled_at(guard::hard_deadline(cluster).at) - TOLERANCE
}

/// The safeguards of a live cluster. `left_at` is when its last follower chose to leave it.
pub(super) fn assess(
    cluster: &Cluster,
    observed: &Replies,
    left_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<Safeguard> {
    [
        idle(cluster, observed),
        Some(last_step(cluster, observed)),
        Some(power_off(cluster, observed)),
        Some(schedule(cluster, &observed.schedule, now)),
        Some(apply(cluster, left_at, now)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The safeguards of a cluster that is created now.
pub(super) fn planned(spec: &ClusterSpec, role_missing: bool) -> Vec<Safeguard> {
    let armed = |kind, says: &str| Safeguard::armed(kind, None, says);
    let guardrails = &spec.guardrails;
    let last_step = match guardrails.when_done {
        WhenDone::Terminate => armed(SafeguardKind::LastStep, "EMR ends it with its last step"),
        WhenDone::Keep => Safeguard::disarmed(SafeguardKind::LastStep, Unarmed::Kept, this_apply()),
    };
    let schedule = if role_missing {
        no_role(this_apply())
    } else {
        armed(SafeguardKind::Schedule, ends_it(spec))
    };
    let label = spec
        .label
        .clone()
        .unwrap_or_else(|| spec.release.to_string());
    let says = format!("EMR ends it when idle for {}", guardrails.idle_timeout);
    let idle = no_idle_policy(&label, spec, this_apply())
        .or_else(|| unsure_if_protected(spec, this_apply()))
        .unwrap_or_else(|| armed(SafeguardKind::IdlePolicy, &says));
    vec![
        idle,
        last_step,
        armed(SafeguardKind::PowerOff, "its primary powers off"),
        schedule,
        armed(
            SafeguardKind::Apply,
            "apply ends it, while it follows the job",
        ),
    ]
}

/// Changes of a live cluster's safeguards that somebody else made and `apply` fixes.
pub(super) fn drift(cluster: &Cluster, observed: &Replies, now: DateTime<Utc>) -> Vec<String> {
    let mut drift = Vec::new();
    let off = |seconds: u64| {
        let (at, due) = (
            off_at(cluster.created_at, seconds),
            guard::hard_deadline(cluster).at,
        );
        // An older clusterup let it power off at the deadline itself.
        (at < due - TOLERANCE && !cluster.may_gain_time())
            || at > off_at(cluster.created_at, power_off_seconds(cluster)) + TOLERANCE
    };
    if requested_power_off(&observed.cluster.tags).is_some_and(off) {
        drift.push("its primary powers off at another time than its deadline".to_owned());
    }
    match &observed.schedule {
        Scheduled::Missing => drift.push("its schedule is missing".to_owned()),
        Scheduled::There(schedule) if !ends_in_time(schedule, cluster, now) => {
            drift.push("its schedule does not match its deadline".to_owned());
        }
        Scheduled::NotLifted => {
            drift.push("the schedule that lifts its termination protection is missing".to_owned());
        }
        Scheduled::There(_) | Scheduled::NoRole | Scheduled::Unread(_) => {}
    }
    if !observed.cluster.protected && protection::is_due(cluster, now) {
        drift.push("its termination protection is off".to_owned());
    }
    drift
}

/// The idle policy of a cluster that cannot have one.
fn no_idle_policy(label: &str, spec: &ClusterSpec, apply: Command) -> Option<Safeguard> {
    let why = Unarmed::idle_policy(label, &spec.emr.software)?;
    Some(Safeguard::disarmed(SafeguardKind::IdlePolicy, why, apply))
}

/// The idle policy of a protected cluster: AWS does not document that it ends one.
fn unsure_if_protected(spec: &ClusterSpec, apply: Command) -> Option<Safeguard> {
    let disarmed = || Safeguard::disarmed(SafeguardKind::IdlePolicy, Unarmed::Undocumented, apply);
    spec.termination_protection.then(disarmed)
}

/// How the schedule ends a cluster, in words.
fn ends_it(spec: &ClusterSpec) -> &'static str {
    if spec.termination_protection {
        "EventBridge lifts its termination protection and ends it"
    } else {
        "EventBridge ends it"
    }
}

fn idle(cluster: &Cluster, observed: &Replies) -> Option<Safeguard> {
    let kind = SafeguardKind::IdlePolicy;
    let apply = || apply_again(&cluster.stack);
    let none = no_idle_policy(&observed.cluster.release, &cluster.spec, apply());
    if let Some(safeguard) = none.or_else(|| unsure_if_protected(&cluster.spec, apply())) {
        return Some(safeguard);
    }
    Some(match observed.idle? {
        Some(idle) => Safeguard::armed(kind, None, format!("EMR ends it when idle for {idle}")),
        None => Safeguard::disarmed(kind, Unarmed::Removed, apply_again(&cluster.stack)),
    })
}

fn last_step(cluster: &Cluster, observed: &Replies) -> Safeguard {
    let kind = SafeguardKind::LastStep;
    match (
        observed.cluster.keep_alive,
        cluster.spec.guardrails.when_done,
    ) {
        (false, _) => Safeguard::armed(kind, None, "EMR ends it with its last step"),
        (true, WhenDone::Keep) => {
            Safeguard::disarmed(kind, Unarmed::Kept, apply_again(&cluster.stack))
        }
        (true, WhenDone::Terminate) => {
            Safeguard::disarmed(kind, Unarmed::TurnedOff, apply_again(&cluster.stack))
        }
    }
}

fn power_off(cluster: &Cluster, observed: &Replies) -> Safeguard {
    let kind = SafeguardKind::PowerOff;
    let Some(seconds) = requested_power_off(&observed.cluster.tags) else {
        let apply = apply_again(&cluster.stack);
        return Safeguard::disarmed(kind, Unarmed::CreatedWithout, apply);
    };
    let at = off_at(cluster.created_at, seconds);
    Safeguard::armed(kind, Some(at), "its primary powers off")
}

fn schedule(cluster: &Cluster, scheduled: &Scheduled, now: DateTime<Utc>) -> Safeguard {
    let kind = SafeguardKind::Schedule;
    let disarmed = |why| Safeguard::disarmed(kind, why, apply_again(&cluster.stack));
    match scheduled {
        Scheduled::There(schedule) if ends_in_time(schedule, cluster, now) => {
            Safeguard::armed(kind, Some(schedule.at), ends_it(&cluster.spec))
        }
        Scheduled::NotLifted => disarmed(Unarmed::NotLifted),
        Scheduled::There(_) => disarmed(Unarmed::Different),
        Scheduled::Missing => disarmed(Unarmed::Missing),
        Scheduled::NoRole => no_role(apply_again(&cluster.stack)),
        Scheduled::Unread(why) => disarmed(Unarmed::Unread(why.clone())),
    }
}

/// A schedule that has no role. `apply` is the command that applies the cluster's stack.
pub(super) fn no_role(apply: Command) -> Safeguard {
    let why = Unarmed::NoRole(REAPER.to_owned());
    Safeguard::disarmed(SafeguardKind::Schedule, why, apply)
}

fn apply(cluster: &Cluster, left_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Safeguard {
    let kind = SafeguardKind::Apply;
    if let Some(at) = left_at {
        return Safeguard::disarmed(kind, Unarmed::Left(at), apply_again(&cluster.stack));
    }
    match cluster.renewed_at {
        Some(at) if now - at < FOLLOWER_TIMEOUT => {
            let since = at.format("%H:%M:%S UTC");
            Safeguard::armed(
                kind,
                None,
                format!("an apply follows it, last seen at {since}"),
            )
        }
        Some(_) | None => {
            Safeguard::disarmed(kind, Unarmed::NotFollowed, apply_again(&cluster.stack))
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
        let id = "j-1".parse().unwrap();
        let stack = "t".parse().unwrap();
        let cluster = Cluster::new(id, stack, sample, now);
        let of = |target: &str, role: &str| {
            let schedule = Schedule {
                name: "n".to_owned(),
                at: fires_at(&cluster, now),
                target: terminate(target),
                role: format!("arn:{role}:iam::123456789012:role/{REAPER}"),
                input: json!({ "JobFlowIds": [cluster.id] }).to_string(),
            };
            ends_in_time(&schedule, &cluster, now)
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
    fn what_an_armed_schedule_ended_is_ascribed_to_it() {
        let sample = crate::cloud::account::spec::tests::sample();
        let now: DateTime<Utc> = "2026-11-21T04:00:00Z".parse().unwrap();
        for second in 0..120 {
            let created = now + TimeDelta::seconds(second);
            let (id, stack) = ("j-1".parse().unwrap(), "t".parse().unwrap());
            let cluster = Cluster::new(id, stack, sample.clone(), created);
            let deadline = guard::hard_deadline(&cluster).at;
            for early in 0..6 {
                let schedule = Schedule {
                    name: "n".to_owned(),
                    at: whole(deadline) - TimeDelta::minutes(early),
                    target: terminate("aws"),
                    role: format!("arn:aws:iam::123456789012:role/{REAPER}"),
                    input: json!({ "JobFlowIds": [cluster.id] }).to_string(),
                };
                let is_armed = ends_in_time(&schedule, &cluster, created);
                let is_cause = schedule.at >= may_fire_from(deadline);
                assert!(!is_armed || is_cause, "{second} {early}");
                assert_eq!(is_cause, early <= 3, "{second} {early}");
            }
        }
    }

    #[test]
    fn a_deadline_in_a_tag_cannot_overflow() {
        let of =
            |text: &str| requested_power_off(&Tags::from([(DEADLINE.to_owned(), text.to_owned())]));
        assert_eq!(of("3600"), Some(3_600));
        assert_eq!(of("soon"), None);
        for text in ["99999999999999", "18446744073709551615"] {
            let after = Span::from_secs(of(text).unwrap()).delta();
            assert!(DateTime::UNIX_EPOCH.checked_add_signed(after).is_some());
        }
    }
}
