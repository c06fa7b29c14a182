//! Safeguards: what ends a cluster independently, and whether it is armed.

use super::hint::Command;
use super::unarmed::Unarmed;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An independent mechanism that ends a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Safeguard {
    /// The mechanism.
    pub kind: SafeguardKind,
    /// Whether it will act.
    #[serde(flatten)]
    pub state: SafeguardState,
}

/// The mechanisms that end clusters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SafeguardKind {
    /// EMR's auto-termination policy.
    IdlePolicy,
    /// EMR ends the cluster with its last step (KeepJobFlowAliveWhenNoSteps is off).
    LastStep,
    /// The primary powers itself off at the hard deadline.
    PowerOff,
    /// A one-time schedule of EventBridge Scheduler that requests the termination from EMR.
    Schedule,
    /// An `apply` that follows the cluster.
    Apply,
    /// The process that owns a cluster on this machine.
    Supervisor,
}

/// Whether a safeguard will end its cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SafeguardState {
    /// It ends the cluster.
    Armed {
        /// When; `None` if that depends on the cluster's work.
        at: Option<DateTime<Utc>>,
        /// How, in words.
        says: String,
    },
    /// It was requested to end the cluster, and has not confirmed that yet.
    Asked {
        /// When it is to end the cluster.
        at: DateTime<Utc>,
        /// How, in words.
        says: String,
    },
    /// It does not end the cluster.
    Disarmed {
        /// Why.
        why: Unarmed,
        /// The command that arms it, if one does.
        next: Option<Command>,
    },
}

impl Safeguard {
    /// A safeguard that is armed.
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

    /// A safeguard that was requested and is not confirmed.
    pub fn asked(kind: SafeguardKind, at: DateTime<Utc>, says: impl Into<String>) -> Self {
        let says = says.into();
        Self {
            kind,
            state: SafeguardState::Asked { at, says },
        }
    }

    /// The command that arms it, if one does.
    pub fn next(&self) -> Option<&Command> {
        match &self.state {
            SafeguardState::Armed { .. } | SafeguardState::Asked { .. } => None,
            SafeguardState::Disarmed { next, .. } => next.as_ref(),
        }
    }

    /// Whether it is armed.
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
