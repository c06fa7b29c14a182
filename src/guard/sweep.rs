//! Evaluates all guards; the earliest deadline applies.

use super::Cause;
use super::terms::Terms;
use super::verdict::{Deadline, Opinion, Verdict};
use super::{hard_opinions, opinions};
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};

/// Keeps the cluster or ends it for a reason. A cluster that is ending or over is kept, as there is
/// nothing left to do.
pub fn sweep(now: DateTime<Utc>, cluster: &Cluster) -> Verdict {
    verdict(now, cluster, opinions(now, cluster))
}

/// The verdict of the hard guards alone, for a cluster that is not idle.
pub fn hard_sweep(now: DateTime<Utc>, cluster: &Cluster) -> Verdict {
    verdict(now, cluster, hard_opinions(now, &Terms::of(cluster)))
}

fn verdict(now: DateTime<Utc>, cluster: &Cluster, opinions: Vec<Opinion>) -> Verdict {
    let (deadline, evidence) = earliest(opinions);
    if !cluster.state.is_live() || now < deadline.at {
        return Verdict::Keep { deadline };
    }
    Verdict::Terminate {
        reason: deadline.cause.reason(),
        message: evidence,
    }
}

/// When the cluster ends if nothing happens to it from now on. A clock that goes backwards only
/// moves `now` away from it.
pub fn deadline(now: DateTime<Utc>, cluster: &Cluster) -> Deadline {
    earliest(opinions(now, cluster)).0
}

/// When the cluster ends regardless of its work. It is known at the creation and changes only with
/// a resize, an extension, a renewed lease or a changed guardrail.
pub fn hard_deadline(cluster: &Cluster) -> Deadline {
    Terms::of(cluster).deadline()
}

impl Terms {
    /// The earliest deadline of the hard guards.
    pub fn deadline(&self) -> Deadline {
        earliest(hard_opinions(self.created_at, self)).0
    }
}

/// The earliest deadline of the hard guards, and its evidence.
pub(super) fn earliest_hard(now: DateTime<Utc>, terms: &Terms) -> (Deadline, String) {
    earliest(hard_opinions(now, terms))
}

/// The first of several with the same instant.
fn earliest(opinions: Vec<Opinion>) -> (Deadline, String) {
    let ends = opinions.into_iter().filter_map(|opinion| {
        let deadline = Deadline {
            at: opinion.ends_at?,
            cause: opinion.cause,
        };
        Some((deadline, opinion.evidence))
    });
    let first = ends.min_by_key(|(deadline, _)| deadline.at);
    first.unwrap_or_else(|| {
        let never = Deadline {
            at: DateTime::<Utc>::MAX_UTC,
            cause: Cause::Lifetime,
        };
        (never, String::new())
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, cluster, step};
    use super::*;
    use crate::model::observed::{ClusterState, EndReason, StepState};
    use crate::model::span::Span;
    use proptest::prelude::*;

    fn ended_as(verdict: Verdict) -> Option<(EndReason, String)> {
        match verdict {
            Verdict::Keep { .. } => None,
            Verdict::Terminate { reason, message } => Some((reason, message)),
        }
    }

    #[test]
    fn idles_to_the_second() {
        let idle = cluster(Some(10));
        assert_eq!(ended_as(sweep(at(69), &idle)), None);
        let (reason, message) = ended_as(sweep(at(70), &idle)).unwrap();
        assert_eq!(reason, EndReason::IdleTimeout);
        assert_eq!(message, "idle for 1m since 04:00:10 UTC (idle_timeout: 1m)");
    }

    #[test]
    fn lives_to_the_second() {
        let mut busy = cluster(Some(10));
        busy.steps.push(step(StepState::Running, Some(11), None));
        assert_eq!(ended_as(sweep(at(599), &busy)), None);
        let (reason, message) = ended_as(sweep(at(600), &busy)).unwrap();
        assert_eq!(reason, EndReason::MaxLifetime);
        assert_eq!(message, "alive since 04:00:00 UTC (max_lifetime: 10m)");
    }

    #[test]
    fn setting_up_is_not_idling_but_has_its_end() {
        let young = cluster(None);
        assert_eq!(ended_as(sweep(at(599), &young)), None);
        assert_eq!(
            ended_as(sweep(at(600), &young)).unwrap().0,
            EndReason::MaxLifetime
        );
    }

    #[test]
    fn a_step_that_ended_starts_the_count_again() {
        let mut done = cluster(Some(10));
        done.steps
            .push(step(StepState::Completed, Some(20), Some(100)));
        assert_eq!(deadline(at(0), &done).at, at(160));
        assert_eq!(deadline(at(0), &done).cause, Cause::Idle);
    }

    #[test]
    fn pending_steps_do_not_keep_it() {
        let mut stuck = cluster(Some(10));
        stuck.steps.push(step(StepState::Pending, None, None));
        assert!(ended_as(sweep(at(70), &stuck)).is_some());
    }

    #[test]
    fn a_cluster_that_is_over_is_left_alone() {
        let mut over = cluster(Some(10));
        over.state = ClusterState::Terminating;
        assert_eq!(ended_as(sweep(at(1_000_000), &over)), None);
    }

    #[test]
    fn ends_before_it_costs_more_than_its_budget() {
        let mut dear = cluster(Some(10));
        dear.steps.push(step(StepState::Running, Some(11), None));
        // At $0.24/h a cent is 150 s, of which 30 s are reserved for the end; the cost must stay
        // below it.
        dear.spec.guardrails.budget = Some("$0.01".parse().unwrap());
        let hard = hard_deadline(&dear);
        assert_eq!((hard.at, hard.cause), (at(119), Cause::Budget));
        let (reason, message) = ended_as(sweep(at(119), &dear)).unwrap();
        assert_eq!(reason, EndReason::Budget);
        assert!(
            message.starts_with("$0.008 spent by 04:01:59 UTC at $0.24/h, "),
            "{message}"
        );
        // Unreadable prices are reported, and the other guards still apply.
        dear.spec.rates = None;
        assert_eq!(hard_deadline(&dear).cause, Cause::Lifetime);
        let unread = opinions(at(0), &dear).into_iter().find_map(|it| it.unread);
        assert_eq!(
            unread.unwrap(),
            "the rates that were frozen with the cluster"
        );
    }

    #[test]
    fn a_lease_counts_from_the_last_follower() {
        let mut left = cluster(Some(10));
        left.steps.push(step(StepState::Running, Some(11), None));
        left.spec.guardrails.lease = Some(Span::from_secs(100));
        assert_eq!(hard_deadline(&left).at, at(100));
        left.renewed_at = Some(at(90));
        assert_eq!(ended_as(sweep(at(189), &left)), None);
        let (reason, message) = ended_as(sweep(at(190), &left)).unwrap();
        assert_eq!(reason, EndReason::Lease);
        assert_eq!(message, "not followed since 04:01:30 UTC (lease: 1m40s)");
    }

    #[test]
    fn off_hours_end_clusters_created_before_them() {
        let mut late = cluster(Some(10));
        late.steps.push(step(StepState::Running, Some(11), None));
        late.spec.guardrails.off_hours = vec![crate::model::hours::OffHours {
            timezone: "Asia/Seoul".parse().unwrap(),
            terminate: "Sat 13:05-14:00".parse().unwrap(),
        }];
        // 21 November 2026 is a Saturday, and 04:00 UTC is 13:00 in Seoul.
        let hard = hard_deadline(&late);
        assert_eq!((hard.at, hard.cause), (at(300), Cause::OffHours));
        let (reason, message) = ended_as(sweep(at(300), &late)).unwrap();
        assert_eq!(reason, EndReason::OffHours);
        assert_eq!(message, "off hours have begun (Sat 13:05-14:00 Asia/Seoul)");
    }

    fn any_cluster() -> impl Strategy<Value = Cluster> {
        let state = prop_oneof![
            Just(StepState::Pending),
            Just(StepState::Running),
            Just(StepState::Completed),
            Just(StepState::Failed),
        ];
        let time = || proptest::option::of(0..2_000_i64);
        let steps = proptest::collection::vec((state, time(), time()), 0..4);
        let span = || prop_oneof![1..4_000_u64, Just(u64::MAX)];
        (time(), steps, span(), span()).prop_map(|(ready, steps, idle, instance_span)| {
            let mut cluster = cluster(ready);
            cluster.steps = steps.into_iter().map(|(s, a, b)| step(s, a, b)).collect();
            cluster.spec.guardrails.idle_timeout = Span::from_secs(idle);
            cluster.spec.guardrails.max_lifetime = Span::from_secs(instance_span);
            cluster
        })
    }

    proptest! {
        #[test]
        fn once_ended_always_ended(
            cluster in any_cluster(),
            now in -5_000..9_000_i64,
            on in 0..5_000_i64,
        ) {
            if ended_as(sweep(at(now), &cluster)).is_some() {
                prop_assert!(ended_as(sweep(at(now + on), &cluster)).is_some());
            }
        }

        #[test]
        fn never_past_the_lifetime(cluster in any_cluster()) {
            let hard = hard_deadline(&cluster).at;
            prop_assert!(deadline(at(0), &cluster).at <= hard);
            prop_assert!(ended_as(sweep(hard, &cluster)).is_some());
        }

        #[test]
        fn ends_at_its_deadline_and_not_before(cluster in any_cluster()) {
            let end = deadline(at(0), &cluster).at;
            prop_assert!(ended_as(sweep(end, &cluster)).is_some());
            let before = end - chrono::TimeDelta::seconds(1);
            prop_assert!(ended_as(sweep(before, &cluster)).is_none());
        }

        #[test]
        fn running_is_never_idle(mut cluster in any_cluster(), now in 0..9_000_i64) {
            cluster.steps.push(step(StepState::Running, Some(0), None));
            let reason = ended_as(sweep(at(now), &cluster)).map(|(reason, _)| reason);
            prop_assert_ne!(reason, Some(EndReason::IdleTimeout));
        }
    }
}
