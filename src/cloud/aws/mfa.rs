//! Roles that require a code of multi-factor authentication (`mfa_serial` of a profile).

use super::login::{Ask, of_profile};
use crate::cloud::api::{Cause, Mfa};
use aws_config::BehaviorVersion;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sts::error::ProvideErrorMetadata;
use std::future::Future;
use std::pin::Pin;

/// The longest chain of source profiles. A longer one is a cycle.
pub(super) const MAX_CHAIN: usize = 8;
/// How often to ask for six digits.
const MAX_QUESTIONS: usize = 3;

/// Whether a profile, or one of its sources, has a role that requires a code.
pub(super) fn requires_code(set: &ProfileSet, name: &str) -> bool {
    let mut name = name;
    for _ in 0..MAX_CHAIN {
        let Some(profile) = set.get_profile(name) else {
            return false;
        };
        if profile.get("role_arn").is_some() && profile.get("mfa_serial").is_some() {
            return true;
        }
        match profile.get("source_profile") {
            Some(source) if source != name => name = source,
            _ => return false,
        }
    }
    false
}

type Assumed<'a> = Pin<Box<dyn Future<Output = Result<Credentials, Cause>> + 'a>>;

/// Assumes the role of a profile, and before it those of its source profiles.
pub(super) fn take<'a>(
    set: &'a ProfileSet,
    name: &'a str,
    region: &'a str,
    ask: Option<&'a Ask>,
) -> Assumed<'a> {
    take_within(set, name, region, ask, MAX_CHAIN)
}

fn take_within<'a>(
    set: &'a ProfileSet,
    name: &'a str,
    region: &'a str,
    ask: Option<&'a Ask>,
    left: usize,
) -> Assumed<'a> {
    Box::pin(async move {
        if left == 0 {
            let says = format!("the source profiles of {name} form a cycle");
            return Err(Cause::Settings { says });
        }
        let profile = set.get_profile(name).ok_or_else(|| missing(name))?;
        let Some(role) = profile.get("role_arn").filter(|_| requires_code(set, name)) else {
            return by_sdk(set, name, profile).await;
        };
        let source = match profile.get("source_profile") {
            Some(source) if source != name => {
                take_within(set, source, region, ask, left - 1).await?
            }
            Some(_) => own_keys(profile)?,
            None => return Err(no_source(name)),
        };
        let code = match profile.get("mfa_serial") {
            Some(serial) => Some((serial, code(name, serial, ask)?)),
            None => None,
        };
        let region = profile.get("region").unwrap_or(region);
        assume(profile, role, source, code, region).await
    })
}

fn missing(name: &str) -> Cause {
    let says = format!("profile {name} is named as a source and does not exist");
    Cause::Settings { says }
}

fn no_source(name: &str) -> Cause {
    let says = format!("profile {name} has mfa_serial and no source_profile");
    Cause::Settings { says }
}

async fn by_sdk(set: &ProfileSet, name: &str, profile: &Profile) -> Result<Credentials, Cause> {
    let provider = ProfileFileCredentialsProvider::builder();
    let provider = provider.profile_name(name).build();
    let found = provider.provide_credentials().await;
    found.map_err(|_| of_profile(set, profile))
}

fn own_keys(profile: &Profile) -> Result<Credentials, Cause> {
    let (id, secret) = (
        profile.get("aws_access_key_id"),
        profile.get("aws_secret_access_key"),
    );
    let (Some(id), Some(secret)) = (id, secret) else {
        return Err(no_source(profile.name()));
    };
    let token = profile.get("aws_session_token").map(str::to_owned);
    Ok(Credentials::new(id, secret, token, None, "Profile"))
}

/// Asks the user for six digits.
fn code(profile: &str, serial: &str, ask: Option<&Ask>) -> Result<String, Cause> {
    let wrong = |problem| Cause::Mfa {
        profile: profile.to_owned(),
        problem,
    };
    let ask = ask.ok_or_else(|| wrong(Mfa::NoTerminal))?;
    for _ in 0..MAX_QUESTIONS {
        let question = format!("MFA code for {serial}: ");
        let Some(answer) = ask(&question) else { break };
        let answer: String = answer.split_whitespace().collect();
        if answer.len() == 6 && answer.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(answer);
        }
    }
    Err(wrong(Mfa::NoCode))
}

async fn assume(
    profile: &Profile,
    role: &str,
    source: Credentials,
    code: Option<(&str, String)>,
    region: &str,
) -> Result<Credentials, Cause> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_config::Region::new(region.to_owned()))
        .credentials_provider(source)
        .load()
        .await;
    let seconds = profile.get("duration_seconds");
    let session = profile.get("role_session_name").unwrap_or("clusterup");
    let mut call = aws_sdk_sts::Client::new(&config)
        .assume_role()
        .role_arn(role)
        .role_session_name(session)
        .set_duration_seconds(seconds.and_then(|seconds| seconds.parse().ok()))
        .set_external_id(profile.get("external_id").map(str::to_owned));
    let with_code = code.is_some();
    if let Some((serial, code)) = code {
        call = call.serial_number(serial).token_code(code);
    }
    let assumed = call.send().await.map_err(|error| {
        let says = error
            .message()
            .map_or_else(|| error.to_string(), str::to_owned);
        let says = says.lines().next().unwrap_or_default().to_owned();
        let profile = profile.name().to_owned();
        if with_code && error.as_service_error().is_some() {
            Cause::Mfa {
                profile,
                problem: Mfa::Refused(says),
            }
        } else {
            Cause::Role { profile, says }
        }
    })?;
    let assumed = assumed.credentials.ok_or_else(|| Cause::Role {
        profile: profile.name().to_owned(),
        says: "AWS returned no credentials for it".to_owned(),
    })?;
    let id = assumed.access_key_id;
    let secret = assumed.secret_access_key;
    let expiry = std::time::SystemTime::try_from(assumed.expiration).ok();
    Ok(Credentials::new(
        id,
        secret,
        Some(assumed.session_token),
        expiry,
        "Mfa",
    ))
}
