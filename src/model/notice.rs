//! Notices to people, independent of the channel.

use super::hint::Command;
use super::span::Span;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A notice to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The matter that it is about: people get one notice per matter, and then reminders.
    pub matter: String,
    /// How urgent it is.
    pub level: Level,
    /// The title on one line: `cluster nightly of ana@laptop ends at 20:00 UTC: idle for 50m`.
    pub title: String,
    /// Further facts in order: `cost so far`, `$1.20`.
    pub facts: Vec<(String, String)>,
    /// A command to paste, such as the one that extends a cluster's life.
    pub command: Option<Command>,
    /// How long after it a reminder follows; `None` for no reminder.
    pub remind_after: Option<Span>,
}

/// How urgent a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For information.
    Info,
    /// Something may need attention.
    Warning,
    /// Somebody has to act.
    Alert,
}
