//! What is said of a text that is not a value of the type it stands for.

/// Why a text is no value of a type. `expected` fits after the word "expected".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct Invalid {
    pub expected: String,
}

impl Invalid {
    pub fn new(expected: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
        }
    }
}
