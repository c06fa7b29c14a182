//! The credentials of a role in another account. No call is made with them before AWS has confirmed
//! that they are of that account.

use super::Sdk;
use super::error::from_sdk;
use super::login::Login;
use super::wire::Watch;
use crate::cloud::api::sts::GetCallerIdentity;
use crate::cloud::api::{ApiError, Cause, Kind, RoleProblem};
use crate::model::clock::Clock;
use crate::model::name::{AccountId, Region};
use crate::model::shown::line;
use crate::model::watched_account::{RoleArn, WatchedAccount};
use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The name under which CloudTrail of the role's account shows the calls.
const SESSION: &str = "clusterup-watchdog";
/// The name of the call in errors.
const CALL: &str = "sts:AssumeRole";
/// How long an answer is shared: the regions of an account are connected together, and a role that
/// AWS refuses is asked for once in a sweep. An error that may pass is not shared, so that retries
/// ask again. The SDK itself keeps credentials until shortly before
/// they expire.
const SHARED: Duration = Duration::from_secs(30);
/// The longest message of AWS that is shown.
const MAX_MESSAGE: usize = 300;

/// A role that is assumed with the user's credentials. Clones share their answers.
#[derive(Clone)]
pub struct AssumedRole {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    account: WatchedAccount,
    /// With the user's own credentials.
    settings: SdkConfig,
    last: Mutex<Option<Answer>>,
}

#[derive(Debug)]
struct Answer {
    at: Instant,
    credentials: Result<Credentials, ApiError>,
}

impl AssumedRole {
    /// A role of an account, for a user whose calls to STS go to `region`. Nothing is called yet.
    pub async fn new(
        account: WatchedAccount,
        region: &Region,
        login: &Login,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let own = login.with_code(region.as_str()).await;
        let inner = Inner {
            account,
            settings: Sdk::settings(region, Watch::of(clock), own, login.profile()).await,
            last: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(super) fn provider(&self) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Provider(self.inner.clone()))
    }

    /// The cause of a refusal of the role's own credentials.
    pub(super) fn refine(&self, cause: Cause) -> Cause {
        match cause {
            Cause::Expired { .. } | Cause::UnknownKey | Cause::WrongSecret => {
                let says = cause.to_string();
                self.inner.cause(RoleProblem::Refused(says))
            }
            // The user's own credentials, this machine, or a region alone.
            Cause::NoCredentials
            | Cause::UnknownProfile { .. }
            | Cause::Clock { .. }
            | Cause::RegionOff { .. }
            | Cause::Mfa { .. }
            | Cause::Program { .. }
            | Cause::Role { .. }
            | Cause::AssumedRole { .. }
            | Cause::Settings { .. } => cause,
        }
    }
}

#[derive(Debug)]
struct Provider(Arc<Inner>);

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let provided = async {
            let credentials = self.0.credentials().await;
            credentials.map_err(CredentialsError::provider_error)
        };
        future::ProvideCredentials::new(provided)
    }
}

impl Inner {
    async fn credentials(&self) -> Result<Credentials, ApiError> {
        let mut last = self.last.lock().await;
        if let Some(answer) = last.as_ref().filter(|last| last.at.elapsed() < SHARED) {
            return answer.credentials.clone();
        }
        let credentials = self.assume().await;
        let at = Instant::now();
        *last = is_lasting(&credentials).then(|| Answer {
            at,
            credentials: credentials.clone(),
        });
        credentials
    }

    /// Assumes the role and checks whose credentials they are.
    async fn assume(&self) -> Result<Credentials, ApiError> {
        let account = &self.account;
        let external_id = account.external_id.as_ref().map(ToString::to_string);
        let reply = aws_sdk_sts::Client::new(&self.settings)
            .assume_role()
            .role_arn(account.role.as_str())
            .role_session_name(SESSION)
            .set_external_id(external_id)
            .send()
            .await;
        let reply = reply.map_err(|error| self.refused(from_sdk::<GetCallerIdentity, _>(error)))?;
        let given = reply.credentials.ok_or_else(|| {
            let says = "AWS returned no credentials".to_owned();
            self.error(RoleProblem::Denied(says))
        })?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            SystemTime::try_from(given.expiration).ok(),
            "AssumedRole",
        );
        let settings = self.settings.clone().into_builder();
        let settings = settings
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .identity_cache(IdentityCache::no_cache())
            .build();
        let sts = aws_sdk_sts::Client::new(&settings);
        let identity = sts.get_caller_identity().send().await;
        let identity = identity.map_err(|error| {
            let error = from_sdk::<GetCallerIdentity, _>(error);
            match error.kind {
                Kind::Throttled | Kind::OutcomeUnknown => error,
                Kind::Unauthenticated
                | Kind::Denied
                | Kind::NotFound
                | Kind::Exists
                | Kind::Precondition
                | Kind::InUse
                | Kind::Invalid => self.error(RoleProblem::Refused(message(&error))),
            }
        })?;
        match other_account(&account.id, identity.account.as_deref()) {
            Some(problem) => Err(self.error(problem)),
            None => Ok(credentials),
        }
    }

    /// An error of AssumeRole: some are about the role, and the others about the user or the network.
    fn refused(&self, error: ApiError) -> ApiError {
        let is_about_role = match error.kind {
            Kind::Denied | Kind::NotFound | Kind::Invalid | Kind::Exists => true,
            Kind::Throttled
            | Kind::Unauthenticated
            | Kind::Precondition
            | Kind::InUse
            | Kind::OutcomeUnknown => false,
        };
        if is_about_role {
            return self.error(RoleProblem::Denied(message(&error)));
        }
        let call = CALL;
        ApiError { call, ..error }
    }

    fn cause(&self, problem: RoleProblem) -> Cause {
        let WatchedAccount {
            role, external_id, ..
        } = &self.account;
        let role: RoleArn = role.clone();
        let external_id = external_id.clone();
        Cause::AssumedRole {
            role,
            external_id,
            problem,
        }
    }

    fn error(&self, problem: RoleProblem) -> ApiError {
        let cause = self.cause(problem);
        ApiError {
            call: CALL,
            kind: Kind::Unauthenticated,
            code: None,
            message: cause.to_string(),
            cause: Some(Box::new(cause)),
        }
    }
}

/// Whether the next call would have the same answer.
fn is_lasting(answer: &Result<Credentials, ApiError>) -> bool {
    answer.as_ref().map_or_else(
        |error| !matches!(error.kind, Kind::Throttled | Kind::OutcomeUnknown),
        |_| true,
    )
}

/// AWS's code and message.
fn message(error: &ApiError) -> String {
    let code = error.code.as_ref();
    let code = code.map_or_else(String::new, |code| format!("{code}: "));
    line(&format!("{code}{}", error.message), MAX_MESSAGE)
}

/// What is wrong with credentials that AWS says are of this account.
fn other_account(expected: &AccountId, found: Option<&str>) -> Option<RoleProblem> {
    if found == Some(expected.as_str()) {
        return None;
    }
    let found: Option<AccountId> = found.and_then(|found| found.parse().ok());
    Some(found.map_or_else(
        || RoleProblem::Refused("AWS does not say of which account they are".to_owned()),
        RoleProblem::OtherAccount,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_may_pass_are_not_kept() {
        let keys = Credentials::new("AKIA", "secret", None, None, "test");
        assert!(is_lasting(&Ok(keys)));
        for (kind, lasting) in [
            (Kind::Throttled, false),
            (Kind::OutcomeUnknown, false),
            (Kind::Unauthenticated, true),
            (Kind::Denied, true),
        ] {
            let error = ApiError {
                call: CALL,
                kind,
                code: None,
                message: String::new(),
                cause: None,
            };
            assert_eq!(is_lasting(&Err(error)), lasting, "{kind:?}");
        }
    }

    #[test]
    fn credentials_of_another_account_are_refused() {
        let account: AccountId = "222222222222".parse().unwrap();
        assert_eq!(other_account(&account, Some("222222222222")), None);
        let problem = other_account(&account, Some("333333333333")).unwrap();
        assert_eq!(
            problem.to_string(),
            "gives credentials of account 333333333333"
        );
        for unreadable in [None, Some(""), Some("2222"), Some("222222222222 ")] {
            assert!(other_account(&account, unreadable).is_some());
        }
    }
}
