//! How far a cluster is on its way to its end.

use super::claims::{self, Claim};
use super::{LATE, QuietPeriod, WatchInput};
use crate::model::fleet::WatchdogMark;
use crate::model::observed::{End, EndReason};
use crate::model::orders::UnmanagedAction;
use crate::model::span::Span;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// How much an end may be held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    /// Half a picture and the breaker hold it back.
    Soft,
    /// A deadline that a policy set, perhaps a minute ago: it has its grace.
    Policy,
    /// A deadline that the cluster was made with. Its grace lies before it; where nobody looked
    /// then, there is none.
    Hard,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    Keep,
    /// It is left alone because its people say so.
    Exempt,
    /// It may idle, and that cannot be seen.
    Unseen,
    /// A step runs and gets nowhere: people are told.
    Stuck,
    /// It is forgotten, and the policy wants that told and no more.
    Forgotten,
    /// It should end and is protected: people are told.
    Protected,
    /// The mark is written and people are told.
    Warn(WatchdogMark),
    /// It is marked and has time left.
    Grace(WatchdogMark),
    /// The mark no longer holds.
    Clear,
    /// It ends, if a fresh look says the same. True where its protection is taken off first.
    End(End, Force, bool),
    /// It is ending.
    Ending,
    /// It should have ended by now.
    Late,
    Over,
}

/// What is to be done about a cluster, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    pub stage: Stage,
    pub reason: Option<EndReason>,
    pub evidence: String,
    /// When it ends as things stand; none where people are only notified.
    pub ends_at: Option<DateTime<Utc>>,
    /// When its people are warned, or notified, where that is still to come.
    pub warns_at: Option<DateTime<Utc>>,
    /// Whether its time begins with the warning, so that it ends then at the earliest.
    pub at_earliest: bool,
    pub idle_since: Option<DateTime<Utc>>,
    /// Whether it may have idled for longer: nobody has seen what was before.
    pub idle_at_least: bool,
    /// What is to be remembered of what CloudWatch showed.
    pub quiet_period: Option<QuietPeriod>,
}

impl Stage {
    /// In a word, as pages and records have it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Exempt => "exempt",
            Self::Unseen => "unseen",
            Self::Stuck => "stuck",
            Self::Forgotten => "forgotten",
            Self::Protected => "protected",
            Self::Warn(_) => "warn",
            Self::Grace(_) => "warned",
            Self::Clear => "clear",
            Self::End(..) => "end",
            Self::Ending => "ending",
            Self::Late => "late",
            Self::Over => "over",
        }
    }

    /// Whether something is done about it, now or soon: then it is looked at afresh.
    pub const fn is_suspect(&self) -> bool {
        matches!(
            self,
            Self::Warn(_) | Self::Grace(_) | Self::Clear | Self::End(..)
        )
    }
}

impl Assessment {
    /// A stage with its evidence, where nothing ends the cluster and nobody is warned.
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
    let Some(asked) = asked_at else {
        return Assessment::plain(Stage::Ending, "it is ending");
    };
    let passed = now.signed_duration_since(asked);
    let says = format!("its end was asked for {} ago", Span::from_delta(passed));
    let stage = if passed > LATE {
        Stage::Late
    } else {
        Stage::Ending
    };
    Assessment::plain(stage, says)
}

/// The stage of a cluster under the claim that comes first.
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
        assessment.ends_at = (!only_notified(watched)).then(|| claim.ends_at());
        assessment.at_earliest = !claim.early && assessment.ends_at.is_some();
        if mark.is_some() {
            assessment.stage = Stage::Clear;
        }
        return assessment;
    }
    assessment.evidence = claim.evidence.clone();
    assessment.stage = match held(now, watched, &claim) {
        Some(held) => held,
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
        | Stage::Clear
        | Stage::End(..)
        | Stage::Ending
        | Stage::Late
        | Stage::Over => {}
    }
    assessment
}

/// Whether the policy wants people notified, and no end.
fn only_notified(watched: &WatchInput<'_>) -> bool {
    let orders = watched.orders;
    watched.snapshot.ours().is_none() && orders.unmanaged.action == UnmanagedAction::Notify
}

/// What keeps people from being warned of an end that does not come.
fn held(now: DateTime<Utc>, watched: &WatchInput<'_>, claim: &Claim) -> Option<Stage> {
    let snapshot = watched.snapshot;
    let orders = watched.orders;
    if only_notified(watched) {
        return Some(Stage::Forgotten);
    }
    let protected = snapshot.protected && !orders.lift_protection;
    // Until it is due there is time to take the protection off.
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
        // In whole seconds, as the tag has it, and never early.
        let ends_at = ends_at.trunc_subsecs(0) + TimeDelta::seconds(1);
        let reason = claim.reason;
        return Stage::Warn(WatchdogMark { ends_at, reason });
    };
    // Somebody may have worked, or moved a deadline, since it was marked.
    let ends_at = mark.ends_at.max(claim.at);
    if now >= ends_at && claim.force != Force::Hard {
        return end();
    }
    Stage::Grace(WatchdogMark { ends_at, ..mark })
}

/// Whether a mark tells of this claim, and not of an earlier one, or of the cluster that this one's
/// tags were copied from. One of a hard deadline names its very time.
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
        // Idle since 600; forgotten at 4,200, and ended an hour after that at the earliest.
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
        // One that is marked has its time.
        world.orders.unmanaged.action = UnmanagedAction::Terminate;
        world.quiet_until(4_500);
        world.marked(8_000, Forgotten);
        let assessment = world.judge(4_500);
        assert_eq!((assessment.warns_at, assessment.at_earliest), (None, false));
        assert_eq!(assessment.ends_at, Some(at(8_000)));
        // Of ours the grace lies before the end.
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
    fn idle_time_goes_on_beyond_what_is_asked_for() {
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
            // Nobody looked before: so much is known, and that it is no more than a part.
            assert!(assessment.idle_at_least, "{hours}");
            assert_eq!(assessment.idle_since, Some(at(now - 10_500)));
            world.snapshot.steps = Reading::Read(Vec::new());
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
