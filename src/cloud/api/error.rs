//! Errors of AWS's API, in the few kinds that clusterup acts on.

use super::cause::Cause;

/// The kind of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Too many calls. The call was not carried out and may be repeated later.
    Throttled,
    /// The credentials are missing or no longer valid.
    Unauthenticated,
    /// The credentials do not permit this call.
    Denied,
    /// What the call names does not exist.
    NotFound,
    /// What the call would create exists already.
    Exists,
    /// A condition did not hold, or another writer was faster (S3's 412 and 409).
    Precondition,
    /// Something still uses what would be deleted.
    InUse,
    /// AWS refuses the call's parameters.
    Invalid,
    /// The outcome is unknown: a broken connection, a timeout, or a 5xx response.
    OutcomeUnknown,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {}{message}", code.as_ref().map_or(String::new(), |code| format!("{code}: ")))]
pub struct ApiError {
    /// The call's name in IAM.
    pub call: &'static str,
    /// The kind of error.
    pub kind: Kind,
    /// AWS's own error code, such as `ThrottlingException`, if there is one.
    pub code: Option<String>,
    /// AWS's message, or that of the connection.
    pub message: String,
    /// What is wrong with the caller's credentials or the region, if that is the reason.
    pub cause: Option<Box<Cause>>,
}
