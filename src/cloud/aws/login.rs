//! The user's profiles, and their roles that require a code of multi-factor authentication, for
//! which the SDK has no support.

use super::mfa;
use crate::cloud::api::{Cause, LogIn};
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_types::os_shim_internal::{Env, Fs};
use std::cell::RefCell;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;

/// Asks the user for one line; `None` if there is no answer.
pub type Ask = Box<dyn Fn(&str) -> Option<String>>;

/// The credentials of a whole process: a code of multi-factor authentication can be used once, and
/// the credentials obtained with it are good for all regions.
#[derive(Default)]
pub struct Login {
    /// `None` without a terminal.
    ask: Option<Ask>,
    profile: Option<String>,
    profiles: OnceCell<Option<ProfileSet>>,
    /// The credentials of roles that required a code, by profile.
    assumed: RefCell<BTreeMap<String, Result<Credentials, Cause>>>,
}

impl Login {
    /// A login that asks for codes with `ask`, with the user's default profile or the one that is
    /// named.
    pub fn new(ask: Option<Ask>, profile: Option<String>) -> Self {
        Self {
            ask,
            profile,
            ..Self::default()
        }
    }

    /// The profile that is named, if any.
    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    async fn profiles(&self) -> Option<&ProfileSet> {
        let load = || async {
            let fs = Fs::real();
            let env = Env::real();
            let files = Default::default();
            aws_config::profile::load(&fs, &env, &files, self.profile.clone().map(Into::into))
                .await
                .ok()
        };
        self.profiles.get_or_init(load).await.as_ref()
    }

    /// The credentials of the selected profile if its role requires a code; `None` if the SDK finds
    /// them itself. Keys in the environment take precedence, as with the AWS CLI.
    pub(super) async fn with_code(&self, region: &str) -> Option<SharedCredentialsProvider> {
        if in_environment().await {
            return None;
        }
        let set = self.profiles().await?;
        let name = set.selected_profile().to_owned();
        if !mfa::requires_code(set, &name) {
            return None;
        }
        let cached = self.assumed.borrow().get(&name).cloned();
        let assumed = match cached {
            Some(assumed) => assumed,
            None => {
                let assumed = mfa::take(set, &name, region, self.ask.as_ref()).await;
                self.assumed.borrow_mut().insert(name, assumed.clone());
                assumed
            }
        };
        Some(SharedCredentialsProvider::new(FixedCredentials(assumed)))
    }

    /// Makes a cause more precise: the SDK's errors do not tell where the credentials came from,
    /// but the profile does.
    pub(super) async fn refine(&self, cause: Cause) -> Cause {
        let in_environment = in_environment().await;
        let Some(set) = self.profiles().await else {
            return cause;
        };
        let name = set.selected_profile();
        let profile = set.get_profile(name).filter(|_| !in_environment);
        match (cause, profile) {
            (Cause::NoCredentials, None) if name != "default" && !in_environment => {
                Cause::UnknownProfile {
                    name: name.to_owned(),
                    known: names(set),
                }
            }
            (
                Cause::NoCredentials
                | Cause::Expired {
                    by: LogIn::Environment,
                },
                Some(profile),
            ) => of_profile(set, profile),
            // The SDK reports a missing login this way.
            (Cause::Settings { .. }, Some(profile)) if has_login(set, profile) => {
                of_profile(set, profile)
            }
            (cause, _) => cause,
        }
    }
}

/// Why an existing profile gives no credentials, or expired ones.
pub(super) fn of_profile(set: &ProfileSet, profile: &Profile) -> Cause {
    let name = profile.name().to_owned();
    if mfa::requires_code(set, &name) {
        let problem = crate::cloud::api::Mfa::Over;
        return Cause::Mfa {
            profile: name,
            problem,
        };
    }
    let source = source(set, profile);
    let by = source.name().to_owned();
    let has = |key: &str| source.get(key).is_some();
    if has("sso_session") || has("sso_start_url") {
        return Cause::Expired { by: LogIn::Sso(by) };
    }
    if has("login_session") {
        let by = LogIn::Console(by);
        return Cause::Expired { by };
    }
    if has("credential_process") {
        return Cause::Program { profile: by };
    }
    if has("aws_access_key_id") {
        let by = LogIn::File(by);
        return Cause::Expired { by };
    }
    if has("credential_source") || has("web_identity_token_file") {
        Cause::Expired { by: LogIn::Machine }
    } else {
        Cause::NoCredentials
    }
}

fn has_login(set: &ProfileSet, profile: &Profile) -> bool {
    source(set, profile).get("login_session").is_some()
}

/// The profile from which a profile's credentials finally come.
fn source<'a>(set: &'a ProfileSet, profile: &'a Profile) -> &'a Profile {
    let mut profile = profile;
    let mut left = mfa::MAX_CHAIN;
    while let Some(next) = profile
        .get("source_profile")
        .and_then(|name| set.get_profile(name))
    {
        if left == 0 || next.name() == profile.name() {
            break;
        }
        (profile, left) = (next, left - 1);
    }
    profile
}

fn names(set: &ProfileSet) -> Vec<String> {
    let mut names: Vec<String> = set.profiles().map(str::to_owned).collect();
    names.sort();
    names
}

async fn in_environment() -> bool {
    let provider = EnvironmentVariableCredentialsProvider::new();
    provider.provide_credentials().await.is_ok()
}

/// Credentials obtained with a code, or why there are none.
#[derive(Debug)]
struct FixedCredentials(Result<Credentials, Cause>);

impl ProvideCredentials for FixedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let credentials = self.0.clone();
        future::ProvideCredentials::ready(credentials.map_err(CredentialsError::provider_error))
    }
}
