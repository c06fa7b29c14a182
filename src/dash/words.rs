//! Formats times, and the words of states.

use crate::model::observed::ClusterState;
use chrono::{DateTime, Datelike, Utc};

/// Formats an instant as `19:54 UTC`, or `20 Nov 19:54 UTC` on another day.
pub(super) fn time(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let format = if at.date_naive() == now.date_naive() {
        "%H:%M UTC"
    } else if at.year() == now.year() {
        "%-d %b %H:%M UTC"
    } else {
        "%-d %b %Y %H:%M UTC"
    };
    at.format(format).to_string()
}

pub(super) const fn state(state: ClusterState) -> &'static str {
    match state {
        ClusterState::Starting => "starting",
        ClusterState::Bootstrapping => "bootstrapping",
        ClusterState::Running => "running",
        ClusterState::Waiting => "waiting",
        ClusterState::Terminating => "terminating",
        ClusterState::Terminated => "terminated",
        ClusterState::TerminatedWithErrors => "failed",
    }
}

/// Replaces underscores, as in `idle_timeout`, by spaces.
pub(super) fn plain(name: &str) -> String {
    name.replace('_', " ")
}
