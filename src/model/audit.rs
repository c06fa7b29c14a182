//! What the watchdog, and people through it, did: entries of a log that is only ever added to.

use super::fleet::Place;
use super::name::ClusterId;
use super::shown::Untrusted;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: DateTime<Utc>,
    /// `watchdog@host`, or who asked, as `user@host`.
    pub actor: String,
    /// None where it is about the watchdog itself.
    pub place: Option<Place>,
    pub target: Option<Target>,
    pub act: Act,
    /// What was decided: `idle_timeout`, `stuck`, `keep`.
    pub verdict: Option<String>,
    /// What that rests on.
    pub evidence: Option<String>,
    /// What came of it: `done`, or why not.
    pub outcome: String,
}

/// Whom an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// A cluster's id; the name of what was left behind.
    pub id: String,
    /// The cluster's name, where it has one.
    pub name: Option<Untrusted>,
}

impl Target {
    pub fn cluster(id: &ClusterId, name: &Untrusted) -> Self {
        Self {
            id: id.to_string(),
            name: Some(name.clone()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The watchdog began, or took over.
    Begin,
    /// It ended, or let go.
    Stop,
    /// Policies were read anew.
    Reload,
    /// People were told of something that nothing is done about.
    Tell,
    /// A cluster was marked and its people warned.
    Warn,
    /// A mark was taken off.
    Clear,
    /// Termination protection was taken off.
    Unprotect,
    /// A cluster was asked to end.
    Terminate,
    /// AWS says that it is over.
    Ended,
    /// It should be over and is not.
    Escalate,
    /// More were to end than may at once: none did.
    Trip,
    /// A deadline was moved.
    Extend,
    /// What a dead cluster left was removed.
    CleanUp,
    /// Something could not be seen or done.
    Fail,
}

impl Act {
    pub const ALL: [Self; 14] = [
        Self::Begin,
        Self::Stop,
        Self::Reload,
        Self::Tell,
        Self::Warn,
        Self::Clear,
        Self::Unprotect,
        Self::Terminate,
        Self::Ended,
        Self::Escalate,
        Self::Trip,
        Self::Extend,
        Self::CleanUp,
        Self::Fail,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Stop => "stop",
            Self::Reload => "reload",
            Self::Tell => "tell",
            Self::Warn => "warn",
            Self::Clear => "clear",
            Self::Unprotect => "unprotect",
            Self::Terminate => "terminate",
            Self::Ended => "ended",
            Self::Escalate => "escalate",
            Self::Trip => "trip",
            Self::Extend => "extend",
            Self::CleanUp => "clean_up",
            Self::Fail => "fail",
        }
    }
}
