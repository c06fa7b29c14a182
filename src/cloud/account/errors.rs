//! What AWS says no with, in words and with the next step.

use crate::cloud::api::{ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::unserved::unserved;

/// Says what was being done when a call failed.
pub(super) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, CloudError>;
}

impl<T> Doing<T> for Result<T, ApiError> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, CloudError> {
        self.map_err(|error| told(error, what()))
    }
}

fn told(error: ApiError, what: String) -> CloudError {
    let error = match unserved(error) {
        Ok(told) => return told.hint("or run it on this machine, for nothing: add --local"),
        Err(error) => error,
    };
    match error.kind {
        Kind::Denied => {
            let hint = format!("ask for the permission {}", permission(&error));
            CloudError::new(Class::Missing, format!("AWS does not allow to {what}"))
                .hint(hint)
                .caused_by(error)
        }
        Kind::Throttled => CloudError::new(Class::Unreachable, format!("cannot {what} now"))
            .hint("AWS gets too many calls from this account; try again in a minute")
            .caused_by(error),
        Kind::Doubt => CloudError::new(Class::Unreachable, format!("cannot {what}"))
            .hint("try again: what was done is found again, and nothing is done twice")
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

/// What is gone is what a deletion wants.
pub(super) fn gone(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        result => result,
    }
}

/// The permission that lacks: AWS names it where it is another than the call's, as iam:PassRole.
fn permission(error: &ApiError) -> &str {
    let named = error.message.split_once("not authorized to perform: ");
    let named = named.and_then(|(_, rest)| rest.split_whitespace().next());
    named.unwrap_or(error.call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permission_that_lacks_is_the_one_that_aws_names() {
        let error = |message: &str| ApiError {
            call: "elasticmapreduce:RunJobFlow",
            kind: Kind::Denied,
            code: None,
            message: message.to_owned(),
            cause: None,
        };
        let said = error("User: arn:x is not authorized to perform: iam:PassRole on resource: y");
        assert_eq!(permission(&said), "iam:PassRole");
        assert_eq!(permission(&error("no")), "elasticmapreduce:RunJobFlow");
    }
}
