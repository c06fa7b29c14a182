//! How far a cluster is on its way to its end.

use super::claims::Claim;
use super::{LATE, Watched};
use crate::model::fleet::Mark;
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
    Warn(Mark),
    /// It is marked and has time left.
    Grace(Mark),
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
pub struct Judged {
    pub stage: Stage,
    pub reason: Option<EndReason>,
    pub evidence: String,
    /// When it ends as things stand.
    pub ends_at: Option<DateTime<Utc>>,
    pub idle_since: Option<DateTime<Utc>>,
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

impl Judged {
    pub(super) fn plain(stage: Stage, evidence: impl Into<String>) -> Self {
        Self {
            stage,
            reason: None,
            evidence: evidence.into(),
            ends_at: None,
            idle_since: None,
        }
    }
}

pub(super) fn ending(now: DateTime<Utc>, asked_at: Option<DateTime<Utc>>) -> Judged {
    let Some(asked) = asked_at else {
        return Judged::plain(Stage::Ending, "it is ending");
    };
    let passed = now.signed_duration_since(asked);
    let says = format!("its end was asked for {} ago", Span::from_delta(passed));
    let stage = if passed > LATE {
        Stage::Late
    } else {
        Stage::Ending
    };
    Judged::plain(stage, says)
}

/// The stage of a cluster under the claim that comes first.
pub(super) fn of(now: DateTime<Utc>, watched: &Watched<'_>, claim: Option<Claim>) -> Judged {
    let mark = watched.sight.mark;
    let due = claim.filter(|claim| claim.at < DateTime::<Utc>::MAX_UTC);
    let Some(claim) = due else {
        let stage = if mark.is_some() {
            Stage::Clear
        } else {
            Stage::Keep
        };
        return Judged::plain(stage, "");
    };
    let mut judged = Judged {
        stage: Stage::Keep,
        reason: Some(claim.reason),
        evidence: String::new(),
        ends_at: Some(claim.at),
        idle_since: None,
    };
    if now < claim.warns_at() {
        if mark.is_some() {
            judged.stage = Stage::Clear;
        }
        return judged;
    }
    judged.evidence = claim.evidence.clone();
    judged.stage = match held(now, watched, &claim) {
        Some(held) => held,
        None => onward(now, watched, &claim, mark),
    };
    match &judged.stage {
        Stage::Warn(mark) | Stage::Grace(mark) => judged.ends_at = Some(mark.ends_at),
        Stage::Forgotten | Stage::Protected => judged.ends_at = None,
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
    judged
}

/// What keeps people from being warned of an end that does not come.
fn held(now: DateTime<Utc>, watched: &Watched<'_>, claim: &Claim) -> Option<Stage> {
    let (sight, orders) = (watched.sight, watched.orders);
    let told = sight.ours().is_none() && orders.unmanaged.action == UnmanagedAction::Notify;
    if told {
        return Some(Stage::Forgotten);
    }
    let protected = sight.protected && !orders.lift_protection;
    // Until it is due there is time to take the protection off.
    (protected && now >= claim.at).then_some(Stage::Protected)
}

fn onward(now: DateTime<Utc>, watched: &Watched<'_>, claim: &Claim, mark: Option<Mark>) -> Stage {
    let lift = watched.sight.protected;
    let end = || {
        let (reason, message) = (claim.reason, claim.evidence.clone());
        Stage::End(End { reason, message }, claim.force, lift)
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
        return Stage::Warn(Mark { ends_at, reason });
    };
    // Somebody may have worked, or moved a deadline, since it was marked.
    let ends_at = mark.ends_at.max(claim.at);
    if now >= ends_at && claim.force != Force::Hard {
        return end();
    }
    Stage::Grace(Mark { ends_at, ..mark })
}

/// Whether a mark tells of this claim, and not of an earlier one, or of the cluster that this one's
/// tags were copied from. One of a hard deadline names its very time.
fn fits(mark: &Mark, claim: &Claim) -> bool {
    let behind = claim.at.signed_duration_since(mark.ends_at);
    match claim.force {
        Force::Hard => behind.abs() <= TimeDelta::minutes(1),
        Force::Policy | Force::Soft => behind <= TimeDelta::minutes(1),
    }
}
