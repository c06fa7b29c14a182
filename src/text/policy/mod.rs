//! A policy's file: every key with its documentation and default, and the `Policy` made from them,
//! with the lines that verdicts point to.

mod budget;
mod limits;
mod rule;
mod rules;
mod watchdog;

use super::collections::{Lined, Unique, list};
use super::field::record;
use super::format::TEAM;
use super::policy_format as format;
use super::stack::guardrails::OFF_HOURS;
use super::types::Switch;
use super::written::Condition;
use crate::model::name::Region;
use crate::model::policy::{AppliesTo, Limits, Located, MonthlyBudget, Overrides, Policy};
use budget::BUDGET;
use limits::LIMITS;
use rule::RULE;
use watchdog::{UNMANAGED, WATCHDOG};

record! {
    /// A policy of clusterup: what stacks may request, and what a team may spend in a month.
    pub(crate) POLICY: (Policy, Vec<Condition>) = |at| {
        /// The policy's name.
        policy: required = format::POLICY, "recsys";
        /// The stacks that it applies to; by default all.
        applies_to: or_empty = APPLIES_TO, "{ teams: [recsys] }";
        /// What each of the policy's teams may spend in a month.
        budget: optional = Lined(BUDGET), "{ monthly: $200 }";
        /// The most that a stack may request.
        limits: or_empty = LIMITS, "{ nodes: 10, hourly_cost: $5 }";
        /// Hours in which no cluster may run: clusters end when they begin.
        off_hours: optional = Lined(OFF_HOURS),
            "{ timezone: Asia/Seoul, terminate: \"Mon-Fri 20:00-07:00, Sat-Sun\" }";
        /// Conditions of your own, in CEL.
        rules: or_empty =
            list(RULE, Unique::By(RULE.key("name")), "a rule",
                "{ name: …, deny_when: …, message: … }"),
            "[{ name: no-tasks, deny_when: stack.cluster.task != null, message: … }]";
        /// Who may override the policy, giving a reason; by default nobody.
        overrides: optional = OVERRIDES, "{ by: [\"ana@*\"] }";
        /// What the watchdog does with clusters that clusterup did not create. They belong to no
        /// team, so `applies_to` has no effect here; of several policies, the mildest applies.
        unmanaged: optional = Lined(UNMANAGED), "{ action: notify, exempt: { tag: keep } }";
        /// How the watchdog ends clusters, and when it notifies people.
        watchdog: or_empty = WATCHDOG, "{ warn_before: 10m, max_kills_per_sweep: 5 }";
    } check {
        rules::budget_without_teams(at, &budget, &applies_to);
    } => {
        let (rules, conditions) = rules.into_iter().unzip();
        let (unmanaged, exempt) = unmanaged
            .map(|Located { value: (value, exempt), line }| (Located { value, line }, exempt))
            .unzip();
        let budget = budget.map(|Located { value: (home, budget), line }| {
            let home = home.or_else(|| only(&limits)).unwrap_or(budget.home);
            Located { value: MonthlyBudget { home, ..budget }, line }
        });
        let policy = Policy {
            name: policy,
            file: at.source()?.name.clone(),
            applies_to,
            budget,
            limits,
            off_hours,
            rules,
            overrides,
            unmanaged,
            exempt: exempt.flatten(),
            watchdog,
        };
        (policy, conditions)
    };
}

record! {
    /// The stacks that a policy applies to: those that match every key below.
    APPLIES_TO: AppliesTo = |at| {
        /// Stacks of these teams.
        teams: optional = list(TEAM, Unique::ByText, "a team", "recsys").filled(), "[recsys]";
        /// Stacks with these names; `*` and `?` are wildcards.
        stacks: optional =
            list(format::STACKS, Unique::ByText, "a stack's name, or a pattern of names,",
                "nightly-*").filled(),
            "[\"nightly-*\"]";
    } => AppliesTo { teams, stacks };
}

record! {
    /// Who may override the policy.
    OVERRIDES: Overrides = |at| {
        /// Callers: on AWS by their ARN, on this machine as `user@host`.
        by: required = list(format::CALLER, Unique::ByText, "a caller", "ana@*").filled(),
            "[\"arn:aws:iam::*:user/ana\", \"ana@*\"]";
        /// Whether they may override the monthly budget as well.
        budget: default("false") = Switch, "true";
    } => Overrides { by, budget };
}

/// The region in which stacks may be, if it is only one.
fn only(limits: &Limits) -> Option<Region> {
    match limits.regions.as_ref()?.value.as_slice() {
        [region] => region.as_str().parse().ok(),
        _ => None,
    }
}
