//! A chart of a team's month: what was spent, what is projected, and the budget's line.

use super::words::dollars;
use crate::model::fleet_status::Curve;
use crate::model::money::Usd;
use chrono::{DateTime, Utc};

/// The size of the chart in its own units; the page scales it.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 150.0;
/// Margins for labels.
const LEFT: f64 = 8.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 18.0;

/// The coordinates of a chart of 560 by 150.
pub(super) struct Chart {
    /// `x,y x,y …`
    pub(super) line: String,
    /// The same, closed along the base line.
    pub(super) area: String,
    /// The line from now to the month's end.
    pub(super) projection: String,
    pub(super) limit_y: String,
    /// The label of the budget's line, kept inside the chart.
    pub(super) limit_text_y: String,
    pub(super) now_x: String,
    pub(super) now_y: String,
    pub(super) bottom: String,
    /// The x coordinate of the start of each week, with its day.
    pub(super) weeks: Vec<(String, u32)>,
    pub(super) limit: String,
}

impl Chart {
    pub(super) fn of(curve: &Curve) -> Self {
        let scale = Scale::of(curve);
        let points: Vec<_> = curve
            .points
            .iter()
            .map(|(at, usd)| scale.at(*at, *usd))
            .collect();
        let last = curve.points.last().map_or(curve.from, |(at, _)| *at);
        let now = scale.at(last, curve.spent);
        let end = scale.at(curve.until, curve.projected);
        let start = points.first().copied().unwrap_or(now);
        let bottom = HEIGHT - BOTTOM;
        let line = join(&points);
        let limit_y = scale.y(curve.limit);
        let above = if limit_y > TOP + 14.0 { -5.0 } else { 13.0 };
        Self {
            area: format!("{:.1},{bottom:.1} {line} {:.1},{bottom:.1}", start.0, now.0),
            line,
            projection: join(&[now, end]),
            limit_y: format!("{limit_y:.1}"),
            limit_text_y: format!("{:.1}", limit_y + above),
            now_x: format!("{:.1}", now.0),
            now_y: format!("{:.1}", now.1),
            bottom: format!("{bottom:.1}"),
            weeks: weeks(&scale),
            limit: dollars(curve.limit),
        }
    }
}

/// Returns the 1st, 8th, 15th, 22nd and 29th, as far as they are in the window.
fn weeks(scale: &Scale) -> Vec<(String, u32)> {
    let day = |week: u32| {
        (
            scale.from + chrono::TimeDelta::weeks(i64::from(week)),
            week * 7 + 1,
        )
    };
    (0..5)
        .map(day)
        .filter(|(at, _)| *at < scale.until)
        .map(|(at, day)| (format!("{:.1}", scale.x(at)), day))
        .collect()
}

fn join(points: &[(f64, f64)]) -> String {
    let pairs: Vec<_> = points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    pairs.join(" ")
}

struct Scale {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// The top of the chart in dollars, never zero.
    max: f64,
}

impl Scale {
    fn of(curve: &Curve) -> Self {
        let max = curve.limit.max(curve.projected).max(curve.spent);
        Self {
            from: curve.from,
            until: curve.until,
            max: float(max).max(0.01) * 1.05,
        }
    }

    fn x(&self, at: DateTime<Utc>) -> f64 {
        let passed = (at - self.from).num_seconds() as f64;
        let all = (self.until - self.from).num_seconds().max(1) as f64;
        LEFT + (passed / all).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, usd: Usd) -> f64 {
        let share = (float(usd) / self.max).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn at(&self, at: DateTime<Utc>, usd: Usd) -> (f64, f64) {
        (self.x(at), self.y(usd))
    }
}

/// Converts an amount for charts and metrics. Amounts are computed with decimals alone.
pub(super) fn float(amount: Usd) -> f64 {
    amount.amount().try_into().unwrap_or_default()
}
