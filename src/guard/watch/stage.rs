//! The stages of a cluster on the way to its end.

use super::claims::{self, Claim};
use super::{LATE, QuietPeriod, WatchInput};
use crate::model::fleet::WatchdogMark;
use crate::model::observed::{End, EndReason};
use crate::model::orders::UnmanagedAction;
use crate::model::span::Span;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// How firmly a cluster must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    /// Held back by an incomplete observation and by the circuit breaker.
    Soft,
    /// A deadline set by a policy, perhaps just now: it has a grace period.
    Policy,
    /// A deadline set when the cluster was created. Its grace period comes before it; if no
    /// watchdog ran then, there is none.
    Hard,
}

/// What to do about a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nothing.
    Keep,
    /// It is left alone because of its tag.
    Exempt,
    /// It may be idle, but that is unknown.
    Unseen,
    /// A step runs without progress: people are notified.
    Stuck,
    /// It is forgotten, and the policy only wants a notification.
    Forgotten,
    /// It should end but is protected: people are notified.
    Protected,
    /// A policy has it adopted.
    Adopt,
    /// The mark is written and people are warned.
    Warn(WatchdogMark),
    /// It is marked and has time left.
    Grace(WatchdogMark),
    /// The mark no longer applies and is removed.
    Clear,
    /// It ends, if a fresh description confirms it. True if its protection is removed first.
    End(End, Force, bool),
    /// It is ending.
    Ending,
    /// It should have ended by now.
    Late,
    /// It is over.
    Over,
}

/// What to do about a cluster, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// What to do.
    pub stage: Stage,
    /// The reason of the end that is coming, if any.
    pub reason: Option<EndReason>,
    /// What the stage is based on, as a sentence without a full stop.
    pub evidence: String,
    /// When it ends as things stand; `None` if people are only notified.
    pub ends_at: Option<DateTime<Utc>>,
    /// When people are warned or notified, if that is still to come.
    pub warns_at: Option<DateTime<Utc>>,
    /// Whether `ends_at` is the earliest time, as the grace period begins with the warning.
    pub at_earliest: bool,
    /// Since when it is idle; `None` if it is not, or unknown.
    pub idle_since: Option<DateTime<Utc>>,
    /// Whether it may have been idle for longer, because nothing is known of the time before.
    pub idle_at_least: bool,
    /// The quiet period to remember.
    pub quiet_period: Option<QuietPeriod>,
}

impl Stage {
    /// The stage as a word, as in pages and records.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Exempt => "exempt",
            Self::Unseen => "unseen",
            Self::Stuck => "stuck",
            Self::Forgotten => "forgotten",
            Self::Protected => "protected",
            Self::Adopt => "adopt",
            Self::Warn(_) => "warn",
            Self::Grace(_) => "warned",
            Self::Clear => "clear",
            Self::End(..) => "end",
            Self::Ending => "ending",
            Self::Late => "late",
            Self::Over => "over",
        }
    }

    /// Whether something happens to it now or soon, so that it is described afresh.
    pub const fn is_suspect(&self) -> bool {
        matches!(
            self,
            Self::Adopt | Self::Warn(_) | Self::Grace(_) | Self::Clear | Self::End(..)
        )
    }
}

impl Assessment {
    /// A stage with its evidence, without an end or a warning.
    pub fn plain(stage: Stage, evidence: impl Into<String>) -> Self {
        Self {
            stage,
            reason: None,
            evidence: evidence.into(),
            ends_at: None,
            warns_at: None,
            at_earliest: false,
            idle_since: None,
            idle_at_least: false,
            quiet_period: None,
        }
    }
}

pub(super) fn ending(now: DateTime<Utc>, asked_at: Option<DateTime<Utc>>) -> Assessment {
    let Some(requested_at) = asked_at else {
        return Assessment::plain(Stage::Ending, "it is ending");
    };
    let passed = now.signed_duration_since(requested_at);
    let evidence = format!("its end was requested {} ago", Span::from_delta(passed));
    let stage = if passed > LATE {
        Stage::Late
    } else {
        Stage::Ending
    };
    Assessment::plain(stage, evidence)
}

/// The stage of a cluster under the first claim.
pub(super) fn of(now: DateTime<Utc>, watched: &WatchInput<'_>, claim: Option<Claim>) -> Assessment {
    let mark = watched.snapshot.mark;
    let due = claim.filter(|claim| claim.at < DateTime::<Utc>::MAX_UTC);
    let Some(claim) = due else {
        let stage = if mark.is_some() {
            Stage::Clear
        } else {
            Stage::Keep
        };
        return Assessment::plain(stage, "");
    };
    let mut assessment = Assessment {
        reason: Some(claim.reason),
        ends_at: Some(claim.at),
        ..Assessment::plain(Stage::Keep, "")
    };
    if now < claim.warns_at() {
        assessment.warns_at = Some(claim.warns_at());
        assessment.ends_at = (!only_notified(watched, &claim)).then(|| claim.ends_at());
        assessment.at_earliest = !claim.early && assessment.ends_at.is_some();
        if mark.is_some() {
            assessment.stage = Stage::Clear;
        }
        return assessment;
    }
    assessment.evidence = claim.evidence.clone();
    assessment.stage = match held_back(now, watched, &claim) {
        Some(stage) => stage,
        None => onward(now, watched, &claim, mark),
    };
    match &assessment.stage {
        Stage::Warn(mark) | Stage::Grace(mark) => assessment.ends_at = Some(mark.ends_at),
        Stage::Forgotten => {
            assessment.ends_at = None;
            let by = claims::of_others(watched, |mildest| mildest.action.as_ref());
            if !by.is_empty() {
                assessment.evidence += "; only reported (action: notify";
                assessment.evidence += &by;
                assessment.evidence.push(')');
            }
        }
        Stage::Protected => assessment.ends_at = None,
        Stage::Keep
        | Stage::Exempt
        | Stage::Unseen
        | Stage::Stuck
        | Stage::Adopt
        | Stage::Clear
        | Stage::End(..)
        | Stage::Ending
        | Stage::Late
        | Stage::Over => {}
    }
    assessment
}

/// Whether the policy wants a notification and no end.
fn only_notified(watched: &WatchInput<'_>, claim: &Claim) -> bool {
    let action = watched.orders.unmanaged.action;
    claim.reason == EndReason::Forgotten && action != UnmanagedAction::Terminate
}

/// The stage that replaces a warning about an end that will not come.
fn held_back(now: DateTime<Utc>, watched: &WatchInput<'_>, claim: &Claim) -> Option<Stage> {
    let snapshot = watched.snapshot;
    let orders = watched.orders;
    if only_notified(watched, claim) {
        return Some(Stage::Forgotten);
    }
    let protected = snapshot.is_protected_by_others() && !orders.lift_protection;
    // Until it is due, there is time to remove the protection.
    (protected && now >= claim.at).then_some(Stage::Protected)
}

fn onward(
    now: DateTime<Utc>,
    watched: &WatchInput<'_>,
    claim: &Claim,
    mark: Option<WatchdogMark>,
) -> Stage {
    let lift = watched.snapshot.protected;
    let end = || {
        let end = End {
            reason: claim.reason,
            message: claim.evidence.as_str().into(),
        };
        Stage::End(end, claim.force, lift)
    };
    if claim.force == Force::Hard && now >= claim.at {
        return end();
    }
    let marked = mark.filter(|mark| mark.reason == claim.reason);
    let Some(mark) = marked.filter(|mark| fits(mark, claim)) else {
        let ends_at = match claim.force {
            Force::Hard => claim.at,
            Force::Policy | Force::Soft => claim.at.max(now + claim.grace.delta()),
        };
        // In whole seconds, as in the tag, and never early.
        let ends_at = ends_at.trunc_subsecs(0) + TimeDelta::seconds(1);
        let reason = claim.reason;
        return Stage::Warn(WatchdogMark { ends_at, reason });
    };
    // Somebody may have used it or moved a deadline since it was marked.
    let ends_at = mark.ends_at.max(claim.at);
    if now >= ends_at && claim.force != Force::Hard {
        return end();
    }
    Stage::Grace(WatchdogMark { ends_at, ..mark })
}

/// Whether a mark belongs to this claim, not to an earlier one or to a cluster whose tags were
/// copied. The mark of a hard deadline has its exact time.
fn fits(mark: &WatchdogMark, claim: &Claim) -> bool {
    let behind = claim.at.signed_duration_since(mark.ends_at);
    match claim.force {
        Force::Hard => behind.abs() <= TimeDelta::minutes(1),
        Force::Policy | Force::Soft => behind <= TimeDelta::minutes(1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{World, at};
    use super::*;
    use crate::model::fleet::Reading;
    use crate::model::observed::ClusterState;
    use crate::model::observed::EndReason::Forgotten;

    #[test]
    fn an_end_after_a_warning_is_shown_with_its_warning() {
        let mut world = World::others();
        world.quiet_until(3_600);
        // Idle since 600 s; forgotten at 4,200 s, and ended an hour after that at the earliest.
        let assessment = world.judge(3_480);
        assert_eq!(
            (assessment.stage, assessment.at_earliest),
            (Stage::Keep, true)
        );
        assert_eq!(
            (assessment.warns_at, assessment.ends_at),
            (Some(at(4_200)), Some(at(7_800)))
        );
        world.orders.unmanaged.action = UnmanagedAction::Notify;
        let assessment = world.judge(3_480);
        assert_eq!(
            (assessment.warns_at, assessment.ends_at),
            (Some(at(4_200)), None)
        );
        assert!(!assessment.at_earliest);
        // A marked cluster has its time.
        world.orders.unmanaged.action = UnmanagedAction::Terminate;
        world.quiet_until(4_500);
        world.marked(8_000, Forgotten);
        let assessment = world.judge(4_500);
        assert_eq!((assessment.warns_at, assessment.at_earliest), (None, false));
        assert_eq!(assessment.ends_at, Some(at(8_000)));
        // For clusters of clusterup the grace period comes before the end.
        let mut world = World::ours();
        world.quiet_until(600);
        let assessment = world.judge(700);
        assert_eq!(
            (assessment.warns_at, assessment.ends_at),
            (Some(at(900)), Some(at(1_200)))
        );
        assert!(!assessment.at_earliest);
        // An age, and a start that hangs.
        for change in [
            |world: &mut World| world.runs_since(310),
            |world: &mut World| {
                world.is_unready(ClusterState::Starting);
                world.orders.start_within = Span::from_secs(7_200);
            },
            |world: &mut World| world.has(&["HBase"]),
        ] {
            let mut world = World::others();
            world.orders.unmanaged.max_lifetime = Some(Span::from_secs(7_200));
            change(&mut world);
            let assessment = world.judge(5_000);
            let times = (
                assessment.warns_at,
                assessment.ends_at,
                assessment.at_earliest,
            );
            assert_eq!(times, (Some(at(7_200)), Some(at(10_800)), true));
        }
    }

    #[test]
    fn a_mark_is_of_a_claim_up_to_a_minute_after_it() {
        let claim = |force| Claim {
            reason: Forgotten,
            at: at(1_000),
            force,
            grace: Span::from_secs(300),
            early: false,
            evidence: String::new(),
        };
        let fits = |force, ends_at| {
            let mark = WatchdogMark {
                ends_at: at(ends_at),
                reason: Forgotten,
            };
            fits(&mark, &claim(force))
        };
        for (ends_at, hard, soft) in [
            (939, false, false),
            (940, true, true),
            (1_060, true, true),
            // The time of a warning that came late is later than the claim's.
            (1_061, false, true),
        ] {
            assert_eq!(fits(Force::Hard, ends_at), hard, "{ends_at}");
            assert_eq!(fits(Force::Soft, ends_at), soft, "{ends_at}");
            assert_eq!(fits(Force::Policy, ends_at), soft, "{ends_at}");
        }
    }

    #[test]
    fn a_cluster_without_limits_has_no_end_to_show() {
        let mut world = World::ours();
        world.runs_since(310);
        world.cluster().spec.guardrails.max_lifetime = Span::from_secs(u64::MAX);
        world.orders.bound = None;
        let assessment = world.judge(5_000);
        let times = (assessment.reason, assessment.warns_at, assessment.ends_at);
        assert_eq!((assessment.stage, times), (Stage::Keep, (None, None, None)));
    }

    #[test]
    fn a_forgotten_cluster_that_is_only_reported_names_the_policy_that_says_so() {
        let mut world = World::others();
        world.orders.unmanaged.action = UnmanagedAction::Notify;
        world.quiet_until(9_000);
        let assessment = world.judge(9_000);
        assert_eq!(assessment.stage, Stage::Forgotten);
        assert!(!assessment.evidence.contains("only reported"));
        world.orders.mildest.of = 2;
        world.orders.mildest.action = Some("calm".parse().unwrap());
        let evidence = world.judge(9_000).evidence;
        assert!(
            evidence.contains("; only reported (action: notify"),
            "{evidence}"
        );
        assert!(evidence.contains("calm"), "{evidence}");
    }

    #[test]
    fn idle_time_goes_on_beyond_what_is_read() {
        let mut world = World::others();
        world.orders.unmanaged.idle_timeout = Span::from_secs(864_000);
        for hours in [4_i64, 30, 100] {
            let now = hours * 3_600;
            world.quiet_until(now);
            let Some(Reading::Read(metric_samples)) = &mut world.metric_samples else {
                panic!("no metrics")
            };
            metric_samples.retain(|metric_sample| metric_sample.at > at(now - 10_800));
            let assessment = world.judge(now);
            // There was no reading before, so only a part of the time is known.
            assert!(assessment.idle_at_least, "{hours}");
            assert_eq!(assessment.idle_since, Some(at(now - 10_500)));
            world.has_steps(Reading::Read(Vec::new()));
            world.quiet_period = Some(QuietPeriod {
                since: at(700),
                at_least: false,
                until: at(now - 10_800),
            });
            let assessment = world.judge(now);
            assert_eq!(
                (assessment.idle_since, assessment.idle_at_least),
                (Some(at(700)), false)
            );
            world.quiet_period = None;
        }
        world.orders.unmanaged.idle_timeout = Span::from_secs(3_600);
        let says = world.judge(360_000).evidence;
        assert!(
            says.starts_with("idle for at least 2h55m since before 05:05:00 UTC"),
            "{says}"
        );
    }
}
