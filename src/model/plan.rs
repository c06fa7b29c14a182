//! A plan: immutable, ordered, each action with its reason, and each "nothing to do" with one too.

use super::action::Action;
use super::name::StackName;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    pub stack: StackName,
    pub actions: Vec<Planned>,
    /// What is as it should be, and how that is known.
    pub settled: Vec<Settled>,
    /// What a person should know before saying yes.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    pub action: Action,
    pub because: String,
    /// Ends or replaces something that a person may still want: asked about first.
    pub asks: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settled {
    pub what: String,
    pub because: String,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}
