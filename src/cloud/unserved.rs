//! Explains calls that AWS refused because of the caller's credentials or region.

use super::api::{ApiError, Cause, Kind};
use super::error::{Class, CloudError};
use crate::model::hint::Command;

/// Explains what is wrong with the caller's credentials or region, with the commands that fix it.
///
/// # Errors
/// Returns the given error if it has another cause.
pub fn unserved(error: ApiError) -> Result<CloudError, ApiError> {
    if error.kind != Kind::Unauthenticated {
        return Err(error);
    }
    let cause = error.cause.as_deref().cloned();
    let cause = cause.unwrap_or(Cause::NoCredentials);
    let class = match cause {
        Cause::AssumedRole { .. } => Class::Account,
        Cause::NoCredentials
        | Cause::UnknownProfile { .. }
        | Cause::Expired { .. }
        | Cause::UnknownKey
        | Cause::WrongSecret
        | Cause::Clock { .. }
        | Cause::RegionOff { .. }
        | Cause::Mfa { .. }
        | Cause::Program { .. }
        | Cause::Role { .. }
        | Cause::Settings { .. } => Class::Missing,
    };
    let explained = CloudError::new(class, cause.to_string());
    let explained = cause.help().into_iter().fold(explained, CloudError::hint);
    let explained = cause
        .cures()
        .into_iter()
        .fold(explained, |explained, cure| {
            explained.hint(Command::shell(cure))
        });
    Ok(explained.caused_by(error))
}
