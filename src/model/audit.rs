//! Entries of the audit log: what the watchdog did, and what people did through it. The log is
//! append-only.

use super::name::ClusterId;
use super::place::Place;
use super::shown::Untrusted;
use super::words::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it: `watchdog@host`, or the person who requested it, as `user@host`.
    pub actor: String,
    /// The place; `None` if it is about the watchdog itself.
    pub place: Option<Place>,
    /// What it was done to, if anything.
    pub target: Option<Target>,
    /// What was done.
    pub act: Act,
    /// The verdict: `idle_timeout`, `stuck`, `keep`.
    pub verdict: Option<String>,
    /// The evidence for the verdict.
    pub evidence: Option<String>,
    /// The outcome: `done`, or why it failed.
    pub outcome: String,
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Target {
    /// The id of a cluster, or the name of a leftover.
    pub id: String,
    /// The cluster's name, if it has one.
    pub name: Option<Untrusted>,
}

impl Target {
    /// A cluster.
    pub fn cluster(id: &ClusterId, name: &Untrusted) -> Self {
        Self {
            id: id.to_string(),
            name: Some(name.clone()),
        }
    }
}

words! {
    /// What the watchdog, or a person through it, did.
    pub enum Act {
        /// The watchdog started, or took over.
        Begin = "begin",
        /// The watchdog stopped, or handed over.
        Stop = "stop",
        /// Policies were reloaded.
        Reload = "reload",
        /// People were notified, without further action.
        Tell = "tell",
        /// A cluster was marked and its owner warned.
        Warn = "warn",
        /// A mark was removed.
        Clear = "clear",
        /// Termination protection was removed.
        Unprotect = "unprotect",
        /// A cluster's termination was requested.
        Terminate = "terminate",
        /// AWS reports that a cluster is over.
        Ended = "ended",
        /// A cluster should be over and is not.
        Escalate = "escalate",
        /// The circuit breaker held all ends back.
        Trip = "trip",
        /// A deadline was moved.
        Extend = "extend",
        /// A cluster that others created was adopted, or its schedule was written again.
        Adopt = "adopt",
        /// Leftovers of ended clusters were removed.
        CleanUp = "clean_up",
        /// Something could not be read or done.
        Fail = "fail",
    }
}

impl Act {
    /// All acts.
    pub const ALL: [Self; 15] = [
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
        Self::Adopt,
        Self::CleanUp,
        Self::Fail,
    ];
}
