//! Calls that were not served for who asks or from where: the same words for every verb.

use super::api::{ApiError, Cause, Kind};
use super::error::{Class, CloudError};
use crate::model::hint::Command;

/// What is wrong with who asks, with the commands that cure it; the error itself where it is of
/// another kind.
///
/// # Errors
/// The same error, where it says nothing of who asks.
pub fn unserved(error: ApiError) -> Result<CloudError, ApiError> {
    if error.kind != Kind::Unauthenticated {
        return Err(error);
    }
    let cause = error.cause.as_deref().cloned();
    let cause = cause.unwrap_or(Cause::NoCredentials);
    let told = CloudError::new(Class::Missing, cause.to_string());
    let told = cause.help().into_iter().fold(told, CloudError::hint);
    let told = cause
        .cures()
        .into_iter()
        .fold(told, |told, cure| told.hint(Command::shell(cure)));
    Ok(told.caused_by(error))
}
