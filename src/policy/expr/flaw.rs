//! What is wrong with a rule, and where.

use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// In bytes of the rule's text.
    pub range: Range<usize>,
    pub message: String,
    /// What should stand there; fits after the word "expected".
    pub expected: Option<String>,
    /// How it can be mended.
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
