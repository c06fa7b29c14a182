//! What the watchdog is told to do, in general and with one cluster.

use super::application::Application;
use super::name::PolicyName;
use super::percent::Percent;
use super::span::Span;
use super::stack::Guardrails;
use serde::Serialize;
use std::collections::BTreeSet;

/// What a policy says of clusters that clusterup did not make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmanaged {
    pub action: UnmanagedAction,
    /// How long one may idle before it is forgotten.
    pub idle_timeout: Span,
    /// How long one may live, whatever it does; none is no limit.
    pub max_lifetime: Option<Span>,
    /// How long after the warning it ends.
    pub grace: Span,
    /// Applications whose work is not in YARN, and with which a cluster is idle all the same when
    /// YARN and the steps say so.
    pub idle_by_yarn: BTreeSet<Application>,
}

/// Which of several policies decided each word about clusters of others: the mildest does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Mildest {
    /// How many policies speak of such clusters.
    pub of: usize,
    pub action: Option<PolicyName>,
    pub idle_timeout: Option<PolicyName>,
    pub max_lifetime: Option<PolicyName>,
    pub grace: Option<PolicyName>,
}

impl Mildest {
    /// ` of policy NAME, the mildest of 2`; nothing where no other policy speaks.
    pub fn says(&self, name: Option<&PolicyName>) -> String {
        match name {
            Some(name) if self.of > 1 => format!(" of policy {name}, the mildest of {}", self.of),
            Some(_) | None => String::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmanagedAction {
    /// They are not looked at.
    Ignore,
    /// They are told of.
    Notify,
    /// They are ended.
    Terminate,
}

impl UnmanagedAction {
    /// As policies have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Notify => "notify",
            Self::Terminate => "terminate",
        }
    }
}

/// Clusters with this tag are left alone, as long as it does not say `false`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Exempt {
    /// The tag's key.
    pub tag: String,
    /// The age from which it no longer helps; none is never.
    pub max_lifetime: Option<Span>,
}

/// How a policy wants clusters ended; none where it leaves that to others, or to the watchdog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WatchdogRules {
    /// How long before an end there is a warning.
    pub warn_before: Span,
    pub max_kills_per_sweep: Option<u32>,
    pub max_kill_fraction: Option<Percent>,
    pub lift_protection: bool,
    pub start_within: Option<Span>,
    pub stuck_after: Option<Span>,
    /// How long after a stack's last cluster what it left is removed.
    pub clean_up_after: Option<Span>,
}

impl Default for WatchdogRules {
    fn default() -> Self {
        Self {
            warn_before: Span::from_secs(600),
            max_kills_per_sweep: None,
            max_kill_fraction: None,
            lift_protection: false,
            start_within: None,
            stuck_after: None,
            clean_up_after: None,
        }
    }
}

/// How the watchdog treats one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Orders {
    /// Of a cluster of ours: its own and its policies'.
    pub bound: Option<Guardrails>,
    pub unmanaged: Unmanaged,
    /// Whose words those are.
    pub mildest: Mildest,
    pub exempt: BTreeSet<Exempt>,
    /// How long before an end there is a warning.
    pub warn_before: Span,
    /// Whether termination protection is taken off a cluster that has to end.
    pub lift_protection: bool,
    /// How long STARTING and BOOTSTRAPPING may take.
    pub start_within: Span,
    /// How long a step may run without a sign of progress before it is told of.
    pub stuck_after: Span,
}

/// When a sweep is more likely wrong than so many clusters forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Breaker {
    pub max_kills: u32,
    /// Of the clusters that live.
    pub max_fraction: Percent,
}
