//! What people are told of, whatever the way.

use super::hint::Command;
use super::span::Span;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One thing to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub at: DateTime<Utc>,
    /// What it is about: of one matter people hear once, and then reminders.
    pub matter: String,
    pub level: Level,
    /// In a line: `cluster nightly of ana@laptop ends at 20:00 UTC: idle for 50m`.
    pub title: String,
    /// What else there is to know, in order: `cost so far`, `$1.20`.
    pub facts: Vec<(String, String)>,
    /// A command to paste, such as the one that lets a cluster live longer.
    pub command: Option<Command>,
    /// After how long it is told again while it lasts; none is never.
    pub remind_after: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Info,
    Warning,
    /// Somebody has to act.
    Alert,
}
