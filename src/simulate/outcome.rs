//! What a simulation found.

use crate::cost::ledger::Window;
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::{ClusterId, PolicyName, TeamName};
use crate::model::observed::EndReason;
use crate::model::shown::Untrusted;
use crate::model::span::Span;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// What clusters cost, and would have cost with the policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Simulated {
    /// The period whose costs are compared.
    pub window: Window,
    /// The number of clusters.
    pub clusters: usize,
    /// Dollars without the policies: as recorded.
    pub without: Usd,
    /// Dollars with the policies.
    pub with: Usd,
    /// The difference.
    pub saved: Usd,
    /// The clusters that policies would have ended, by reason, the most savings first.
    pub ends: Vec<Ends>,
    /// The clusters that policies would have denied, by rule, the most savings first. A cluster that
    /// several rules deny counts under the first.
    pub denials: Vec<Denials>,
    /// Ends and denials of clusters that had work afterwards.
    pub wrong: WrongEnds,
    /// The warnings that people would have got.
    pub warned: usize,
    /// The sweeps in which the circuit breaker would have held ends back.
    pub held_back: usize,
    /// By month in UTC and team, oldest first.
    pub months: Vec<MonthFigures>,
    /// By team, the most affected first: those with the most work stopped, then with the most savings.
    pub teams: Vec<Affected>,
    /// By stack, or by the name of a foreign cluster, in the same order.
    pub names: Vec<Affected>,
    /// Each cluster that would have been ended or denied, in order of creation.
    pub stopped: Vec<Outcome>,
    /// The clusters without a known price, which no figure includes.
    pub unpriced: Vec<ClusterId>,
    /// The number of clusters whose request is not known well enough to judge it by limits and rules.
    pub not_judged: usize,
}

/// The clusters that would have ended for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Ends {
    /// The reason.
    pub reason: EndReason,
    /// The number of clusters.
    pub clusters: usize,
    /// How many of them had work afterwards.
    pub wrong: usize,
    /// Dollars saved.
    pub saved: Usd,
}

/// The clusters that one rule would have denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Denials {
    /// The policy.
    pub policy: PolicyName,
    /// The key of the rule, such as `limits.nodes`.
    pub rule: String,
    /// The number of clusters.
    pub clusters: usize,
    /// How many of them had work.
    pub wrong: usize,
    /// Dollars saved.
    pub saved: Usd,
}

/// Ends and denials that were wrong by hindsight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct WrongEnds {
    /// Clusters that would have been ended although they worked, or had work later.
    pub ended: usize,
    /// Clusters that would have been denied although they had work.
    pub denied: usize,
    /// The work of both.
    pub waiting: Waiting,
}

/// Work that policies would have stopped. Work at the same time on one cluster counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Waiting {
    /// Work that was done when its cluster would have ended, and had to be repeated.
    pub repeated: Span,
    /// Work that had to wait for another cluster.
    pub waiting: Span,
}

/// What a month cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MonthFigures {
    /// The month.
    pub month: Month,
    /// The team; `None` for clusters without one.
    pub team: Option<TeamName>,
    /// Dollars without the policies.
    pub without: Usd,
    /// Dollars with them.
    pub with: Usd,
    /// The team's monthly budget: the lowest of its policies.
    pub budget: Option<Usd>,
}

/// Whom policies would have affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Affected {
    /// The team, the stack, or the name of a foreign cluster; `None` for clusters without a team.
    pub name: Option<Untrusted>,
    /// The number of clusters.
    pub clusters: usize,
    /// How many would have been ended or denied.
    pub stopped: usize,
    /// How many of those had work afterwards.
    pub wrong: usize,
    /// Dollars without the policies.
    pub without: Usd,
    /// Dollars with them.
    pub with: Usd,
    /// The work that was stopped.
    pub waiting: Waiting,
}

/// A cluster that would have been ended or denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Outcome {
    /// The cluster.
    pub id: ClusterId,
    /// Its stack, or its own name if others created it.
    pub name: Untrusted,
    /// The team that pays.
    pub team: Option<TeamName>,
    /// Who created it.
    pub owner: Option<Untrusted>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ended as recorded; `None` if it lived when the history was recorded.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it would have been ended; `None` if it would have been denied.
    pub ends_at: Option<DateTime<Utc>>,
    /// Why it would have been ended; `None` if it would have been denied.
    pub reason: Option<EndReason>,
    /// Why, in words: the evidence of the end, or what the policies found.
    pub because: Vec<Untrusted>,
    /// Whether it had work afterwards.
    pub wrong: bool,
    /// Dollars without the policies; `None` if its price is unknown.
    pub without: Option<Usd>,
    /// Dollars with them; `None` if its price is unknown.
    pub with: Option<Usd>,
    /// The work that was stopped.
    pub waiting: Waiting,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            repeated: Span::from_secs(0),
            waiting: Span::from_secs(0),
        }
    }
}

impl std::ops::AddAssign for Waiting {
    fn add_assign(&mut self, other: Self) {
        let sum = |a: Span, b: Span| Span::from_secs(a.as_secs().saturating_add(b.as_secs()));
        self.repeated = sum(self.repeated, other.repeated);
        self.waiting = sum(self.waiting, other.waiting);
    }
}
