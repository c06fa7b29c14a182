//! All policies against one stack.

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

/// The policies that were found, in order of their names.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    all: Vec<Compiled>,
}

impl Policies {
    pub fn extend(&mut self, more: impl IntoIterator<Item = Compiled>) {
        self.all.extend(more);
        self.all.sort_by(|a, b| a.policy.name.cmp(&b.policy.name));
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.all.iter().map(|compiled| &compiled.policy)
    }

    /// Those that are for a stack.
    pub fn of(&self, stack: &StackName, team: Option<&TeamName>) -> Vec<&Policy> {
        let fits = |policy: &&Policy| policy.applies_to.fits(stack, team);
        self.iter().filter(fits).collect()
    }

    /// What they say of a stack, besides of its team's month.
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

    /// The monthly budgets that a stack's team has to keep.
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

    /// The monthly budgets of a team, whatever the stack.
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

    /// The same, by themselves.
    pub fn team_budgets(&self, team: &TeamName) -> Vec<TeamBudget> {
        let of = self.budgets_of(team).into_iter();
        of.filter_map(|(policy, _)| TeamBudget::new(team, policy))
            .collect()
    }

    /// A stack with what policies lay upon it whatever it asks for: their off hours, and ceilings
    /// that no `extend` passes.
    #[must_use]
    pub fn impose(&self, mut stack: Stack) -> Stack {
        let policies = self.of(&stack.name, stack.team.as_ref());
        stack.guardrails = impose(&policies, stack.guardrails);
        stack
    }

    /// The guardrails that hold for a living cluster under these policies, whatever it was made
    /// with or made into since: the nearer of its own and theirs.
    pub fn bound(&self, cluster: &Cluster) -> Guardrails {
        let policies = self.of(&cluster.stack, cluster.spec.team.as_ref());
        let mut bound = impose(&policies, cluster.guardrails());
        for limits in policies.iter().map(|policy| &policy.limits) {
            if let Some(most) = &limits.max_lifetime {
                bound.max_lifetime = bound.max_lifetime.min(most.value);
            }
            if let Some(most) = &limits.idle_timeout {
                bound.idle_timeout = bound.idle_timeout.min(most.value);
            }
            if let Some(most) = limits
                .run_cost
                .as_ref()
                .filter(|it| dearer(cluster, it.value))
            {
                let budget = bound.budget.map_or(most.value, |own| own.min(most.value));
                bound.budget = Some(budget);
            }
        }
        bound
    }

    /// What they say of a living cluster whose deadline is to be moved.
    pub fn extended(&self, cluster: &Cluster, extension: &Extension) -> Vec<Finding> {
        let policies = self.of(&cluster.stack, cluster.spec.team.as_ref());
        let worst = CostBound::extended(cluster, extension).map(|ask| ask.whole());
        limits::extended(&policies, extension, worst)
    }

    /// Marks what may be passed over by somebody, who then goes on in spite of it.
    #[must_use]
    pub fn override_by(&self, judgement: Judgement, by: &str) -> Judgement {
        let findings = self.passed(judgement.findings, by);
        Judgement::of(judgement.policies, findings, judgement.bounds)
    }

    /// Findings, those marked that somebody may pass over.
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

/// Whether a policy lets somebody pass over what it found.
fn may(policy: &Policy, finding: &Finding, by: &str) -> bool {
    policy.overrides.as_ref().is_some_and(|overrides| {
        let named = overrides.by.iter().any(|glob: &Glob| glob.fits(by));
        named && (overrides.budget || !finding.is_of_month())
    })
}

/// Whether a living cluster can come to cost more; what nobody can tell can.
fn dearer(cluster: &Cluster, most: Usd) -> bool {
    CostBound::standing(cluster).is_none_or(|ask| ask.whole() > most)
}

fn impose(policies: &[&Policy], mut guardrails: Guardrails) -> Guardrails {
    for policy in policies {
        if let Some(off) = &policy.off_hours {
            add(&mut guardrails.off_hours, &off.value);
        }
        let ceiling = &mut guardrails.ceiling;
        if let Some(most) = &policy.limits.max_lifetime {
            ceiling.max_lifetime = ceiling.max_lifetime.map(|span| span.min(most.value));
        }
        if let Some(most) = &policy.limits.run_cost {
            ceiling.budget = ceiling.budget.map(|budget| budget.min(most.value));
        }
    }
    guardrails
}

fn add(all: &mut Vec<OffHours>, off: &OffHours) {
    if !all.contains(off) {
        all.push(off.clone());
    }
}
