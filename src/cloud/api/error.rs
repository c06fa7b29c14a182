//! What AWS says no with, as the small set of kinds that we act on.

use super::cause::Cause;

/// What kind of no it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not done, for there were too many calls: later is better.
    Throttled,
    /// There are no credentials, or they are no longer good.
    Unauthenticated,
    /// These credentials may not do this.
    Denied,
    /// What the call names is not there.
    NotFound,
    /// What the call would make is there already.
    Exists,
    /// A condition did not hold, or another writer was there at the same time (S3's 412 and 409).
    Precondition,
    /// Something still needs what would be deleted.
    InUse,
    /// AWS refuses the call as it is.
    Invalid,
    /// No answer, or one that leaves open whether it was done: a broken connection, a time-out, 5xx.
    Doubt,
}

/// A call that was not answered with its reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {}{message}", code.as_ref().map_or(String::new(), |code| format!("{code}: ")))]
pub struct ApiError {
    /// The call as IAM names it.
    pub call: &'static str,
    pub kind: Kind,
    /// AWS's own code, such as `ThrottlingException`, where it gave one.
    pub code: Option<String>,
    pub message: String,
    /// What is wrong with who asks or with the region, where that is known.
    pub cause: Option<Box<Cause>>,
}
