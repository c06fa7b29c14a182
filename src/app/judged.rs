//! Judges stacks by policies alone, without reading what exists.

use crate::cloud::account::ENDING;
use crate::cost::catalog::Catalog;
use crate::cost::estimate::Estimate;
use crate::model::desired::InstanceGroups;
use crate::model::stack::Stack;
use crate::policy::{Judgement, Policies, Price, Subject};
use chrono::{DateTime, Utc};

/// Judges a stack by policies alone, without reading what exists.
pub(crate) fn judge(
    stack: &Stack,
    policies: &Policies,
    catalog: &Catalog,
    by: &str,
    now: DateTime<Utc>,
) -> Judgement {
    let stack = policies.impose(stack.clone());
    let price = price(&stack, catalog, now);
    let stack = &stack;
    policies.judge(&Subject { stack, price, by })
}

/// The stack's price on AWS; `None` if the price of any part is unknown.
pub(crate) fn price(stack: &Stack, catalog: &Catalog, now: DateTime<Utc>) -> Option<Price> {
    let groups = InstanceGroups::of(&stack.cluster);
    let estimate = Estimate::of(catalog, &stack.region, &groups).ok()?;
    Price::ahead(&stack.guardrails, &groups, estimate.rates(), ENDING, now)
}
