//! What policies say of a stack: a standing, its reasons, and how it would pass.

use crate::model::name::PolicyName;
use crate::model::policy::{Effect, Standing};
use serde::Serialize;

/// One reason against a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub policy: PolicyName,
    /// `limits.nodes`, `rules.big-clusters-are-spot`, `budget.monthly`.
    pub rule: String,
    /// Where the policy says it, such as `policies/recsys.yaml:9`.
    pub place: String,
    pub effect: Effect,
    /// Where in the stack it is, such as `cluster.size`.
    pub at: &'static str,
    /// What the stack has, where it is a figure or a name.
    pub figure: Option<String>,
    /// What the policy allows, where it is a figure or names.
    pub limit: Option<String>,
    pub message: String,
    /// What would pass.
    pub pass: String,
    /// Whether somebody who may went on in spite of it.
    pub overridden: bool,
}

/// A limit that held: of several policies the strictest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bound {
    pub policy: PolicyName,
    pub rule: String,
    pub figure: String,
    pub limit: String,
}

/// What becomes of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    pub standing: Standing,
    /// The policies that are for this stack, in order of their names.
    pub policies: Vec<PolicyName>,
    /// Denials first.
    pub findings: Vec<Finding>,
    pub bounds: Vec<Bound>,
}

/// The rule of a team's month.
pub(super) const BUDGET: &str = "budget.monthly";

/// What passes where a price lacks.
pub(super) const UNPRICED: &str = "an instance type and region that have a price: `clusterup \
    prices show` lists them, `clusterup prices refresh` asks AWS for more";

impl Finding {
    /// Whether it denies, and nobody passed over it.
    pub fn denies(&self) -> bool {
        self.effect == Effect::Deny && !self.overridden
    }

    /// Whether it is about a team's month.
    pub fn is_of_month(&self) -> bool {
        self.rule == BUDGET
    }
}

impl Judgement {
    /// The standing is that of the worst finding which nobody passed over.
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

    pub const fn is_denied(&self) -> bool {
        matches!(self.standing, Standing::Deny)
    }

    /// The same with more findings.
    #[must_use]
    pub fn with(self, more: Vec<Finding>) -> Self {
        let findings = self.findings.into_iter().chain(more).collect();
        Self::of(self.policies, findings, self.bounds)
    }
}
