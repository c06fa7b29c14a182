//! The errors that the account returns.

use clusterup::cloud::api::{ApiError, Call, Kind};

/// A refusal before the name of its call is added.
#[derive(Debug)]
pub(super) struct Refusal {
    kind: Kind,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
        }
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn of<C: Call>(self) -> ApiError {
        ApiError {
            call: C::NAME,
            kind: self.kind,
            code: Some(self.code.to_owned()),
            message: self.message,
            cause: None,
        }
    }
}

/// EMR's usual no.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Invalid, "ValidationException", message)
}
