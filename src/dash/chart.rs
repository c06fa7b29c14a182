//! A team's month as a drawing: what was spent, what it comes to, and the budget's line.

use super::words::dollars;
use crate::model::fleet_status::Curve;
use crate::model::money::Usd;
use chrono::{DateTime, Utc};

/// Of the drawing, in its own units; the page scales it.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 150.0;
/// Room for words left, right, above and below the curve.
const LEFT: f64 = 8.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 18.0;

/// Where things are in a drawing of 560 by 150.
pub(super) struct Chart {
    /// `x,y x,y …`
    pub(super) line: String,
    /// The same, closed at the bottom.
    pub(super) area: String,
    /// From now to the month's end.
    pub(super) projection: String,
    pub(super) limit_y: String,
    /// Words on the budget's line keep clear of the drawing's edge.
    pub(super) limit_text_y: String,
    pub(super) now_x: String,
    pub(super) now_y: String,
    pub(super) bottom: String,
    /// Where each week begins, with its day.
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
        let line = joined(&points);
        let limit_y = scale.y(curve.limit);
        let above = if limit_y > TOP + 14.0 { -5.0 } else { 13.0 };
        Self {
            area: format!("{:.1},{bottom:.1} {line} {:.1},{bottom:.1}", start.0, now.0),
            line,
            projection: joined(&[now, end]),
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

/// The 1st, 8th, 15th, 22nd and 29th, as far as the month has them.
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

fn joined(points: &[(f64, f64)]) -> String {
    let pairs: Vec<_> = points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    pairs.join(" ")
}

struct Scale {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// In dollars, never zero.
    most: f64,
}

impl Scale {
    fn of(curve: &Curve) -> Self {
        let most = curve.limit.max(curve.projected).max(curve.spent);
        Self {
            from: curve.from,
            until: curve.until,
            most: float(most).max(0.01) * 1.05,
        }
    }

    fn x(&self, at: DateTime<Utc>) -> f64 {
        let passed = (at - self.from).num_seconds() as f64;
        let all = (self.until - self.from).num_seconds().max(1) as f64;
        LEFT + (passed / all).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, usd: Usd) -> f64 {
        let share = (float(usd) / self.most).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn at(&self, at: DateTime<Utc>, usd: Usd) -> (f64, f64) {
        (self.x(at), self.y(usd))
    }
}

/// For drawings and metrics: dollars are reckoned with as decimals alone.
pub(super) fn float(amount: Usd) -> f64 {
    amount.amount().try_into().unwrap_or_default()
}
