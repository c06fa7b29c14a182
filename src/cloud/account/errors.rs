//! Turns errors of AWS's API into messages with the next step.

use crate::cloud::api::{ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::unserved::unserved;

/// Adds to an error what could not be done, such as `list key pairs`.
pub(super) trait Context<T> {
    fn with_context(self, what: impl FnOnce() -> String) -> Result<T, CloudError>;
}

impl<T> Context<T> for Result<T, ApiError> {
    fn with_context(self, what: impl FnOnce() -> String) -> Result<T, CloudError> {
        self.map_err(|error| explain(error, what()))
    }
}

/// The message of a call that failed, and the next step.
pub(super) fn explain(error: ApiError, what: String) -> CloudError {
    let error = match unserved(error) {
        Ok(explained) => {
            return explained.hint("or run it on this machine at no cost: add --local");
        }
        Err(error) => error,
    };
    match error.kind {
        Kind::Denied => {
            let hint = format!("ask for the permission {}", permission(&error));
            CloudError::new(Class::Missing, format!("AWS does not allow you to {what}"))
                .hint(hint)
                .caused_by(error)
        }
        Kind::Throttled => CloudError::new(Class::Unreachable, format!("cannot {what} now"))
            .hint("this account makes too many calls to AWS; try again in a minute")
            .caused_by(error),
        Kind::OutcomeUnknown => CloudError::new(Class::Unreachable, format!("cannot {what}"))
            .hint("try again: finished work is recognized, and nothing is done twice")
            .caused_by(error),
        Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => {
            CloudError::new(Class::Failed, format!("cannot {what}")).caused_by(error)
        }
    }
}

/// Turns `NotFound` into success, for deletions.
pub(super) fn gone(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        result => result,
    }
}

/// The missing permission. AWS names it if it is not the call's own, such as iam:PassRole.
fn permission(error: &ApiError) -> &str {
    let named = error.message.split_once("not authorized to perform: ");
    let named = named.and_then(|(_, rest)| rest.split_whitespace().next());
    named.unwrap_or(error.call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_permission_is_the_one_that_aws_names() {
        let error = |message: &str| ApiError {
            call: "elasticmapreduce:RunJobFlow",
            kind: Kind::Denied,
            code: None,
            message: message.to_owned(),
            cause: None,
        };
        let error_of_pass_role =
            error("User: arn:x is not authorized to perform: iam:PassRole on resource: y");
        assert_eq!(permission(&error_of_pass_role), "iam:PassRole");
        assert_eq!(permission(&error("no")), "elasticmapreduce:RunJobFlow");
    }
}
