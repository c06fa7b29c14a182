//! The dollars of one cluster within a window, each counted for one thing that the cluster did.

use super::{Record, Window};
use crate::cost::meter::accrued;
use crate::model::life::Life;
use crate::model::money::Usd;
use crate::model::observed::StepState;
use crate::model::rates::Rates;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// Decimals of a dollar that the ledger counts in: fine enough for a second of the smallest node,
/// and fixed, so that the sums of parts are exact.
const DECIMALS: u32 = 10;

/// Dollars by what a cluster did while they were spent; all but `working` is waste.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Split {
    /// From its creation until it could first take work.
    pub bootstrapping: Usd,
    /// While a step ran that ended well, or that runs.
    pub working: Usd,
    /// While a step ran that did not end well; and all of a cluster that ended without ever having
    /// been ready.
    pub failed: Usd,
    /// Ready with no step running; and ending.
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
    pub fn total(&self) -> Usd {
        (self.working + self.waste()).up_to(DECIMALS)
    }

    /// What no work came of.
    pub fn waste(&self) -> Usd {
        (self.bootstrapping + self.failed + self.idle).up_to(DECIMALS)
    }

    /// The same without zeros at the ends.
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

/// Dollars of a cluster within a window, up to `now`; none where it is not priced. Those of windows
/// that adjoin add up to those of the whole.
pub fn spent(record: &Record, window: Window, now: DateTime<Utc>) -> Option<Usd> {
    let meter = Meter::of(record, now)?;
    Some(meter.between(window.from, window.until))
}

/// The same dollars by what the cluster did.
pub fn split(record: &Record, window: Window, now: DateTime<Utc>) -> Option<Split> {
    let meter = Meter::of(record, now)?;
    let mut split = Split::default();
    for piece in cuts(record, window).windows(2) {
        if let [from, until] = *piece {
            split.add(phase(record, from), meter.between(from, until));
        }
    }
    Some(split)
}

/// The window's ends, and the instants between at which the cluster turned to something else.
fn cuts(record: &Record, window: Window) -> Vec<DateTime<Utc>> {
    let steps = record.steps.iter();
    let turns = steps.flat_map(|step| [Some(step.started_at), step.ended_at]);
    let turns = turns.chain([record.ready_at, record.ended_at]).flatten();
    let inside = turns.filter(|at| window.from < *at && *at < window.until);
    let mut cuts: Vec<_> = inside.chain([window.from, window.until]).collect();
    cuts.sort_unstable();
    cuts
}

/// What the cluster does from an instant on, until the next of its turns.
fn phase(record: &Record, at: DateTime<Utc>) -> Phase {
    let Some(ready_at) = record.ready_at else {
        return match record.state.is_live() {
            true => Phase::Bootstrapping,
            false => Phase::Failed,
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

/// One cluster's meter, at its own prices.
struct Meter {
    rates: Rates,
    lives: Vec<Life>,
    now: DateTime<Utc>,
}

impl Meter {
    fn of(record: &Record, now: DateTime<Utc>) -> Option<Self> {
        let rates = record.rates.filter(|_| record.is_priced())?;
        let lives = record.lives().collect();
        Some(Self { rates, lives, now })
    }

    /// What was charged before an instant. An instance is charged 60 seconds at its launch, which
    /// belong to what begins at that instant, not to what ends there.
    fn before(&self, at: DateTime<Utc>) -> Usd {
        let at = at.min(self.now);
        let before = at.checked_sub_signed(TimeDelta::nanoseconds(1));
        let bill = accrued(&self.rates, &self.lives, before.unwrap_or(at));
        bill.total.up_to(DECIMALS)
    }

    fn between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Usd {
        self.before(until.max(from)) - self.before(from)
    }
}
