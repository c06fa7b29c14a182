//! A plan: immutable and ordered, with a reason for each action and for each thing that stays.

use super::action::Action;
use super::name::StackName;
use serde::Serialize;

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Plan {
    /// The stack.
    pub stack: StackName,
    /// The actions in order.
    pub actions: Vec<Planned>,
    /// What already is as desired, and why.
    pub settled: Vec<Settled>,
    /// Notes that a person should read before confirming.
    pub notes: Vec<String>,
}

/// An action of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Planned {
    /// The action.
    pub action: Action,
    /// The reason.
    pub because: String,
    /// Whether it ends or replaces something, so that a person must confirm it.
    pub asks: bool,
}

/// Something that already is as desired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Settled {
    /// What it is.
    pub what: String,
    /// How that is known.
    pub because: String,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}
