//! Where amounts and instants are on the axes of a chart.

use super::markup::{Drawing, Point};
use crate::model::money::Usd;
use chrono::{DateTime, TimeDelta, Utc};

/// The width of every chart in its own units.
pub(super) const WIDTH: f64 = 640.0;
/// The margins of a chart with axes: room for the labels.
pub(super) const LEFT: f64 = 64.0;
pub(super) const RIGHT: f64 = 8.0;
pub(super) const TOP: f64 = 12.0;
pub(super) const BOTTOM: f64 = 26.0;
/// The distance of a label's middle from the edges.
const LABEL: f64 = 36.0;

/// Converts an amount for charts and metrics. Amounts are computed with decimals alone.
pub fn float(amount: Usd) -> f64 {
    amount.amount().try_into().unwrap_or_default()
}

/// A vertical axis of dollars from zero to a round number that is not less than the largest amount.
pub(super) struct Dollars {
    height: f64,
    step: f64,
    steps: u32,
}

impl Dollars {
    /// The axis of a chart of this height, whose largest amount this is.
    pub(super) fn new(height: f64, largest: Usd) -> Self {
        let largest = float(largest).max(0.01);
        let power = 10_f64.powf((largest / 4.0).log10().floor());
        let steps = |step: f64| (largest / step - 1e-9).ceil().max(1.0);
        let round = [1.0, 2.0, 5.0].map(|part| part * power);
        let step = round.into_iter().find(|step| steps(*step) <= 4.0);
        let step = step.unwrap_or(10.0 * power);
        Self {
            height,
            step,
            steps: steps(step) as u32,
        }
    }

    /// The height of an amount above the base line.
    pub(super) fn length(&self, amount: f64) -> f64 {
        let share = (amount / (self.step * f64::from(self.steps))).clamp(0.0, 1.0);
        share * (self.height - TOP - BOTTOM)
    }

    pub(super) fn base(&self) -> f64 {
        self.height - BOTTOM
    }

    pub(super) fn y(&self, amount: Usd) -> f64 {
        self.base() - self.length(float(amount))
    }

    /// Draws a line and a label for each step.
    pub(super) fn draw(&self, drawing: &mut Drawing) {
        for count in 0..=self.steps {
            let amount = self.step * f64::from(count);
            let y = self.base() - self.length(amount);
            let class = if count == 0 { "base" } else { "grid" };
            drawing.line(class, (LEFT, y), (WIDTH - RIGHT, y));
            let label = label(amount, self.step);
            drawing.text("tick end", (LEFT - 6.0, y + 4.0), &label);
        }
    }
}

/// An amount with as many decimals as its step needs.
fn label(amount: f64, step: f64) -> String {
    let decimals = if step >= 1.0 {
        0
    } else {
        (-step.log10()).ceil().clamp(0.0, 6.0) as usize
    };
    format!("${amount:.decimals$}")
}

/// Keeps the middle of a label in the chart.
pub(super) fn label_at((x, y): Point) -> Point {
    (x.clamp(LABEL, WIDTH - LABEL), y)
}

/// A horizontal axis of time.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) left: f64,
}

impl Time {
    pub(super) fn x(&self, at: DateTime<Utc>) -> f64 {
        let passed = (at - self.from).num_milliseconds() as f64;
        let all = (self.until - self.from).num_milliseconds().max(1) as f64;
        self.left + (passed / all).clamp(0.0, 1.0) * (WIDTH - RIGHT - self.left)
    }

    /// The length between two ticks: a round one, so that there are at most seven.
    pub(super) fn step(&self) -> TimeDelta {
        const MINUTES: [i64; 15] = [
            1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1_440, 2_880, 5_760, 10_080,
        ];
        let all = (self.until - self.from).num_minutes();
        let step = MINUTES.into_iter().find(|step| all / step <= 6);
        TimeDelta::minutes(step.unwrap_or_else(|| (all / 6).max(1)))
    }
}
