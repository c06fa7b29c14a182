//! Limits that are amounts; of several, the smallest applies.

use super::{Bound, Breach, Limit, LimitFindings, set};
use crate::model::desired::InstanceGroups;
use crate::model::extension::Extension;
use crate::model::money::Usd;
use crate::model::policy::{Limits, Located, Policy};
use crate::model::span::Span;
use crate::model::stack::Stack;
use crate::model::worst_mix::most_instances;
use crate::policy::finding::UNPRICED;
use crate::policy::subject::{Price, Subject};
use rust_decimal::prelude::ToPrimitive;
use std::fmt::Display;

pub(super) fn check(policies: &[&Policy], subject: &Subject<'_>, found: &mut LimitFindings) {
    let stack = subject.stack;
    let price = subject.price;
    let mut check = Check { policies, found };
    let hourly = price.map(|price| price.hourly);
    check.cost(
        &HOURLY_COST,
        |limits| limits.hourly_cost.as_ref(),
        hourly,
        |limit| cheaper(stack, price, limit),
    );
    let worst = price.map(|price| price.worst);
    check.cost(
        &RUN_COST,
        |limits| limits.run_cost.as_ref(),
        worst,
        |limit| bounded(price, limit),
    );
    check.at_most(
        &NODES,
        |limits| limits.nodes.as_ref(),
        most_instances(&InstanceGroups::of(&stack.cluster)),
        |limit| fewer(stack, limit),
    );
    let guardrails = &stack.guardrails;
    check.at_most(
        &MAX_LIFETIME,
        |limits| limits.max_lifetime.as_ref(),
        guardrails.max_lifetime,
        |limit: Span| if guardrails.idle_timeout > limit { format!(
                "guardrails.max_lifetime: {limit} or less, and a guardrails.idle_timeout that is \
                 no longer"
            ) } else { format!("guardrails.max_lifetime: {limit} or less") },
    );
    check.at_most(
        &IDLE_TIMEOUT,
        |limits| limits.idle_timeout.as_ref(),
        guardrails.idle_timeout,
        |limit: Span| format!("guardrails.idle_timeout: {limit} or less"),
    );
}

/// Checks a moved deadline against the same limits.
pub(super) fn extended(
    policies: &[&Policy],
    extension: &Extension,
    worst: Option<Usd>,
    found: &mut LimitFindings,
) {
    let mut check = Check { policies, found };
    if let Some(to) = extension.max_lifetime {
        check.at_most(
            &MAX_LIFETIME,
            |limits| limits.max_lifetime.as_ref(),
            to,
            |limit| format!("`clusterup extend --max-lifetime {limit}`, or less"),
        );
    }
    if let Some(to) = extension.budget {
        check.at_most(
            &RUN_COST,
            |limits| limits.run_cost.as_ref(),
            to,
            |limit| format!("`clusterup extend --budget '{limit}'`, or less"),
        );
    } else {
        check.cost(
            &RUN_COST,
            |limits| limits.run_cost.as_ref(),
            worst,
            |limit| format!("a shorter --max-lifetime, with which it costs {limit} or less"),
        );
    }
}

const HOURLY_COST: Limit = Limit::new("hourly_cost", "cluster.size");
const RUN_COST: Limit = Limit::new("run_cost", "guardrails.budget");
const NODES: Limit = Limit::new("nodes", "cluster.size");
const MAX_LIFETIME: Limit = Limit::new("max_lifetime", "guardrails.max_lifetime");
const IDLE_TIMEOUT: Limit = Limit::new("idle_timeout", "guardrails.idle_timeout");
#[cfg(test)]
pub(super) const ALL: [Limit; 5] = [HOURLY_COST, RUN_COST, NODES, MAX_LIFETIME, IDLE_TIMEOUT];

struct Check<'a> {
    policies: &'a [&'a Policy],
    found: &'a mut LimitFindings,
}

impl<'a> Check<'a> {
    /// The smallest amount that the policies allow.
    fn strictest<T: Ord + Copy + 'a>(
        &self,
        of: impl Fn(&'a Limits) -> Option<&'a Located<T>> + 'a,
    ) -> Option<(&'a Policy, &'a Located<T>)> {
        set(self.policies, of).min_by_key(|(_, allowed)| allowed.value)
    }

    fn at_most<T: Ord + Copy + Display + 'a>(
        &mut self,
        limit: &Limit,
        of: impl Fn(&'a Limits) -> Option<&'a Located<T>> + 'a,
        figure: T,
        pass: impl FnOnce(T) -> String,
    ) {
        if let Some((policy, allowed)) = self.strictest(of) {
            self.report(limit, policy, allowed, figure, pass);
        }
    }

    /// Checks a limit in dollars. An unknown cost fails every limit.
    fn cost(
        &mut self,
        limit: &Limit,
        of: impl Fn(&'a Limits) -> Option<&'a Located<Usd>> + 'a,
        figure: Option<Usd>,
        pass: impl FnOnce(Usd) -> String,
    ) {
        let Some((policy, allowed)) = self.strictest(of) else {
            return;
        };
        // Rounded up as all displayed figures are, but only to the cent or the limit's own
        // decimals, so that rounding alone never exceeds the limit.
        if let Some(figure) = figure {
            let decimals = allowed.value.amount().scale().max(2);
            return self.report(limit, policy, allowed, figure.up_to(decimals), pass);
        }
        let breach = Breach {
            figure: None,
            limit: Some(allowed.value.to_string()),
            message: format!(
                "the price is unknown, and policy {} allows {} of at most {}",
                policy.name, limit.key, allowed.value
            ),
            pass: UNPRICED.to_owned(),
        };
        let finding = limit.finding(policy, allowed.line, breach);
        self.found.findings.push(finding);
    }

    fn report<T: Ord + Copy + Display>(
        &mut self,
        limit: &Limit,
        policy: &Policy,
        allowed: &Located<T>,
        figure: T,
        pass: impl FnOnce(T) -> String,
    ) {
        let max = allowed.value;
        self.found.bounds.push(Bound {
            policy: policy.name.clone(),
            rule: limit.rule(),
            figure: figure.to_string(),
            limit: max.to_string(),
        });
        if figure <= max {
            return;
        }
        let key = limit.key;
        let name = &policy.name;
        let breach = Breach {
            figure: Some(figure.to_string()),
            limit: Some(max.to_string()),
            message: format!("{key} is {figure}, and policy {name} allows at most {max}"),
            pass: pass(max),
        };
        let finding = limit.finding(policy, allowed.line, breach);
        self.found.findings.push(finding);
    }
}

/// What has so many nodes at most.
fn fewer(stack: &Stack, limit: u16) -> String {
    let groups = InstanceGroups::of(&stack.cluster);
    match (limit, groups.scaling) {
        (0 | 1, _) => "cluster.size of 1 node".to_owned(),
        (_, Some(_)) => format!(
            "cluster.scaling.to of {}, which is {limit} nodes with the primary",
            limit - 1
        ),
        (_, None) if groups.varies() => {
            format!("fleets that come to {limit} instances or fewer, all roles together")
        }
        (_, None) => format!("cluster.size of {limit} nodes or fewer, all roles together"),
    }
}

/// The budget that would end a cluster below a limit; if terminating alone costs more, a smaller
/// size.
fn bounded(price: Option<Price>, limit: Usd) -> String {
    // A budget has to be more than what the ending alone can cost.
    match price.filter(|price| price.least >= limit) {
        None => format!("guardrails.budget: {limit} or less, which ends the cluster below it"),
        Some(price) => format!(
            "cluster.size: fewer or smaller nodes; ending these alone can cost {}",
            price.least.up_to(limit.amount().scale().max(2))
        ),
    }
}

/// The largest cluster of the same kind that costs less than a limit in dollars per hour.
fn cheaper(stack: &Stack, price: Option<Price>, limit: Usd) -> String {
    let groups = InstanceGroups::of(&stack.cluster);
    let one = groups.primary.instance_type();
    let alike = groups
        .iter()
        .all(|group| group.instance_type() == one && group.ebs.is_none())
        && !groups.varies();
    let nodes = rust_decimal::Decimal::from(most_instances(&groups));
    let fit = price
        .filter(|price| alike && price.hourly > Usd::ZERO)
        .and_then(|price| (limit.amount() * nodes / price.hourly.amount()).to_u16());
    if groups.scaling.is_some() {
        return format!("a smaller cluster.scaling.to, or nodes of {limit}/h or less together");
    }
    match fit {
        Some(0) => format!(
            "cluster.size: a smaller instance type; one {one} alone costs more than {limit}/h"
        ),
        Some(fit) => format!("cluster.size: {fit} x {one}, or smaller instance types"),
        None => format!("cluster.size: fewer or smaller nodes, of {limit}/h or less together"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn price(hourly: &str, least: &str) -> Option<Price> {
        let usd = |text: &str| text.parse().unwrap_or(Usd::ZERO);
        Some(Price {
            hourly: usd(hourly),
            worst: usd("$99"),
            least: usd(least),
        })
    }

    #[test]
    fn a_budget_that_the_ending_alone_would_use_up_is_not_advised() {
        let advice = |least: &str| bounded(price("$1", least), "$5".parse().unwrap());
        assert!(advice("$4.99").starts_with("guardrails.budget: $5.00 or less"));
        assert!(advice("$5").starts_with("cluster.size: fewer or smaller nodes"));
    }

    #[test]
    fn a_size_that_fits_is_advised_if_the_price_is_known() {
        let text = "stack: t\nregion: us-east-1\n\
                    cluster: { release: emr-7.x, size: 4 x m5.xlarge }\n\
                    guardrails: { when_done: keep }\n";
        let stack = crate::text::parse("t.yaml", text, Path::new(""), &[]).unwrap();
        let advice = |hourly: &str| cheaper(&stack, price(hourly, "$0.1"), "$3".parse().unwrap());
        assert_eq!(
            advice("$4"),
            "cluster.size: 3 x m5.xlarge, or smaller instance types"
        );
        let unknown = "cluster.size: fewer or smaller nodes, of $3.00/h or less together";
        assert_eq!(advice("$0"), unknown);
    }
}
