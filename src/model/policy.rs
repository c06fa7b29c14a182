//! A policy: what stacks may ask for, and what a team may spend in a month. `text` makes it; its
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    pub name: PolicyName,
    /// The file that it was read from, as a person knows it.
    pub file: String,
    pub applies_to: AppliesTo,
    pub budget: Option<Located<MonthlyBudget>>,
    pub limits: Limits,
    pub off_hours: Option<Located<OffHours>>,
    pub rules: Vec<Rule>,
    pub overrides: Option<Overrides>,
    /// Of clusters that clusterup did not make, and which clusters are left alone.
    pub unmanaged: Option<Located<Unmanaged>>,
    pub exempt: Option<Exempt>,
    pub watchdog: WatchdogRules,
}

/// Something that a file says, and the line, from 1, on which it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Located<T> {
    pub value: T,
    pub line: usize,
}

/// The stacks that a policy is for: all where it says nothing, else those that all of it fits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AppliesTo {
    pub teams: Option<Vec<TeamName>>,
    pub stacks: Option<Vec<Glob>>,
}

/// What AWS allows of one budget's notifications, and of one notification's subscribers (Budgets
/// API, CreateBudget and NotificationWithSubscribers).
pub const MAX_NOTICES: usize = 10;
pub const MAX_MAILS: usize = 10;
pub const MAX_TOPICS: usize = 1;

/// What each of the policy's teams may spend in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthlyBudget {
    pub monthly: Usd,
    /// Shares of it that are reported when they are reached, in order.
    pub notify_at: Vec<Percent>,
    pub when_spent: WhenSpent,
    /// Where months begin at midnight.
    pub timezone: Zone,
    /// Whom AWS tells: addresses of e-mail, at most ten, and topics of SNS, at most one.
    pub subscribers: Vec<String>,
    /// The region in whose bucket the team's account is kept.
    pub home: Region,
}

/// What becomes of a month that is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenSpent {
    /// Nothing new.
    Block,
    /// Nothing new, and what runs ends after a warning.
    Terminate,
    /// It is told of, and nothing else.
    Notify,
}

/// Ceilings; none is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Limits {
    /// In $/h, of the cluster whole.
    pub hourly_cost: Option<Located<Usd>>,
    /// The most that one life of the cluster can cost.
    pub run_cost: Option<Located<Usd>>,
    /// Of all roles together.
    pub nodes: Option<Located<u16>>,
    pub instance_types: Option<Located<Vec<Glob>>>,
    pub regions: Option<Located<Vec<Glob>>>,
    /// Release labels, or lines such as `emr-7.x`.
    pub releases: Option<Located<Vec<Glob>>>,
    /// What core and task groups are bought as; `OnDemand` holds for the primary as well.
    pub market: Option<Located<Market>>,
    pub max_lifetime: Option<Located<Span>>,
    pub idle_timeout: Option<Located<Span>>,
    /// Who may be let in, whatever the port.
    pub ssh_from: Option<Located<Vec<SourceLimit>>>,
    /// Tags that the stack has to have, and what their values have to be like.
    pub tags: Option<Located<BTreeMap<String, Glob>>>,
}

/// A source of connections that is allowed, with all that lies within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceLimit {
    Caller,
    Range(Cidr),
}

/// A rule in CEL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    pub name: RuleName,
    pub effect: Effect,
    /// The expression, as CEL has it.
    pub when: String,
    /// What a person is told, and how it can be passed.
    pub message: String,
    pub line: usize,
}

/// What a rule does where its expression is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Warn,
    Deny,
}

/// Who may go on in spite of the policy, saying why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overrides {
    /// Callers: on AWS by their ARN, on this machine as `user@host`.
    pub by: Vec<Glob>,
    /// Whether the month's budget may be passed over as well.
    pub budget: bool,
}

/// Who made a cluster in spite of a policy, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub by: String,
    pub why: String,
}

impl AppliesTo {
    pub fn fits(&self, stack: &StackName, team: Option<&TeamName>) -> bool {
        let teams = self.teams.as_ref();
        let stacks = self.stacks.as_ref();
        teams.is_none_or(|teams| team.is_some_and(|team| teams.contains(team)))
            && stacks.is_none_or(|globs| globs.iter().any(|glob| glob.fits(stack.as_str())))
    }
}

impl Policy {
    /// As people find it: `policies/recsys.yaml:9`.
    pub fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }
}

/// What becomes of a stack under policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Allow,
    Warn,
    Deny,
}

/// A stack, and what policies are expected to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    pub name: String,
    pub stack: PathBuf,
    /// Changes to the stack, as `--set` has them.
    pub sets: Vec<String>,
    /// What the stack's team has spent and promised in the month.
    pub spent: Option<Usd>,
    #[serde(rename = "promised")]
    pub reserved: Option<Usd>,
    pub expect: Standing,
    /// What has to be among the reasons, as answers name them: `limits.nodes`, a rule's name.
    pub because: Vec<String>,
    pub line: usize,
}
