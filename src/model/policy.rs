//! A policy: what stacks may request, and what a team may spend in a month. `text` makes it; its
//! rules are still text, which `policy` compiles.

use super::cidr::Cidr;
use super::glob::Glob;
use super::hours::{OffHours, Zone};
use super::money::Usd;
use super::name::{PolicyName, Region, RuleName, StackName, TeamName};
use super::orders::{Exempt, Unmanaged, WatchdogRules};
use super::percent::Percent;
use super::span::Span;
use super::stack::Market;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Its name.
    pub name: PolicyName,
    /// The file that it was read from, as it is shown to people.
    pub file: String,
    /// The stacks that it applies to.
    pub applies_to: AppliesTo,
    /// The monthly budget of each of its teams.
    pub budget: Option<Located<MonthlyBudget>>,
    /// The limits on what stacks may ask for.
    pub limits: Limits,
    /// Hours in which no cluster may run.
    pub off_hours: Option<Located<OffHours>>,
    /// Its rules in CEL.
    pub rules: Vec<Rule>,
    /// Who may override it.
    pub overrides: Option<Overrides>,
    /// The rules for foreign clusters.
    pub unmanaged: Option<Located<Unmanaged>>,
    /// The tag that exempts clusters.
    pub exempt: Option<Exempt>,
    /// How clusters are ended.
    pub watchdog: WatchdogRules,
}

/// A value in a file, and its line from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The line, from 1.
    pub line: usize,
}

/// The stacks that a policy applies to: those that match both, where `None` matches all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AppliesTo {
    /// The teams.
    pub teams: Option<Vec<TeamName>>,
    /// Patterns of stack names.
    pub stacks: Option<Vec<Glob>>,
}

/// The maximum number of notifications of one AWS budget (Budgets API, CreateBudget).
pub const MAX_NOTICES: usize = 10;
/// The maximum number of e-mail addresses of one notification (Budgets API,
/// NotificationWithSubscribers).
pub const MAX_MAILS: usize = 10;
/// The maximum number of SNS topics of one notification (Budgets API,
/// NotificationWithSubscribers).
pub const MAX_TOPICS: usize = 1;

/// What each of the policy's teams may spend in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthlyBudget {
    /// Dollars per month.
    pub monthly: Usd,
    /// Shares of it that are reported when they are reached, in order.
    pub notify_at: Vec<Percent>,
    /// What happens once it is spent.
    pub when_spent: WhenSpent,
    /// The timezone in which months begin.
    pub timezone: Zone,
    /// Recipients of AWS's notifications: at most ten e-mail addresses and one SNS topic.
    pub subscribers: Vec<String>,
    /// The region whose bucket keeps the team's account.
    pub home: Region,
}

/// What happens once a month's budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenSpent {
    /// Nothing new is created.
    Block,
    /// Nothing new is created, and running clusters end after a warning.
    Terminate,
    /// People are notified, and nothing else happens.
    Notify,
}

/// Limits on stacks; `None` for no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Limits {
    /// Dollars per hour of the whole cluster.
    pub hourly_cost: Option<Located<Usd>>,
    /// The most dollars that one life of the cluster can cost.
    pub run_cost: Option<Located<Usd>>,
    /// The number of nodes of all roles together.
    pub nodes: Option<Located<u16>>,
    /// Patterns of allowed instance types.
    pub instance_types: Option<Located<Vec<Glob>>>,
    /// Patterns of allowed regions.
    pub regions: Option<Located<Vec<Glob>>>,
    /// Patterns of release labels, or lines such as `emr-7.x`.
    pub releases: Option<Located<Vec<Glob>>>,
    /// How core and task nodes are bought; `OnDemand` applies to the primary as well.
    pub market: Option<Located<Market>>,
    /// The longest `max_lifetime`.
    pub max_lifetime: Option<Located<Span>>,
    /// The longest `idle_timeout`.
    pub idle_timeout: Option<Located<Span>>,
    /// Allowed sources of connections, for every port.
    pub ssh_from: Option<Located<Vec<SourceLimit>>>,
    /// Required tags, and patterns of their values.
    pub tags: Option<Located<BTreeMap<String, Glob>>>,
}

/// An allowed source of connections, and everything within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceLimit {
    /// This machine's public address.
    Caller,
    /// A range of addresses.
    Range(Cidr),
}

/// A rule in CEL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name.
    pub name: RuleName,
    /// What it does if its condition is true.
    pub effect: Effect,
    /// The condition in CEL.
    pub when: String,
    /// The message for people: what is wrong, and how to pass.
    pub message: String,
    /// Its line in the policy, from 1.
    pub line: usize,
}

/// What a rule does if its condition is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The stack passes with a warning.
    Warn,
    /// The stack is denied.
    Deny,
}

/// Who may override the policy, giving a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overrides {
    /// Patterns of callers: on AWS their ARN, on this machine `user@host`.
    pub by: Vec<Glob>,
    /// Whether the monthly budget may be overridden as well.
    pub budget: bool,
}

/// Who overrode a policy for a cluster, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Override {
    /// Who, as a caller.
    pub by: String,
    /// The reason that was given.
    pub why: String,
}

impl AppliesTo {
    /// Whether a stack with this name and team matches.
    pub fn fits(&self, stack: &StackName, team: Option<&TeamName>) -> bool {
        let teams = self.teams.as_ref();
        let stacks = self.stacks.as_ref();
        teams.is_none_or(|teams| team.is_some_and(|team| teams.contains(team)))
            && stacks.is_none_or(|globs| globs.iter().any(|glob| glob.fits(stack.as_str())))
    }
}

impl Policy {
    /// The place of a line, such as `policies/recsys.yaml:9`.
    pub fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }
}

/// The outcome of policies for a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It passes.
    Allow,
    /// It passes with warnings.
    Warn,
    /// It is denied.
    Deny,
}

/// A stack, and the outcome that policies are expected to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// What the example shows.
    pub name: String,
    /// The stack's file.
    pub stack: PathBuf,
    /// Changes to the stack, as `--set` takes them.
    pub sets: Vec<String>,
    /// What the stack's team has spent in the month, in dollars.
    pub spent: Option<Usd>,
    /// What is reserved for the team's living clusters, in dollars.
    #[serde(rename = "promised")]
    pub reserved: Option<Usd>,
    /// The expected outcome.
    pub expect: Standing,
    /// What the reasons must include: limits such as `limits.nodes`, or names of rules.
    pub because: Vec<String>,
    /// Its line in the file, from 1.
    pub line: usize,
}
