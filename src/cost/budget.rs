//! The instant by which a cluster has to be ended so that it ends under its budget.

use super::meter::accrued;
use crate::model::instance_span::InstanceSpan;
use crate::model::money::Usd;
use crate::model::rates::Rates;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// Ten years: no cluster lives as long.
const HORIZON_SECONDS: i64 = 3_650 * 86_400;

/// The last whole second after the first launch at which the end can be asked for such that all
/// that `instance_spans` cost, with the ending, stays below `budget`, if those that live go on as they are.
/// `ending` is how long all instances are charged after somebody asked for the end.
///
/// None if it never reaches the budget. The first launch if even an end at once is too dear. It
/// does not depend on the time of asking, so it may be past, and moves only with the lives.
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
    // What accrues never falls, so the last second under the budget is found by halving.
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
