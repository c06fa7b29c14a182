//! A flaw in a rule, and its place.

use std::ops::Range;

/// A flaw in a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Flaw {
    /// In bytes of the rule's text.
    pub range: Range<usize>,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What should stand there; fits after the word "expected".
    pub expected: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
}

impl Flaw {
    pub(super) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
            expected: None,
            help: None,
        }
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
