//! Whether a living cluster that others created can be adopted, and with which deadline.

use super::hard_deadline;
use super::verdict::Deadline;
use super::{Cause, spent};
use crate::cost::meter::rate;
use crate::model::money::Usd;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// How long it may take until a schedule can end a cluster.
const SOONEST: TimeDelta = TimeDelta::minutes(3);

/// Why a cluster is not adopted. Nothing about it is changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unadoptable {
    /// EMR does not know it.
    #[error("EMR does not know cluster {0} in this region")]
    Unknown(ClusterId),
    /// It has ended or is ending.
    #[error("cluster {0} is ending or has ended")]
    Ended(ClusterId),
    /// clusterup created it.
    #[error("cluster {0} is of stack {1}, which sets its guardrails")]
    Own(ClusterId, StackName),
    /// Neither a lifetime nor a budget is set.
    #[error("cluster {0} needs a limit that ends it whatever it does")]
    NoCap(ClusterId),
    /// A budget is set, and one of its instance types has no price.
    #[error("cluster {0} has instances whose price is unknown, so it can have no budget")]
    Unpriced(ClusterId),
    /// EMR allows no more tags.
    #[error(
        "cluster {0} has {1} tags, and EMR allows 50: there is no room for those of an adoption"
    )]
    TooManyTags(ClusterId, usize),
    /// It is adopted with lower limits.
    #[error("cluster {0} is adopted already, with lower limits")]
    Lower(ClusterId),
    /// It costs more than its budget, or would before it could be ended.
    #[error(
        "cluster {id} has cost {spent} already at {hourly}/h, and would cost more than a budget of \
         {budget} before it could end"
    )]
    OverBudget {
        /// The cluster.
        id: ClusterId,
        /// What it has cost.
        spent: Usd,
        /// Dollars per hour at present.
        hourly: Usd,
        /// The budget.
        budget: Usd,
    },
    /// It is older than its lifetime.
    #[error("cluster {id} is {age} old already, and its lifetime would be {max_lifetime}")]
    TooOld {
        /// The cluster.
        id: ClusterId,
        /// Its age.
        age: Span,
        /// The lifetime.
        max_lifetime: Span,
    },
}

/// The hard deadline of a cluster that is adopted `now` with its guardrails.
///
/// # Errors
/// Returns an error if it would end at once: adopting ends no cluster.
pub fn adoptable(cluster: &Cluster, now: DateTime<Utc>) -> Result<Deadline, Unadoptable> {
    let id = || cluster.id.clone();
    let guardrails = cluster.guardrails();
    let rates = cluster.spec.rates.as_ref();
    let (budget, bill) = (guardrails.budget, spent(cluster, now));
    if budget.is_some() && bill.is_none() {
        return Err(Unadoptable::Unpriced(id()));
    }
    let deadline = hard_deadline(cluster);
    if deadline.at > now + SOONEST {
        return Ok(deadline);
    }
    match (deadline.cause, budget, bill, rates) {
        (Cause::Budget, Some(budget), Some(bill), Some(rates)) => Err(Unadoptable::OverBudget {
            id: id(),
            spent: bill.total.up_to(2),
            hourly: rate(rates, &cluster.instance_spans, now).up_to(2),
            budget,
        }),
        _ => Err(Unadoptable::TooOld {
            id: id(),
            age: Span::from_delta(now - cluster.created_at),
            max_lifetime: guardrails.max_lifetime,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, cluster};
    use super::*;

    #[test]
    fn a_cluster_that_would_end_at_once_is_refused_with_the_figures() {
        let mut theirs = cluster(Some(10));
        assert_eq!(adoptable(&theirs, at(60)).unwrap().at, at(600));
        // A schedule takes up to three minutes until it can end a cluster.
        assert!(adoptable(&theirs, at(419)).is_ok());
        assert!(adoptable(&theirs, at(420)).is_err());
        let refused = adoptable(&theirs, at(450)).unwrap_err().to_string();
        assert_eq!(
            refused,
            "cluster local-1 is 7m30s old already, and its lifetime would be 10m"
        );
        // $0.24/h and 30 seconds of ending: $0.02 are reached after 270 seconds.
        theirs.spec.guardrails.budget = Some("$0.02".parse().unwrap());
        let deadline = adoptable(&theirs, at(60)).unwrap();
        assert!(
            deadline.cause == Cause::Budget && deadline.at < at(270),
            "{deadline:?}"
        );
        let refused = adoptable(&theirs, at(330)).unwrap_err().to_string();
        assert_eq!(
            refused,
            "cluster local-1 has cost $0.03 already at $0.24/h, and would cost more than a budget of \
             $0.02 before it could end"
        );
        theirs.spec.rates = None;
        assert_eq!(
            adoptable(&theirs, at(60)),
            Err(Unadoptable::Unpriced(theirs.id.clone()))
        );
        // Without a budget, a price is not needed.
        theirs.spec.guardrails.budget = None;
        assert!(adoptable(&theirs, at(60)).is_ok());
    }
}
