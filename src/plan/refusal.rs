//! Why a stack that reads well still cannot run.

use crate::model::hint::Hint;
use serde::Serialize;

/// What is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub message: String,
    pub hint: Hint,
}

impl Refusal {
    pub fn new(message: impl Into<String>, hint: impl Into<Hint>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}
