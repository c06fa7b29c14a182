//! A team's month: what was spent, what is projected, and the budget's line.

use super::figure::Chart;
use super::markup::{Drawing, Point};
use super::scale::{BOTTOM, Dollars, LEFT, RIGHT, Time, WIDTH, label_at};
use super::table::Table;
use super::words::dollars;
use crate::model::fleet_status::Curve;
use chrono::{DateTime, TimeDelta, Utc};

const HEIGHT: f64 = 190.0;

/// Draws the month of a team under one budget. `id` is unique in its page.
pub fn budget(id: &str, curve: &Curve) -> Chart {
    let largest = curve.limit.max(curve.projected).max(curve.spent);
    let axis = Dollars::new(HEIGHT, largest);
    let time = Time {
        from: curve.from,
        until: curve.until,
        left: LEFT,
    };
    let mut drawing = Drawing::new(WIDTH, HEIGHT);
    axis.draw(&mut drawing);
    for (at, day) in weeks(curve) {
        let x = time.x(at);
        drawing.line("grid", (x, axis.y(largest)), (x, axis.base()));
        let at = label_at((x, HEIGHT - BOTTOM + 18.0));
        drawing.text("tick mid", at, &format!("{day}."));
    }
    draw(&mut drawing, curve, &axis, time);
    let month = curve.from.format("%B %Y");
    Chart {
        id: id.to_owned(),
        title: format!("{} in {month}, policy {}", curve.team, curve.policy),
        description: format!(
            "{} has spent {} of {} in {month}; {} is projected for the month.",
            curve.team,
            dollars(curve.spent),
            dollars(curve.limit),
            dollars(curve.projected)
        ),
        drawing,
        legend: Vec::new(),
        table: table(curve),
    }
}

fn draw(drawing: &mut Drawing, curve: &Curve, axis: &Dollars, time: Time) {
    let last = curve.points.last().map_or(curve.from, |(at, _)| *at);
    let now = (time.x(last), axis.y(curve.spent));
    let end = (time.x(curve.until), axis.y(curve.projected));
    let points = curve.points.iter();
    let line: Vec<Point> = points
        .map(|(at, usd)| (time.x(*at), axis.y(*usd)))
        .collect();
    let start = line.first().copied().unwrap_or(now);
    let mut area = vec![(start.0, axis.base())];
    area.extend(&line);
    area.push((now.0, axis.base()));
    drawing.path("polygon", "area", &area);
    let limit = axis.y(curve.limit);
    drawing.line("limit", (LEFT, limit), (WIDTH - RIGHT, limit));
    drawing.path("polyline", "spent", &line);
    drawing.path("polyline", "projection", &[now, end]);
    let spent = format!("spent so far: {}", dollars(curve.spent));
    drawing.dot("now", now, 4.0, &spent);
    // The label stays in the chart, and away from the line where that begins.
    let y = if limit > 30.0 {
        limit - 6.0
    } else {
        limit + 18.0
    };
    let label = format!("budget {}", dollars(curve.limit));
    drawing.text("limit-text", (LEFT + 6.0, y), &label);
}

/// The 1st, 8th, 15th, 22nd and 29th, as far as they are in the month.
fn weeks(curve: &Curve) -> Vec<(DateTime<Utc>, u32)> {
    let weeks = (0..5_u8).map(|week| {
        let at = curve.from + TimeDelta::weeks(week.into());
        (at, u32::from(week) * 7 + 1)
    });
    weeks.filter(|(at, _)| *at < curve.until).collect()
}

fn table(curve: &Curve) -> Table {
    let instant = |at: DateTime<Utc>| at.format("%F %R").to_string();
    let row = |(at, usd): &(DateTime<Utc>, _)| vec![instant(*at), dollars(*usd)];
    // A point for each day is enough for a table.
    let mut rows: Vec<Vec<String>> = curve.points.iter().step_by(2).map(row).collect();
    rows.push(vec!["now".to_owned(), dollars(curve.spent)]);
    rows.push(vec!["projected".to_owned(), dollars(curve.projected)]);
    rows.push(vec!["budget".to_owned(), dollars(curve.limit)]);
    Table {
        caption: format!("What {} has spent by each time (UTC)", curve.team),
        head: ["by", "spent"].map(str::to_owned).into(),
        rows,
        texts: 1,
    }
}
