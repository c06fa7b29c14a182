//! The budget guard: a cluster ends early enough that its whole cost, termination included, stays
//! below its budget.

use super::Cause;
use super::terms::Terms;
use super::verdict::Opinion;
use crate::cost::budget;
use crate::cost::meter::{Bill, accrued, rate};
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};

/// The opinion of the guard; `None` if the stack has no budget. `now` is used only for the
/// evidence; the deadline does not depend on it.
pub fn opinion(now: DateTime<Utc>, terms: &Terms) -> Option<Opinion> {
    let budget = terms.guardrails.budget?;
    let Some(rates) = &terms.rates else {
        return Some(Opinion {
            cause: Cause::Budget,
            ends_at: None,
            evidence: format!("its price is unknown (budget: {budget})"),
            unread: Some("the rates that were frozen with the cluster".to_owned()),
        });
    };
    let spent = accrued(rates, &terms.instance_spans, now).total;
    let ends_at = budget::deadline(rates, &terms.instance_spans, budget, terms.ending);
    Some(Opinion {
        cause: Cause::Budget,
        ends_at: ends_at.map(|at| terms.allowed_until.unwrap_or(at)),
        evidence: format!(
            "{} spent by {} at {}/h, before the cost of its ending (budget: {budget})",
            spent.up_to(4),
            now.format("%H:%M:%S UTC"),
            rate(rates, &terms.instance_spans, now).up_to(4),
        ),
        unread: None,
    })
}

/// The cost of a cluster so far at the rates that it was created with; `None` if they are unknown.
pub fn spent(cluster: &Cluster, now: DateTime<Utc>) -> Option<Bill> {
    let rates = cluster.spec.rates.as_ref()?;
    let until = cluster.ended_at.unwrap_or(now);
    Some(accrued(rates, &cluster.instance_spans, until))
}
