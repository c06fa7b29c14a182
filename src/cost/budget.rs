//! When a cluster has to be terminated so that its cost stays below its budget.

use super::meter::accrued;
use crate::model::instance_span::InstanceSpan;
use crate::model::money::Usd;
use crate::model::rates::Rates;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// Ten years: no cluster lives as long.
const HORIZON_SECONDS: i64 = 3_650 * 86_400;

/// The last whole second after the first launch at which termination can be requested so that the
/// cost of `instance_spans`, termination included, stays below `budget`, if living instances go on.
/// `ending` is how long all instances are charged after the request.
///
/// `None` if the budget is never reached; the first launch if even terminating at once costs too
/// much. The result does not depend on the current time, so it may be past, and changes only with
/// the instance spans.
pub fn deadline(
    rates: &Rates,
    instance_spans: &[InstanceSpan],
    budget: Usd,
    ending: Span,
) -> Option<DateTime<Utc>> {
    let first = instance_spans
        .iter()
        .map(|instance_span| instance_span.from)
        .min()?;
    let at = |second: i64| first + TimeDelta::seconds(second);
    let under = |second: i64| {
        let gone = at(second) + ending.delta();
        accrued(rates, instance_spans, gone).total < budget
    };
    if under(HORIZON_SECONDS) {
        return None;
    }
    // The cost never falls, so the last second below the budget is found by bisection.
    let mut good = 0;
    let mut bad = HORIZON_SECONDS;
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if under(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Some(at(good))
}
