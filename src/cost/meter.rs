//! What a cluster has cost up to an instant, and its current rate.
//!
//! Charged per second, at least 60 seconds per instance (EMR and EC2 pricing pages); a second that
//! has begun counts. EMR's fee, volumes and addresses are charged as long as the instance.

use super::estimate::{LEAST_SECONDS, for_seconds};
use crate::model::instance_span::InstanceSpan;
use crate::model::money::Usd;
use crate::model::rates::{NodeRate, Rates};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// Dollars by what they paid for. Each has 28 digits, so the last digit of `total` may differ from
/// the sum's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// EC2 instances.
    pub ec2: Usd,
    /// EMR's fee.
    pub emr: Usd,
    /// EBS volumes.
    pub ebs: Usd,
    /// Public IPv4 addresses.
    pub ipv4: Usd,
    /// The sum.
    pub total: Usd,
}

/// Dollars that these instances have cost up to `now`, the rest of their first minute included.
pub fn accrued(rates: &Rates, instance_spans: &[InstanceSpan], now: DateTime<Utc>) -> Bill {
    let of_span = |span: &InstanceSpan| (rates.of_span(span), node_seconds(span, now));
    let node_seconds: Vec<(NodeRate, u64)> = instance_spans.iter().map(of_span).collect();
    // Sums of dollars per hour times seconds are exact; only the division is rounded.
    let dollars = |part: fn(&NodeRate) -> Usd| -> Usd {
        let parts = node_seconds.iter();
        let sum: Usd = parts
            .map(|(rate, seconds): &(NodeRate, u64)| part(rate).times((*seconds).into()))
            .sum();
        for_seconds(sum, 1)
    };
    Bill {
        ec2: dollars(NodeRate::ec2),
        emr: dollars(NodeRate::emr),
        ebs: dollars(NodeRate::ebs),
        ipv4: dollars(NodeRate::ipv4),
        total: dollars(NodeRate::total),
    }
}

/// The rate of the instances that run at `now`, in dollars per hour.
pub fn rate(rates: &Rates, instance_spans: &[InstanceSpan], now: DateTime<Utc>) -> Usd {
    let running = instance_spans
        .iter()
        .filter(|instance_span| instance_span.runs_at(now));
    running
        .map(|instance_span| {
            rates
                .of_span(instance_span)
                .total()
                .times(instance_span.count.into())
        })
        .sum()
}

/// The instance-seconds that are charged up to `now`.
fn node_seconds(instance_span: &InstanceSpan, now: DateTime<Utc>) -> u64 {
    if now < instance_span.from {
        return 0;
    }
    let until = instance_span.until.map_or(now, |until| until.min(now));
    let seconds = whole_seconds(until.signed_duration_since(instance_span.from));
    seconds.max(LEAST_SECONDS) * u64::from(instance_span.count)
}

/// Whole seconds, rounded up; 0 for a negative difference.
pub(super) fn whole_seconds(delta: TimeDelta) -> u64 {
    let begun = i64::from(delta.subsec_nanos() > 0);
    u64::try_from(delta.num_seconds() + begun).unwrap_or(0)
}
