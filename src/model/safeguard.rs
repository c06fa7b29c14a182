//! What can end a cluster on its own, and whether it is armed.

use super::hint::Command;
use super::unarmed::Unarmed;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One independent mechanism that ends a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safeguard {
    pub kind: SafeguardKind,
    #[serde(flatten)]
    pub state: SafeguardState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SafeguardKind {
    /// EMR's auto-termination policy.
    IdlePolicy,
    /// EMR ends the cluster with its last step (KeepJobFlowAliveWhenNoSteps is off).
    LastStep,
    /// The primary powers itself off at the hard deadline.
    PowerOff,
    /// A one-shot schedule of EventBridge Scheduler that asks EMR for the end.
    Schedule,
    /// An `apply` that follows the cluster.
    Apply,
    /// The process that owns a cluster of this machine.
    Supervisor,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SafeguardState {
    /// It ends the cluster at `at`, where that is an instant; `says` is how, in words.
    Armed {
        at: Option<DateTime<Utc>>,
        says: String,
    },
    /// It was asked to end the cluster at `at`, and has not said that it knows of it.
    Asked { at: DateTime<Utc>, says: String },
    Disarmed {
        why: Unarmed,
        /// The command that arms it, where one does.
        next: Option<Command>,
    },
}

impl Safeguard {
    pub fn armed(kind: SafeguardKind, at: Option<DateTime<Utc>>, says: impl Into<String>) -> Self {
        let says = says.into();
        Self {
            kind,
            state: SafeguardState::Armed { at, says },
        }
    }

    /// A safeguard that is not armed. `apply` is the command that applies the cluster's stack; the
    /// reason decides whether that arms it.
    pub fn disarmed(kind: SafeguardKind, why: Unarmed, apply: Command) -> Self {
        let next = why.next(apply);
        Self {
            kind,
            state: SafeguardState::Disarmed { why, next },
        }
    }

    pub fn asked(kind: SafeguardKind, at: DateTime<Utc>, says: impl Into<String>) -> Self {
        let says = says.into();
        Self {
            kind,
            state: SafeguardState::Asked { at, says },
        }
    }

    /// The command that arms it, where one does.
    pub fn next(&self) -> Option<&Command> {
        match &self.state {
            SafeguardState::Armed { .. } | SafeguardState::Asked { .. } => None,
            SafeguardState::Disarmed { next, .. } => next.as_ref(),
        }
    }

    pub const fn is_armed(&self) -> bool {
        matches!(self.state, SafeguardState::Armed { .. })
    }
}

impl fmt::Display for SafeguardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::IdlePolicy => "idle policy",
            Self::LastStep => "last step",
            Self::PowerOff => "power-off",
            Self::Schedule => "schedule",
            Self::Apply => "apply",
            Self::Supervisor => "supervisor",
        })
    }
}
