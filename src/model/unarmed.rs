//! Why a safeguard does not end a cluster, and the command that changes that.

use super::hint::Command;
use super::releases::IDLE_POLICY;
use super::software::Software;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Why a safeguard is not armed. JSON has its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unarmed {
    /// EMR has no auto-termination policy for a release, by its label.
    NoIdlePolicy(String),
    /// EMR's auto-termination policy does not support an application, by its name: the work of that
    /// application is no work of YARN, so a busy cluster looks idle.
    HiddenWork(String),
    /// The stack has `when_done: keep`.
    Kept,
    /// Somebody removed it.
    Removed,
    /// Somebody turned it off.
    TurnedOff,
    /// The cluster was created without it.
    CreatedWithout,
    /// The schedule ends another cluster, makes another call, or runs at another time.
    Different,
    /// It does not exist.
    Missing,
    /// The account has no role of this name, which a schedule needs.
    NoRole(String),
    /// It cannot be read, for this reason.
    Unread(String),
    /// The last `apply` that followed the cluster detached at this instant.
    Left(DateTime<Utc>),
    /// No `apply` follows the cluster.
    NotFollowed,
    /// The stack asks for termination protection, and the schedule that lifts it is missing.
    NotLifted,
    /// The stack asks for termination protection, and AWS does not document whether the safeguard
    /// ends a protected cluster.
    Undocumented,
    /// Somebody switched termination protection on, and EMR refuses to end a protected cluster.
    Protected,
    /// The cluster was idle for longer than the timeout when it was adopted.
    IdleAlready,
    /// It was never started.
    NeverStarted,
    /// The text of a reason that was read from JSON.
    Recorded(String),
}

impl Unarmed {
    /// Why EMR's auto-termination policy cannot be used for a release with this software; `None` if
    /// it can.
    pub fn idle_policy(label: &str, software: &Software) -> Option<Self> {
        if !IDLE_POLICY.include(label) {
            return Some(Self::NoIdlePolicy(label.to_owned()));
        }
        let mut applications = software.applications.iter();
        let hidden = applications.find(|one| one.is_hidden_from_idle_policy())?;
        Some(Self::HiddenWork(hidden.to_string()))
    }

    /// The command that arms the safeguard, if one does. `apply` applies the cluster's stack.
    pub fn next(&self, apply: Command) -> Option<Command> {
        match self {
            Self::Removed
            | Self::TurnedOff
            | Self::Different
            | Self::Missing
            | Self::NotFollowed
            | Self::NotLifted
            | Self::IdleAlready
            | Self::NeverStarted => Some(apply),
            Self::NoRole(_) => Some(apply.arg("--create-roles")),
            Self::NoIdlePolicy(_)
            | Self::HiddenWork(_)
            | Self::Kept
            | Self::CreatedWithout
            | Self::Unread(_)
            | Self::Undocumented
            | Self::Protected
            | Self::Left(_)
            | Self::Recorded(_) => None,
        }
    }
}

impl fmt::Display for Unarmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NoIdlePolicy(label) => {
                return write!(
                    f,
                    "EMR has none for {label}: from emr-5.30.0 and emr-6.1.0 on"
                );
            }
            Self::HiddenWork(application) => {
                return write!(
                    f,
                    "EMR has none with {application}, whose work it does not see"
                );
            }
            Self::NoRole(role) => return write!(f, "the role {role} is missing in this account"),
            Self::Unread(why) => return write!(f, "it cannot be read: {why}"),
            Self::Left(at) => {
                let at = at.format("%F %H:%M:%S UTC");
                return write!(f, "nobody follows it; the last follower left it at {at}");
            }
            Self::Kept => "when_done: keep",
            Self::Removed => "somebody removed it",
            Self::TurnedOff => "somebody turned it off",
            Self::CreatedWithout => "the cluster was created without it",
            Self::Different => "its cluster, call or time was changed",
            Self::Missing => "it is missing",
            Self::NotFollowed => "nobody follows it",
            Self::NotLifted => "the schedule that lifts the termination protection is missing",
            Self::Undocumented => {
                "termination protection is on, and AWS does not document that this ends the cluster"
            }
            Self::Protected => "termination protection is on, with which EMR refuses to end it",
            Self::IdleAlready => {
                "it was idle for longer already when it was adopted, and might have ended at once"
            }
            Self::NeverStarted => "it was never started",
            Self::Recorded(text) => text,
        };
        f.write_str(text)
    }
}

super::parsed::schema_like!(Unarmed, String);

impl Serialize for Unarmed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Unarmed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::Recorded(String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::safeguard::{Safeguard, SafeguardKind};

    #[test]
    fn the_idle_policy_needs_a_release_and_work_that_yarn_shows() {
        let why = |label: &str, names: &[&str]| {
            let software = Software {
                applications: names.iter().map(|name| name.parse().unwrap()).collect(),
                ..Software::default()
            };
            Unarmed::idle_policy(label, &software).map(|why| why.to_string())
        };
        assert_eq!(why("emr-7.12.0", &["Hive", "Livy", "JupyterHub"]), None);
        for label in ["emr-4.9.6", "emr-5.29.0", "emr-6.0.0"] {
            let text = format!("EMR has none for {label}: from emr-5.30.0 and emr-6.1.0 on");
            assert_eq!(why(label, &["Trino"]), Some(text));
        }
        for name in ["HBase", "Presto", "PrestoSQL", "Trino", "trino"] {
            let text = format!("EMR has none with {name}, whose work it does not see");
            assert_eq!(why("emr-7.x", &["Hive", name]), Some(text));
        }
    }

    #[test]
    fn json_has_the_text_of_the_reason() {
        let apply = || Command::clusterup("apply").arg("a.yaml");
        let kind = SafeguardKind::Schedule;
        let missing = Safeguard::disarmed(kind, Unarmed::Missing, apply());
        let role = Safeguard::disarmed(kind, Unarmed::NoRole("r".to_owned()), apply());
        let kept = Safeguard::disarmed(SafeguardKind::LastStep, Unarmed::Kept, apply());
        let written = [missing, role, kept].map(|it| serde_json::to_string(&it).unwrap());
        assert_eq!(
            written,
            [
                r#"{"kind":"schedule","state":"disarmed","why":"it is missing","next":"clusterup apply a.yaml"}"#,
                r#"{"kind":"schedule","state":"disarmed","why":"the role r is missing in this account","next":"clusterup apply a.yaml --create-roles"}"#,
                r#"{"kind":"last_step","state":"disarmed","why":"when_done: keep","next":null}"#,
            ]
        );
        for json in written {
            let read: Safeguard = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
    }
}
