//! The `error` of a JSON document.

use crate::app::document::{Document, document};
use crate::text::Diagnostics;
use serde::Serialize;

/// What went wrong. Every document whose exit code is not 0 has it or findings.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub(super) struct ErrorFields {
    /// What went wrong, in one sentence.
    pub(super) message: String,
    /// Why, the nearest cause first.
    pub(super) causes: Vec<String>,
    /// Advice, in sentences and commands.
    pub(super) hints: Vec<String>,
    /// The commands among the advice, complete.
    pub(super) next: Vec<String>,
    /// The mistakes in the user's file, if there are any.
    pub(super) diagnostics: Option<Diagnostics>,
}

impl ErrorFields {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            next: Vec::new(),
            diagnostics: None,
        }
    }

    /// The document that has nothing else.
    pub(super) fn document(&self) -> Document {
        document!({ "error": self })
    }
}
