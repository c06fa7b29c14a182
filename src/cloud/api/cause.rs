//! Why AWS refuses the caller: each cause, and the commands that fix it.

use crate::model::name::AccountId;
use crate::model::span::Span;
use crate::model::watched_account::{ExternalId, RoleArn};

/// What is wrong with the caller's credentials, clock or region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// No source of credentials has any.
    #[error("no credentials for AWS were found")]
    NoCredentials,
    /// `AWS_PROFILE` names a profile that no file has; `known` are the existing ones.
    #[error("there is no AWS profile {}", quoted(name))]
    UnknownProfile {
        /// The profile's name.
        name: String,
        /// The names of existing profiles.
        known: Vec<String>,
    },
    /// The session or the temporary credentials have expired.
    #[error("{}", expired(by))]
    Expired {
        /// Where the credentials come from.
        by: LogIn,
    },
    /// The key is deleted, switched off or mistyped.
    #[error("AWS does not know the access key: it is deleted, switched off or mistyped")]
    UnknownKey,
    /// The signature does not match the access key.
    #[error("the secret key does not belong to the access key")]
    WrongSecret,
    /// This machine's clock is off by `ahead` seconds (negative if it is behind AWS's), if AWS's
    /// response has a date.
    #[error("this machine's clock is wrong{}", by_how_much(*ahead))]
    Clock {
        /// Seconds ahead of AWS's clock; `None` if the response has no date.
        ahead: Option<i64>,
    },
    /// The region has to be enabled in the account first.
    #[error("region {region} is not enabled in this account")]
    RegionOff {
        /// The region.
        region: String,
    },
    /// The profile's role requires multi-factor authentication.
    #[error(
        "profile {} needs a multi-factor authentication code: {problem}",
        quoted(profile)
    )]
    Mfa {
        /// The profile's name.
        profile: String,
        /// What is wrong with the code.
        problem: Mfa,
    },
    /// `credential_process` of the profile failed.
    #[error("the credential process of profile {} failed", quoted(profile))]
    Program {
        /// The profile's name.
        profile: String,
    },
    /// The caller may not assume the role of the profile.
    #[error("profile {} may not assume its role: {says}", quoted(profile))]
    Role {
        /// The profile's name.
        profile: String,
        /// AWS's message.
        says: String,
    },
    /// A role that clusterup assumes by itself gives no access to its account.
    #[error("role {role} {problem}")]
    AssumedRole {
        /// The role's ARN.
        role: RoleArn,
        /// The external id that was sent with the request for its credentials.
        external_id: Option<ExternalId>,
        /// What is wrong.
        problem: RoleProblem,
    },
    /// The profile files or the environment are contradictory.
    #[error("the AWS settings of this machine cannot be used: {says}")]
    Settings {
        /// What is wrong with them.
        says: String,
    },
}

/// Where the credentials come from. Profiles are given by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogIn {
    /// `aws sso login`.
    Sso(String),
    /// `aws login`.
    Console(String),
    /// Keys in the environment.
    Environment,
    /// Keys in the profile files.
    File(String),
    /// A role of the machine or container.
    Machine,
}

/// What is wrong with a code of multi-factor authentication.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mfa {
    /// There is no terminal.
    #[error("there is no terminal to enter it on")]
    NoTerminal,
    /// Something else than six digits was typed.
    #[error("a code has six digits")]
    NoCode,
    /// The session has expired.
    #[error("the session of the last code has expired")]
    Over,
    /// AWS refused the code, with this message.
    #[error("AWS refused it: {0}")]
    Refused(String),
}

/// Why a role gives no access to its account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleProblem {
    /// AWS refuses its credentials, with this message.
    #[error("cannot be assumed: {0}")]
    Denied(String),
    /// Its credentials are of another account.
    #[error("gives credentials of account {0}")]
    OtherAccount(AccountId),
    /// AWS refuses calls with its credentials, for this reason.
    #[error("gives credentials that AWS refuses: {0}")]
    Refused(String),
}

impl Cause {
    /// Advice for what no command can fix.
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::Mfa {
                problem: Mfa::NoCode | Mfa::Refused(_),
                ..
            } => Some("run it again with the next code: each code works once"),
            Self::AssumedRole {
                problem: RoleProblem::Denied(_),
                ..
            } => Some(
                "the role has to exist, its trust policy has to name the watchdog's own user or role, \
                 and that one needs the permission sts:AssumeRole",
            ),
            Self::NoCredentials
            | Self::UnknownProfile { .. }
            | Self::Expired { .. }
            | Self::UnknownKey
            | Self::WrongSecret
            | Self::Clock { .. }
            | Self::RegionOff { .. }
            | Self::Mfa { .. }
            | Self::Program { .. }
            | Self::Role { .. }
            | Self::AssumedRole { .. }
            | Self::Settings { .. } => None,
        }
    }

    /// The commands that fix it, the most likely first.
    pub fn cures(&self) -> Vec<String> {
        match self {
            Self::NoCredentials => strings(&["aws login", "aws sso login", "aws configure"]),
            Self::UnknownProfile { name, known } if known.is_empty() => {
                vec![format!("aws configure --profile {}", quoted(name))]
            }
            Self::UnknownProfile { known, .. } => {
                let export = |name: &String| format!("export AWS_PROFILE={}", quoted(name));
                known.iter().take(MAX_PROFILES).map(export).collect()
            }
            Self::Expired { by } => by.again(),
            Self::UnknownKey => strings(&["aws configure list", "aws configure"]),
            Self::WrongSecret => strings(&["aws configure"]),
            Self::Clock { .. } => strings(&["sudo chronyc makestep", "timedatectl"]),
            Self::RegionOff { region } => {
                vec![format!("aws account enable-region --region-name {region}")]
            }
            Self::Mfa { profile, problem } => match problem {
                Mfa::NoTerminal | Mfa::Over => {
                    let profile = quoted(profile);
                    let export = "aws configure export-credentials --format env --profile";
                    vec![format!("eval \"$({export} {profile})\"")]
                }
                Mfa::NoCode | Mfa::Refused(_) => Vec::new(),
            },
            Self::Program { profile } | Self::Role { profile, .. } => {
                let profile = quoted(profile);
                vec![format!("aws sts get-caller-identity --profile {profile}")]
            }
            Self::AssumedRole {
                role, external_id, ..
            } => {
                let assume = "aws sts assume-role --role-session-name clusterup-watchdog";
                let external = external_id.as_ref().map_or_else(String::new, |id| {
                    format!(" --external-id {}", quoted(id.as_str()))
                });
                vec![format!("{assume} --role-arn {role}{external}")]
            }
            Self::Settings { .. } => strings(&["aws configure list"]),
        }
    }
}

/// How many commands to suggest for an unknown profile.
const MAX_PROFILES: usize = 5;

impl LogIn {
    fn again(&self) -> Vec<String> {
        match self {
            Self::Sso(profile) => vec![format!("aws sso login --profile {}", quoted(profile))],
            Self::Console(profile) => vec![format!("aws login --profile {}", quoted(profile))],
            Self::Environment => strings(&[
                "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
                "aws login",
            ]),
            Self::File(profile) => vec![format!("aws configure --profile {}", quoted(profile))],
            Self::Machine => strings(&["aws sts get-caller-identity"]),
        }
    }
}

fn expired(by: &LogIn) -> String {
    match by {
        LogIn::Sso(profile) | LogIn::Console(profile) => {
            let profile = quoted(profile);
            format!("profile {profile} is not logged in: its session has expired or never started")
        }
        LogIn::File(profile) => {
            format!(
                "the AWS credentials of profile {} have expired",
                quoted(profile)
            )
        }
        LogIn::Environment => "the AWS credentials in the environment have expired".to_owned(),
        LogIn::Machine => "the AWS credentials of this machine's role have expired".to_owned(),
    }
}

fn by_how_much(ahead: Option<i64>) -> String {
    let Some(seconds) = ahead else {
        return String::new();
    };
    // Rounded to minutes, because the response's own delay makes seconds inexact.
    let minutes = seconds.unsigned_abs().saturating_add(30) / 60;
    let span = Span::from_secs(minutes * 60);
    let way = if seconds > 0 { "ahead of" } else { "behind" };
    format!(": it is {span} {way} AWS's")
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Quotes a name for a shell where needed.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.@+/".contains(c);
    if !name.is_empty() && name.chars().all(plain) && !name.starts_with('-') {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_cure_for_its_own_profile() {
        let profile = "dev team's".to_owned();
        let sso = Cause::Expired {
            by: LogIn::Sso(profile.clone()),
        };
        assert_eq!(sso.cures(), ["aws sso login --profile 'dev team'\\''s'"]);
        let console = Cause::Expired {
            by: LogIn::Console("prod".to_owned()),
        };
        assert_eq!(console.cures(), ["aws login --profile prod"]);
        let known: Vec<String> = (0..9).map(|n| format!("p{n}")).collect();
        let unknown = Cause::UnknownProfile {
            name: "x".to_owned(),
            known,
        };
        assert_eq!(unknown.cures().len(), 5);
        assert_eq!(unknown.cures()[0], "export AWS_PROFILE=p0");
        let off = Cause::RegionOff {
            region: "me-south-1".to_owned(),
        };
        let cure = "aws account enable-region --region-name me-south-1";
        assert_eq!(off.cures(), [cure]);
        let clock = Cause::Clock {
            ahead: Some(-7_211),
        };
        assert!(clock.to_string().ends_with("it is 2h behind AWS's"));
        let role = Cause::AssumedRole {
            role: "arn:aws:iam::222222222222:role/watch".parse().unwrap(),
            external_id: Some("a:b".parse().unwrap()),
            problem: RoleProblem::Denied("no".to_owned()),
        };
        let cure = "aws sts assume-role --role-session-name clusterup-watchdog --role-arn \
                    arn:aws:iam::222222222222:role/watch --external-id 'a:b'";
        assert_eq!(role.cures(), [cure]);
        let clock = Cause::Clock { ahead: Some(359) };
        assert!(clock.to_string().ends_with("it is 6m ahead of AWS's"));
        assert_eq!(clock.cures(), ["sudo chronyc makestep", "timedatectl"]);
        let problem = Mfa::NoTerminal;
        let mfa = Cause::Mfa { profile, problem };
        assert!(mfa.cures()[0].starts_with("eval \"$(aws configure export-credentials"));
    }
}
