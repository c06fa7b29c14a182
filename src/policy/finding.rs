//! The findings of policies about a stack: the standing, its reasons, and how the stack would pass.

use crate::model::name::PolicyName;
use crate::model::policy::{Effect, Standing};
use serde::Serialize;

/// A reason against a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// The policy that found it.
    pub policy: PolicyName,
    /// The key of the rule: `limits.nodes`, `rules.big-clusters-are-spot` or `budget.monthly`.
    pub rule: String,
    /// The rule's place in the policy, such as `policies/recsys.yaml:9`.
    pub place: String,
    /// Whether it denies or warns.
    pub effect: Effect,
    /// The key in the stack that it is about, such as `cluster.size`.
    pub at: &'static str,
    /// The stack's value, if it is a figure or a name.
    pub figure: Option<String>,
    /// The value that the policy allows, if it is a figure or names.
    pub limit: Option<String>,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What the stack would have to say to pass.
    pub pass: String,
    /// Whether somebody with the right to do so has overridden it.
    pub overridden: bool,
}

/// A limit that the stack keeps; if several policies set it, the strictest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Bound {
    /// The policy that sets the limit.
    pub policy: PolicyName,
    /// The key of the rule, such as `limits.nodes`.
    pub rule: String,
    /// The stack's value.
    pub figure: String,
    /// The value that the policy allows.
    pub limit: String,
}

/// The verdict of all policies about a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Judgement {
    /// Allow, warn or deny.
    pub standing: Standing,
    /// The names of the policies that apply to the stack, in order.
    pub policies: Vec<PolicyName>,
    /// The reasons, denials first.
    pub findings: Vec<Finding>,
    /// The limits that the stack keeps.
    pub bounds: Vec<Bound>,
}

/// The rule of a team's monthly budget.
pub(super) const BUDGET: &str = "budget.monthly";

/// What passes if a price is missing.
pub(super) const UNPRICED: &str = "an instance type and a region with a known price: `clusterup \
    prices show` shows prices, `clusterup prices refresh` downloads more from AWS";

impl Finding {
    /// Whether it denies and is not overridden.
    pub fn denies(&self) -> bool {
        self.effect == Effect::Deny && !self.overridden
    }

    /// Whether it is about a team's month.
    pub fn is_of_month(&self) -> bool {
        self.rule == BUDGET
    }
}

impl Judgement {
    /// Makes a judgement; the standing is that of the worst finding that is not overridden.
    pub fn of(policies: Vec<PolicyName>, mut findings: Vec<Finding>, bounds: Vec<Bound>) -> Self {
        findings.sort_by(|a, b| {
            let key = |it: &Finding| (std::cmp::Reverse(it.effect), it.overridden);
            key(a).cmp(&key(b))
        });
        let effect = |finding: &Finding| match (finding.effect, finding.overridden) {
            (Effect::Deny, false) => Standing::Deny,
            (Effect::Deny, true) | (Effect::Warn, _) => Standing::Warn,
        };
        let standing = findings.iter().map(effect).max();
        Self {
            standing: standing.unwrap_or(Standing::Allow),
            policies,
            findings,
            bounds,
        }
    }

    /// Whether the stack is denied.
    pub const fn is_denied(&self) -> bool {
        matches!(self.standing, Standing::Deny)
    }

    /// Returns the judgement with additional findings.
    #[must_use]
    pub fn with(self, more: Vec<Finding>) -> Self {
        let findings = self.findings.into_iter().chain(more).collect();
        Self::of(self.policies, findings, self.bounds)
    }
}
