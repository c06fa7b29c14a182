//! The watchdog's orders, for all clusters and for a single one.

use super::adoption::AdoptedLimits;
use super::application::Application;
use super::money::Usd;
use super::name::PolicyName;
use super::percent::Percent;
use super::span::Span;
use super::stack::Guardrails;
use super::words::words;
use serde::Serialize;
use std::collections::BTreeSet;

/// A policy's rules for foreign clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmanaged {
    /// What happens to forgotten ones.
    pub action: UnmanagedAction,
    /// How long one must be idle to count as forgotten.
    pub idle_timeout: Span,
    /// The age at which one counts as forgotten anyway; `None` for no limit.
    pub max_lifetime: Option<Span>,
    /// Dollars that an adopted one may cost; `None` for no limit.
    pub budget: Option<Usd>,
    /// How long after the warning it is ended.
    pub grace: Span,
    /// Applications whose work is not in YARN, and with which a cluster still counts as idle if
    /// YARN and the steps are.
    pub idle_by_yarn: BTreeSet<Application>,
}

impl Unmanaged {
    /// The limits with which foreign clusters are adopted.
    pub const fn limits(&self) -> AdoptedLimits {
        AdoptedLimits {
            max_lifetime: self.max_lifetime,
            budget: self.budget,
            idle_timeout: Some(self.idle_timeout),
        }
    }
}

/// Which of several policies decided each value for foreign clusters: the mildest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Mildest {
    /// How many policies have `unmanaged`.
    pub of: usize,
    /// The policy that decided `action`.
    pub action: Option<PolicyName>,
    /// The policy that decided `idle_timeout`.
    pub idle_timeout: Option<PolicyName>,
    /// The policy that decided `max_lifetime`.
    pub max_lifetime: Option<PolicyName>,
    /// The policy that decided `budget`.
    pub budget: Option<PolicyName>,
    /// The policy that decided `grace`.
    pub grace: Option<PolicyName>,
}

impl Mildest {
    /// ` of policy NAME, the mildest of 2`; empty if only one policy has `unmanaged`.
    pub fn says(&self, name: Option<&PolicyName>) -> String {
        match name {
            Some(name) if self.of > 1 => format!(" of policy {name}, the mildest of {}", self.of),
            Some(_) | None => String::new(),
        }
    }
}

words! {
    /// What happens to forgotten foreign clusters.
    pub enum UnmanagedAction {
        /// They are ignored.
        Ignore = "ignore",
        /// They are reported.
        Notify = "notify",
        /// Each is adopted with the policy's limits.
        Adopt = "adopt",
        /// They are ended.
        Terminate = "terminate",
    }
}

/// Exempts clusters with a tag, unless its value is `false`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Exempt {
    /// The tag's key.
    pub tag: String,
    /// The age from which the tag has no effect; `None` for never.
    pub max_lifetime: Option<Span>,
}

/// A policy's rules for ending clusters; `None` if it leaves a value to other policies or the
/// default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WatchdogRules {
    /// How long before an end people are warned.
    pub warn_before: Span,
    /// The maximum number of clusters that one sweep may end for idleness.
    pub max_kills_per_sweep: Option<u32>,
    /// The same as a share of the living clusters.
    pub max_kill_fraction: Option<Percent>,
    /// Whether termination protection is removed from clusters that must end.
    pub lift_protection: bool,
    /// How long a cluster may take to start.
    pub start_within: Option<Span>,
    /// How long a step may run without progress before people are notified.
    pub stuck_after: Option<Span>,
    /// How long after a stack's last cluster its leftovers are removed.
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
    /// The guardrails of a cluster of clusterup, its own and its policies', or of an adopted one.
    pub bound: Option<Guardrails>,
    /// The rules for a foreign cluster.
    pub unmanaged: Unmanaged,
    /// Which policies decided them.
    pub mildest: Mildest,
    /// The tags that exempt clusters.
    pub exempt: BTreeSet<Exempt>,
    /// How long before an end people are warned.
    pub warn_before: Span,
    /// Whether termination protection is removed from a cluster that must end.
    pub lift_protection: bool,
    /// How long STARTING and BOOTSTRAPPING may take.
    pub start_within: Span,
    /// How long a step may run without progress before people are notified.
    pub stuck_after: Span,
}

/// The limits of the circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Breaker {
    /// The maximum number of clusters that one sweep may end for idleness.
    pub max_kills: u32,
    /// The same as a share of the living clusters.
    pub max_fraction: Percent,
}
