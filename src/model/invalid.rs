//! The error for a text that is not a value of its type.

/// Why a text is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct Invalid {
    /// What the text should be; completes "expected …".
    pub expected: String,
}

impl Invalid {
    /// An error with what the text should be.
    pub fn new(expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
        }
    }
}
