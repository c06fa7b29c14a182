//! Reasons why a valid stack cannot run.

use crate::model::hint::Hint;
use serde::Serialize;

/// Why a stack cannot run, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// How to fix it.
    pub hint: Hint,
}

impl Refusal {
    /// A refusal with a hint.
    pub fn new(message: impl Into<String>, hint: impl Into<Hint>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}
