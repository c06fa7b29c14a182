//! Judges a stack by all policies.

use super::cost_bound::CostBound;
use super::finding::{Finding, Judgement};
use super::limits;
use super::load::Compiled;
use super::rules;
use super::subject::Subject;
use super::team_budget::TeamBudget;
use crate::model::extension::Extension;
use crate::model::glob::Glob;
use crate::model::hours::OffHours;
use crate::model::money::Usd;
use crate::model::name::{StackName, TeamName};
use crate::model::observed::Cluster;
use crate::model::policy::{Effect, Located, MonthlyBudget, Policy};
use crate::model::stack::{Guardrails, Stack};
use std::collections::BTreeSet;

/// The policies that were loaded, in order of their names.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    all: Vec<Compiled>,
}

impl Policies {
    /// Adds policies.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Compiled>) {
        self.all.extend(more);
        self.all.sort_by(|a, b| a.policy.name.cmp(&b.policy.name));
    }

    /// Whether there are no policies.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Iterates over the policies in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.all.iter().map(|compiled| &compiled.policy)
    }

    /// The policies that apply to a stack.
    pub fn of(&self, stack: &StackName, team: Option<&TeamName>) -> Vec<&Policy> {
        let fits = |policy: &&Policy| policy.applies_to.fits(stack, team);
        self.iter().filter(fits).collect()
    }

    /// Judges a stack by limits and rules, without its team's budgets.
    pub fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let stack = subject.stack;
        let policies = self.of(&stack.name, stack.team.as_ref());
        let mut found = limits::check(&policies, subject);
        let name = &stack.name;
        let team = stack.team.as_ref();
        let mut compiled = self.all.iter();
        for compiled in compiled
            .by_ref()
            .filter(|it| it.policy.applies_to.fits(name, team))
        {
            found.findings.extend(rules::check(compiled, subject));
        }
        let names = policies.iter().map(|policy| policy.name.clone()).collect();
        Judgement::of(names, found.findings, found.bounds)
    }

    /// The monthly budgets that apply to a stack.
    pub fn budgets(
        &self,
        stack: &StackName,
        team: Option<&TeamName>,
    ) -> Vec<(&Policy, &Located<MonthlyBudget>)> {
        let of = self.of(stack, team);
        of.into_iter()
            .filter_map(|policy| Some((policy, policy.budget.as_ref()?)))
            .collect()
    }

    /// The teams that have a monthly budget.
    pub fn teams(&self) -> BTreeSet<TeamName> {
        let budgeted = self.iter().filter(|policy| policy.budget.is_some());
        let teams = budgeted.flat_map(|policy| policy.applies_to.teams.iter().flatten());
        teams.cloned().collect()
    }

    /// The monthly budgets of a team, for any stack.
    pub fn budgets_of(&self, team: &TeamName) -> Vec<(&Policy, &Located<MonthlyBudget>)> {
        let of = |policy: &&Policy| {
            let mut teams = policy.applies_to.teams.iter().flatten();
            teams.any(|its| its == team)
        };
        self.iter()
            .filter(of)
            .filter_map(|policy| Some((policy, policy.budget.as_ref()?)))
            .collect()
    }

    /// The monthly budgets of a team, as owned values.
    pub fn team_budgets(&self, team: &TeamName) -> Vec<TeamBudget> {
        let of = self.budgets_of(team).into_iter();
        of.filter_map(|(policy, _)| TeamBudget::new(team, policy))
            .collect()
    }

    /// Adds to a stack what policies impose on every stack: off hours, and ceilings for `extend`.
    #[must_use]
    pub fn impose(&self, mut stack: Stack) -> Stack {
        let policies = self.of(&stack.name, stack.team.as_ref());
        stack.guardrails = impose(&policies, stack.guardrails);
        stack
    }

    /// The guardrails that apply to a living cluster under these policies: the stricter of its own
    /// and theirs.
    pub fn bound(&self, cluster: &Cluster) -> Guardrails {
        let policies = self.of(&cluster.stack, cluster.spec.team.as_ref());
        let mut bound = impose(&policies, cluster.guardrails());
        for limits in policies.iter().map(|policy| &policy.limits) {
            if let Some(limit) = &limits.max_lifetime {
                bound.max_lifetime = bound.max_lifetime.min(limit.value);
            }
            if let Some(limit) = &limits.idle_timeout {
                bound.idle_timeout = bound.idle_timeout.min(limit.value);
            }
            if let Some(limit) = limits
                .run_cost
                .as_ref()
                .filter(|it| dearer(cluster, it.value))
            {
                let budget = bound.budget.map_or(limit.value, |own| own.min(limit.value));
                bound.budget = Some(budget);
            }
        }
        bound
    }

    /// The findings about a living cluster whose deadline is to be moved.
    pub fn extended(&self, cluster: &Cluster, extension: &Extension) -> Vec<Finding> {
        let policies = self.of(&cluster.stack, cluster.spec.team.as_ref());
        let worst = CostBound::extended(cluster, extension).map(|bound| bound.whole());
        limits::extended(&policies, extension, worst)
    }

    /// Marks the findings that `by` may override.
    pub fn passed(&self, mut findings: Vec<Finding>, by: &str) -> Vec<Finding> {
        for finding in &mut findings {
            let mut all = self.iter();
            let policy = all.find(|policy| policy.name == finding.policy);
            let denied = finding.effect == Effect::Deny;
            finding.overridden = denied && policy.is_some_and(|policy| may(policy, finding, by));
        }
        findings
    }
}

/// Whether the finding's policy lets `by` override it.
fn may(policy: &Policy, finding: &Finding, by: &str) -> bool {
    policy.overrides.as_ref().is_some_and(|overrides| {
        let named = overrides.by.iter().any(|glob: &Glob| glob.fits(by));
        named && (overrides.budget || !finding.is_of_month())
    })
}

/// Whether a living cluster can still cost more than `most`; also if its price is unknown.
fn dearer(cluster: &Cluster, limit: Usd) -> bool {
    CostBound::standing(cluster).is_none_or(|bound| bound.whole() > limit)
}

fn impose(policies: &[&Policy], mut guardrails: Guardrails) -> Guardrails {
    for policy in policies {
        if let Some(off) = &policy.off_hours {
            add(&mut guardrails.off_hours, &off.value);
        }
        let ceiling = &mut guardrails.ceiling;
        if let Some(limit) = &policy.limits.max_lifetime {
            ceiling.max_lifetime = ceiling.max_lifetime.map(|span| span.min(limit.value));
        }
        if let Some(limit) = &policy.limits.run_cost {
            ceiling.budget = ceiling.budget.map(|budget| budget.min(limit.value));
        }
    }
    guardrails
}

fn add(all: &mut Vec<OffHours>, off: &OffHours) {
    if !all.contains(off) {
        all.push(off.clone());
    }
}
