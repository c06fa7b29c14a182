//! Converts errors of the SDK into the kinds that clusterup acts on.

use super::wire::{Endpoint, UnexpectedResponse};
use crate::cloud::api::{ApiError, Call, Cause, Kind, LogIn};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{BuildError, ProvideErrorMetadata, SdkError};
use std::error::Error;
use std::fmt::Display;
use std::path::Path;

/// The codes that AWS's SDKs treat as throttling (retry tables of botocore), and IAM's for
/// concurrent changes.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
    "ConcurrentModification",
    "EntityTemporarilyUnmodifiable",
];

const UNAUTHENTICATED: &[&str] = &[
    "AuthFailure",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// Codes, of 4xx and 5xx responses, that leave the outcome unknown.
const OUTCOME_UNKNOWN: &[&str] = &[
    "InternalError",
    // AWS Budgets sends it with status 400, like all its errors.
    "InternalErrorException",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "Unavailable",
];

/// The kind of an error response.
pub(super) fn kind(code: Option<&str>, status: Option<u16>, message: &str) -> Kind {
    code.and_then(|code| by_code(code, message))
        .unwrap_or_else(|| by_status(status))
}

fn by_code(code: &str, message: &str) -> Option<Kind> {
    let known = |codes: &[&str]| codes.contains(&code);
    Some(match code {
        _ if known(THROTTLED) => Kind::Throttled,
        _ if known(UNAUTHENTICATED) || code.starts_with("ExpiredToken") => Kind::Unauthenticated,
        _ if known(OUTCOME_UNKNOWN) => Kind::OutcomeUnknown,
        "UnauthorizedOperation" | "AllAccessDisabled" | "OptInRequired" => Kind::Denied,
        _ if code.starts_with("AccessDenied") => Kind::Denied,
        "NoSuchEntity" | "NoSuchKey" | "NoSuchBucket" | "NoSuchUpload" | "NotFound" => {
            Kind::NotFound
        }
        "ResourceNotFoundException" | "NotFoundException" => Kind::NotFound,
        _ if code.ends_with(".NotFound") || names_no_cluster(code, message) => Kind::NotFound,
        "PreconditionFailed" | "ConditionalRequestConflict" | "OperationAborted" => {
            Kind::Precondition
        }
        // The scheduler uses this code also for a name that exists: see `scheduler`.
        "ConflictException" => Kind::Precondition,
        "DependencyViolation" | "BucketNotEmpty" | "DeleteConflict" => Kind::InUse,
        _ if code.ends_with(".InUse") => Kind::InUse,
        "BucketAlreadyOwnedByYou" => Kind::Exists,
        _ if code.contains("Duplicate") || code.contains("AlreadyExists") => Kind::Exists,
        _ => return None,
    })
}

/// EMR has no error code for an unknown cluster, only these messages.
fn names_no_cluster(code: &str, message: &str) -> bool {
    match code {
        "InvalidRequestException" => {
            message.starts_with("Cluster id '") && message.contains("is not valid")
        }
        "ValidationException" => message.starts_with("Specified job flow ID "),
        _ => false,
    }
}

const fn by_status(status: Option<u16>) -> Kind {
    match status {
        Some(401) => Kind::Unauthenticated,
        Some(403) => Kind::Denied,
        Some(404) => Kind::NotFound,
        Some(412) => Kind::Precondition,
        Some(429) => Kind::Throttled,
        // Includes 301, S3's response for the wrong region.
        Some(300..=407 | 409..=499) => Kind::Invalid,
        Some(_) | None => Kind::OutcomeUnknown,
    }
}

/// Converts an error of the SDK.
pub(super) fn from_sdk<C: Call, E>(error: SdkError<E, HttpResponse>) -> ApiError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    if let Some(error) = chain(Some(&error)).find_map(|error| error.downcast_ref()) {
        return without_credentials::<C>(error);
    }
    if let Some(unexpected) = find::<UnexpectedResponse>(&error) {
        return failed::<C>(
            Kind::OutcomeUnknown,
            reasons(unexpected, unexpected.source()),
        );
    }
    let (kind, begin) = match &error {
        SdkError::ServiceError(response) => {
            let status = response.raw().status().as_u16();
            let error = response.err();
            let mut error = refused::<C>(error.code(), Some(status), error.message());
            if error.kind == Kind::OutcomeUnknown {
                error.message.push_str(&sender(response.raw()));
            }
            return error;
        }
        SdkError::ResponseError(response) => {
            let begin = format!("an unreadable response{}", sender(response.raw()));
            return failed::<C>(Kind::OutcomeUnknown, reasons(begin, error.source()));
        }
        SdkError::ConstructionFailure(_) => (Kind::Invalid, "the request cannot be sent"),
        SdkError::TimeoutError(_) => (Kind::OutcomeUnknown, "no answer in time"),
        SdkError::DispatchFailure(_) | _ => (Kind::OutcomeUnknown, "no answer"),
    };
    failed::<C>(kind, reasons(begin, error.source()))
}

/// Converts an error response from its code, message and status.
pub(super) fn refused<C: Call>(
    code: Option<&str>,
    status: Option<u16>,
    message: Option<&str>,
) -> ApiError {
    let message = message.unwrap_or_default();
    let kind = kind(code, status, message);
    let message = match (kind, code, status) {
        // Some services quote the signed request, including its session token.
        (Kind::Unauthenticated, Some(code), _) if code.contains("Signature") => {
            "the signature is wrong: the secret key, or this machine's clock".to_owned()
        }
        (_, _, Some(status)) if message.is_empty() => format!("HTTP status {status}"),
        _ => message.lines().next().unwrap_or_default().to_owned(),
    };
    let cause = code.filter(|_| kind == Kind::Unauthenticated).map(cause);
    ApiError {
        code: code.map(str::to_owned),
        cause: cause.map(Box::new),
        ..failed::<C>(kind, message)
    }
}

/// The cause of an authentication error, as far as its code tells. `client` also checks the clock
/// by the response's date, and the region by asking another one.
fn cause(code: &str) -> Cause {
    match code {
        "RequestExpired" | "RequestTimeTooSkewed" => Cause::Clock { ahead: None },
        "TokenRefreshRequired" => expired(),
        "SignatureDoesNotMatch" | "InvalidSignatureException" => Cause::WrongSecret,
        "IncompleteSignature" | "IncompleteSignatureException" => Cause::WrongSecret,
        "MissingAuthenticationToken" | "MissingAuthenticationTokenException" => {
            Cause::NoCredentials
        }
        _ if code.starts_with("ExpiredToken") => expired(),
        _ => Cause::UnknownKey,
    }
}

const fn expired() -> Cause {
    let by = LogIn::Environment;
    Cause::Expired { by }
}

/// `, from https://…`: the server that responded.
fn sender(response: &HttpResponse) -> String {
    let endpoint = response.extension::<Endpoint>();
    endpoint.map_or(String::new(), |Endpoint(name)| format!(", from {name}"))
}

/// A successful response without its essential part.
pub(super) fn incomplete<C: Call>(what: &str) -> ApiError {
    failed::<C>(
        Kind::OutcomeUnknown,
        format!("the response is missing {what}"),
    )
}

/// A request that the SDK refuses to build.
pub(super) fn unbuilt<C: Call>(error: BuildError) -> ApiError {
    failed::<C>(Kind::Invalid, error.to_string())
}

/// A local file that cannot be read or written.
pub(super) fn local<C: Call>(path: &Path, error: &(dyn Error + 'static)) -> ApiError {
    failed::<C>(Kind::Invalid, reasons(path.display(), Some(error)))
}

/// A response that was interrupted.
pub(super) fn interrupted<C: Call>(error: &(dyn Error + 'static)) -> ApiError {
    failed::<C>(
        Kind::OutcomeUnknown,
        reasons("the response was interrupted", Some(error)),
    )
}

/// Turns errors of a kind into success, for `or_else`.
pub(super) fn unless(kind: Kind) -> impl FnOnce(ApiError) -> Result<(), ApiError> {
    move |error| {
        if error.kind == kind {
            Ok(())
        } else {
            Err(error)
        }
    }
}

fn failed<C: Call>(kind: Kind, message: String) -> ApiError {
    ApiError {
        call: C::NAME,
        kind,
        code: None,
        message,
        cause: None,
    }
}

/// Nothing was sent, because there are no credentials to sign with. If a network is the reason,
/// that says nothing about the credentials.
fn without_credentials<C: Call>(error: &CredentialsError) -> ApiError {
    // A call for the credentials failed, and says why.
    if let Some(error) = find::<ApiError>(error) {
        return error.clone();
    }
    let message = sources_tried(error);
    if find::<UnexpectedResponse>(error).is_some() {
        return failed::<C>(Kind::OutcomeUnknown, message);
    }
    let ours = find::<Cause>(error).cloned();
    let cause = ours.unwrap_or_else(|| {
        if !matches!(error, CredentialsError::InvalidConfiguration(_)) {
            return Cause::NoCredentials;
        }
        let says = reasons("they contradict each other", error.source());
        Cause::Settings { says }
    });
    let cause = Some(Box::new(cause));
    ApiError {
        cause,
        ..failed::<C>(Kind::Unauthenticated, message)
    }
}

/// The places in which the SDK looked, in one line.
fn sources_tried(error: &CredentialsError) -> String {
    let text = reasons("no credentials", error.source());
    // The output of a user's program may contain secrets.
    let text = text.split(" Stderr:").next().unwrap_or_default();
    let text = text
        .replace("no credentials found in chain. Attempted:\n  ", "")
        .replace(": the credential provider was not enabled", "");
    let places: Vec<_> = text.lines().map(str::trim).collect();
    places.join("; ")
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(Some(error)).find_map(|error| error.downcast_ref())
}

fn chain<'a>(
    first: Option<&'a (dyn Error + 'static)>,
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(first, |&error| error.source())
}

/// Joins the messages of all sources: each of the SDK's errors says little.
fn reasons(begin: impl Display, error: Option<&(dyn Error + 'static)>) -> String {
    let mut text = begin.to_string();
    for reason in chain(error).map(ToString::to_string) {
        if !text.ends_with(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::s3::PutObject;

    #[track_caller]
    fn check(expected: Kind, cases: &[(&str, u16, &str)]) {
        for (code, status, message) in cases {
            let code = Some(*code).filter(|code| !code.is_empty());
            let found = kind(code, Some(*status), message);
            assert_eq!(found, expected, "{code:?} {status} {message}");
        }
    }

    #[test]
    fn throttling_with_status_503_is_not_an_unknown_outcome() {
        check(
            Kind::Throttled,
            &[
                ("ThrottlingException", 400, "Rate exceeded"),
                ("Throttling", 400, "Rate exceeded"),
                ("RequestLimitExceeded", 503, "Request limit exceeded."),
                ("EC2ThrottledException", 503, ""),
                ("SlowDown", 503, "Please reduce your request rate."),
                ("ConcurrentModification", 409, ""),
                ("", 429, ""),
            ],
        );
    }

    #[test]
    fn the_outcome_may_be_unknown() {
        check(
            Kind::OutcomeUnknown,
            &[
                ("InternalServerError", 500, ""),
                ("InternalFailure", 400, ""),
                ("InternalErrorException", 400, ""),
                (
                    "RequestTimeout",
                    400,
                    "Your socket connection was not read from",
                ),
                ("ServiceUnavailable", 503, ""),
                ("", 500, ""),
                ("", 408, ""),
                ("Unknown", 502, ""),
                ("Unknown", 200, "an error in a success"),
            ],
        );
        assert_eq!(kind(None, None, ""), Kind::OutcomeUnknown);
    }

    #[test]
    fn bad_credentials_are_not_missing_rights() {
        check(
            Kind::Unauthenticated,
            &[
                ("ExpiredToken", 400, ""),
                ("ExpiredTokenException", 400, ""),
                ("InvalidClientTokenId", 403, ""),
                ("UnrecognizedClientException", 400, ""),
                ("AuthFailure", 401, ""),
                ("InvalidAccessKeyId", 403, ""),
                ("SignatureDoesNotMatch", 403, ""),
                ("InvalidSignatureException", 400, ""),
            ],
        );
        check(
            Kind::Denied,
            &[
                ("AccessDenied", 403, ""),
                ("AccessDeniedException", 400, ""),
                ("UnauthorizedOperation", 403, ""),
                ("", 403, ""),
            ],
        );
    }

    #[test]
    fn what_does_not_exist_is_not_found() {
        let unknown = "Cluster id 'j-2AB3CD4EF5GH6' is not valid.";
        check(
            Kind::NotFound,
            &[
                ("NoSuchEntity", 404, ""),
                ("NoSuchKey", 404, ""),
                ("NoSuchBucket", 404, ""),
                ("NoSuchUpload", 404, ""),
                ("NotFound", 404, ""),
                ("ResourceNotFoundException", 404, ""),
                ("NotFoundException", 400, ""),
                ("InvalidKeyPair.NotFound", 400, ""),
                ("InvalidGroup.NotFound", 400, ""),
                ("InvalidPermission.NotFound", 400, ""),
                ("InvalidRequestException", 400, unknown),
                (
                    "ValidationException",
                    400,
                    "Specified job flow ID not valid",
                ),
                (
                    "ValidationException",
                    400,
                    "Specified job flow ID does not exist.",
                ),
                ("", 404, ""),
            ],
        );
        check(
            Kind::Invalid,
            &[
                (
                    "InvalidRequestException",
                    400,
                    "Step concurrency is not valid",
                ),
                ("ValidationException", 400, "ServiceRole is required"),
                ("KeyPairLimitExceeded", 400, ""),
                ("LimitExceeded", 409, ""),
                ("IllegalLocationConstraintException", 400, ""),
                ("PermanentRedirect", 301, ""),
                ("ServiceQuotaExceededException", 402, ""),
                ("CreationLimitExceededException", 400, ""),
            ],
        );
    }

    #[test]
    fn conflicts_have_their_kinds() {
        check(
            Kind::Exists,
            &[
                ("InvalidKeyPair.Duplicate", 400, ""),
                ("InvalidGroup.Duplicate", 400, ""),
                ("InvalidPermission.Duplicate", 400, ""),
                ("EntityAlreadyExists", 409, ""),
                ("BucketAlreadyExists", 409, ""),
                ("DuplicateRecordException", 400, ""),
                ("BucketAlreadyOwnedByYou", 409, ""),
            ],
        );
        check(
            Kind::Precondition,
            &[
                ("PreconditionFailed", 412, ""),
                ("ConditionalRequestConflict", 409, ""),
                ("OperationAborted", 409, ""),
                ("", 412, ""),
                ("ConflictException", 409, ""),
            ],
        );
        check(
            Kind::InUse,
            &[
                ("DependencyViolation", 400, ""),
                ("InvalidGroup.InUse", 400, ""),
                ("BucketNotEmpty", 409, ""),
            ],
        );
    }

    #[test]
    fn a_quoted_request_is_not_passed_on() {
        let quoting = "The signature we calculated does not match.\n\nx-amz-security-token:S3CR3T";
        for code in ["SignatureDoesNotMatch", "AuthFailure", "AccessDenied"] {
            let error = refused::<PutObject>(Some(code), Some(403), Some(quoting));
            assert!(!error.to_string().contains("S3CR3T"), "{error}");
        }
        let error = refused::<PutObject>(
            Some("IncompleteSignature"),
            Some(400),
            Some("Authorization=AWS4-HMAC-SHA256 Credential=AK/Signature=S3CR3T"),
        );
        assert!(!error.to_string().contains("S3CR3T"), "{error}");
    }
}
