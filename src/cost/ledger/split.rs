//! Splits the dollars of one cluster within a window by what the cluster did.

use super::{Record, Window};
use crate::cost::estimate::{LEAST_SECONDS, for_seconds};
use crate::cost::meter::whole_seconds;
use crate::model::instance_span::InstanceSpan;
use crate::model::money::Usd;
use crate::model::observed::StepState;
use crate::model::rates::Rates;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// The decimals that the ledger counts in: enough for a second of the smallest node, and fixed, so
/// that sums of parts are exact.
const DECIMALS: u32 = 10;

/// The minimum time that each instance is charged for.
const MIN_CHARGED: TimeDelta = TimeDelta::seconds(LEAST_SECONDS as i64);

/// Dollars by what a cluster did while they were spent; everything but `working` is waste.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct Split {
    /// From its creation until it was first ready for work.
    pub bootstrapping: Usd,
    /// While a step ran that completed or still runs.
    pub working: Usd,
    /// While a step ran that did not complete; for a cluster that was never ready, everything.
    pub failed: Usd,
    /// Ready with no step running, and terminating.
    pub idle: Usd,
}

#[derive(Clone, Copy)]
enum Phase {
    Bootstrapping,
    Working,
    Failed,
    Idle,
}

impl Split {
    /// The sum of all parts.
    pub fn total(&self) -> Usd {
        (self.working + self.waste()).up_to(DECIMALS)
    }

    /// The dollars without a result.
    pub fn waste(&self) -> Usd {
        (self.bootstrapping + self.failed + self.idle).up_to(DECIMALS)
    }

    /// The same without trailing zeros.
    pub(super) fn plain(self) -> Self {
        Self {
            bootstrapping: self.bootstrapping.up_to(DECIMALS),
            working: self.working.up_to(DECIMALS),
            failed: self.failed.up_to(DECIMALS),
            idle: self.idle.up_to(DECIMALS),
        }
    }

    fn add(&mut self, phase: Phase, dollars: Usd) {
        let part = match phase {
            Phase::Bootstrapping => &mut self.bootstrapping,
            Phase::Working => &mut self.working,
            Phase::Failed => &mut self.failed,
            Phase::Idle => &mut self.idle,
        };
        *part = *part + dollars;
    }
}

impl std::ops::AddAssign for Split {
    fn add_assign(&mut self, other: Self) {
        self.add(Phase::Bootstrapping, other.bootstrapping);
        self.add(Phase::Working, other.working);
        self.add(Phase::Failed, other.failed);
        self.add(Phase::Idle, other.idle);
    }
}

/// Dollars of a cluster within a window, up to `now`; `None` if its cost is unknown. Sums over
/// adjoining windows are exact.
pub fn spent(record: &Record, window: Window, now: DateTime<Utc>) -> Option<Usd> {
    let Meter {
        rates,
        instance_spans,
    } = Meter::of(record)?;
    Some(charged(&rates, &instance_spans, window, now))
}

/// Dollars of instances at these rates within a window, up to `now`.
pub fn charged(
    rates: &Rates,
    instance_spans: &[InstanceSpan],
    window: Window,
    now: DateTime<Utc>,
) -> Usd {
    let instance_spans = instance_spans.to_vec();
    let meter = Meter {
        rates: rates.clone(),
        instance_spans,
    };
    let window = clip(window, now);
    dollars(meter.before(window.until)) - dollars(meter.before(window.from))
}

/// The same dollars, split by what the cluster did.
pub fn split(record: &Record, window: Window, now: DateTime<Utc>) -> Option<Split> {
    let meter = Meter::of(record)?;
    let window = clip(window, now);
    let mut sum = meter.before(window.from);
    let mut split = Split::default();
    let mut counted = dollars(sum);
    for time in turns(record).windows(2) {
        if let [from, until] = *time {
            sum = sum + meter.charged(window, Window { from, until });
            let so_far = dollars(sum);
            split.add(phase(record, from), so_far - counted);
            counted = so_far;
        }
    }
    Some(split)
}

/// Converts dollars per hour times seconds, whose sums are exact, to dollars, which are rounded.
fn dollars(hourly_seconds: Usd) -> Usd {
    for_seconds(hourly_seconds, 1).up_to(DECIMALS)
}

fn clip(window: Window, now: DateTime<Utc>) -> Window {
    let from = window.from.min(now);
    let until = window.until.min(now).max(from);
    Window { from, until }
}

/// The instants at which the cluster began to do something else.
fn turns(record: &Record) -> Vec<DateTime<Utc>> {
    let steps = record.steps.iter();
    let turns = steps.flat_map(|step| [Some(step.started_at), step.ended_at]);
    let turns = turns.chain([record.ready_at, record.ended_at]).flatten();
    let ever = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
    let mut turns: Vec<_> = turns.chain(ever).collect();
    turns.sort_unstable();
    turns
}

/// What the cluster does from an instant until the next turn.
fn phase(record: &Record, at: DateTime<Utc>) -> Phase {
    let Some(ready_at) = record.ready_at else {
        return if record.state.is_live() {
            Phase::Bootstrapping
        } else {
            Phase::Failed
        };
    };
    if at < ready_at {
        return Phase::Bootstrapping;
    }
    let over = record.ended_at.filter(|_| record.state.is_over());
    let mut found = Phase::Idle;
    for step in &record.steps {
        let until = step.ended_at.or(over);
        if step.started_at > at || until.is_some_and(|until| until <= at) {
            continue;
        }
        match step.state {
            StepState::Pending | StepState::Running | StepState::Completed => {
                return Phase::Working;
            }
            StepState::Failed | StepState::Cancelled | StepState::Interrupted => {
                found = Phase::Failed;
            }
        }
    }
    found
}

/// The meter of one cluster at its own rates, in dollars per hour times seconds. It agrees with
/// [`crate::cost::meter`] and also knows the time that a charge is for.
struct Meter {
    rates: Rates,
    instance_spans: Vec<InstanceSpan>,
}

impl Meter {
    fn of(record: &Record) -> Option<Self> {
        let rates = record.rates.clone().filter(|_| record.is_priced())?;
        let instance_spans = record.instance_spans().collect();
        Some(Self {
            rates,
            instance_spans,
        })
    }

    /// What was charged before an instant.
    fn before(&self, at: DateTime<Utc>) -> Usd {
        self.sum(|instance_span| seconds(instance_span, paid_until(instance_span, at)))
    }

    /// What was charged within a window for a given time.
    fn charged(&self, window: Window, time: Window) -> Usd {
        self.sum(|instance_span| {
            let from = paid_until(instance_span, window.from).max(time.from);
            let until = paid_until(instance_span, window.until).min(time.until);
            seconds(instance_span, until).saturating_sub(seconds(instance_span, from))
        })
    }

    fn sum(&self, seconds: impl Fn(&InstanceSpan) -> u64) -> Usd {
        let instance_spans = self.instance_spans.iter();
        instance_spans
            .map(|instance_span| {
                let node_seconds = seconds(instance_span) * u64::from(instance_span.count);
                self.rates
                    .of_span(instance_span)
                    .total()
                    .times(node_seconds.into())
            })
            .sum()
    }
}

/// Until when instances are paid that were charged up to an instant: their first minute is charged
/// in full at the launch, and counts for what the cluster does in it.
fn paid_until(instance_span: &InstanceSpan, at: DateTime<Utc>) -> DateTime<Utc> {
    if instance_span.from < at {
        at.max(instance_span.from + MIN_CHARGED)
    } else {
        at
    }
}

/// Seconds of a span up to an instant. A second that has begun counts, and so does the whole first
/// minute.
fn seconds(instance_span: &InstanceSpan, at: DateTime<Utc>) -> u64 {
    let end = instance_span
        .until
        .map(|until| until.max(instance_span.from + MIN_CHARGED));
    whole_seconds(end.map_or(at, |end| end.min(at)) - instance_span.from)
}
