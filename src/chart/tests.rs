//! Charts of any data are within their drawings, add up, and escape what they are given.

use super::figure::Chart;
use super::markup::escape;
use super::*;
use crate::model::fleet_status::Curve;
use crate::model::money::Usd;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

const HOSTILE: &str = "<script>alert(1)</script>\"' onload=\u{202e}&\n</svg>";

fn usd(cents: i64) -> Usd {
    Usd::new(Decimal::new(cents, 2))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The numbers of all attributes of this name, in order.
fn numbers(svg: &str, name: &str) -> Vec<f64> {
    let start = format!(" {name}=\"");
    let values = svg.split(&start).skip(1);
    let values = values.map(|rest| rest.split('"').next().unwrap());
    let parts = values.flat_map(|value| value.split([' ', ',']));
    parts.map(|part| part.parse().unwrap()).collect()
}

/// Everything is within the drawing, and in well-formed elements.
fn check(svg: &str) {
    let view = numbers(svg, "viewBox");
    let (width, height) = (view[2], view[3]);
    for (name, most) in [
        ("x", width),
        ("x1", width),
        ("x2", width),
        ("cx", width),
        ("y", height),
        ("y1", height),
        ("y2", height),
        ("cy", height),
    ] {
        for number in numbers(svg, name) {
            assert!((0.0..=most).contains(&number), "{name}={number}: {svg}");
        }
    }
    for point in numbers(svg, "points").chunks(2) {
        assert!((0.0..=width).contains(&point[0]), "{point:?}: {svg}");
        assert!((0.0..=height).contains(&point[1]), "{point:?}: {svg}");
    }
    for (from, size, most) in [("x", "width", width), ("y", "height", height)] {
        let areas = svg.split("<rect").skip(1);
        for area in areas {
            let area = area.split('>').next().unwrap();
            let end = numbers(area, from)[0] + numbers(area, size)[0];
            assert!(end <= most + 0.05, "{area}");
        }
    }
    assert!(!svg.contains("<script") && !svg.contains("style="), "{svg}");
    assert_eq!(svg.matches("<svg").count(), 1);
    assert_eq!(svg.matches("</svg>").count(), 1);
}

fn stacked(columns: usize, series: &[&[i64]]) -> Chart {
    let column = |n: usize| Column {
        name: format!("2026-11-{n:02}"),
        label: format!("{n} Nov"),
    };
    let one = |(n, cents): (usize, &&[i64])| Series {
        name: format!("{HOSTILE}{n}"),
        amounts: cents.iter().map(|cents| usd(*cents)).collect(),
    };
    Stacked {
        id: "days",
        title: HOSTILE,
        columns: (1..=columns).map(column).collect(),
        series: series.iter().enumerate().map(one).collect(),
    }
    .chart()
}

#[test]
fn text_cannot_leave_its_element() {
    let escaped = escape(HOSTILE);
    assert!(!escaped.contains(['<', '>', '"', '\'', '\n', '\u{202e}']));
    assert!(escaped.starts_with("&lt;script&gt;"), "{escaped}");
}

#[test]
fn bars_are_as_high_as_their_amounts() {
    let chart = stacked(2, &[&[100, 300], &[500, 100]]);
    let svg = chart.drawing();
    check(&svg);
    let heights = numbers(&svg, "height");
    // The larger series is at the bottom: 5 + 1, then 1 + 3.
    let unit = heights[0] / 5.0;
    for (height, amount) in heights.iter().zip([5.0, 1.0, 1.0, 3.0]) {
        assert!((height - amount * unit).abs() < 0.02, "{heights:?}");
    }
    let html = chart.html();
    assert!(html.contains("$10.00 in all"), "{html}");
    assert!(html.contains("<td class=\"num\">$6.00</td>"), "{html}");
}

#[test]
fn charts_of_any_size_are_within_their_drawing() {
    let many: Vec<Vec<i64>> = (0..20_i64)
        .map(|n| (0..400).map(|day| n * day * 7_919 % 900_001).collect())
        .collect();
    let many: Vec<&[i64]> = many.iter().map(Vec::as_slice).collect();
    let few: [&[&[i64]]; 5] = [&[], &[&[]], &[&[0]], &[&[1]], &[&[100_000_000_000]]];
    for (columns, series) in [(0, few[0]), (1, few[1]), (1, few[2]), (1, few[3])] {
        check(&stacked(columns, series).drawing());
    }
    check(&stacked(1, few[4]).drawing());
    let chart = stacked(400, &many);
    check(&chart.drawing());
    let all: i64 = many.iter().flat_map(|one| one.iter()).sum();
    assert!(chart.description.contains(&dollars(usd(all))));
    assert!(chart.html().contains("15 others"));
}

#[test]
fn the_parts_of_a_split_fill_its_bar() {
    for parts in [[1, 2, 3], [0, 0, 1], [0, 0, 0], [1, 1, 99_999_999]] {
        let part = |cents: i64| Part {
            name: HOSTILE,
            class: "c0",
            amount: usd(cents),
        };
        let chart = Split {
            id: "waste",
            title: HOSTILE,
            parts: parts.map(part).into(),
        }
        .chart();
        let svg = chart.drawing();
        check(&svg);
        let width: f64 = numbers(&svg, "width").iter().sum();
        let all: i64 = parts.iter().sum();
        let expected = if all == 0 { 0.0 } else { 640.0 };
        assert!((width - expected).abs() < 0.05, "{parts:?}: {width}");
    }
}

fn curve(limit: i64, spent: i64, projected: i64) -> Curve {
    let from = at("2026-11-01T00:00:00Z");
    Curve {
        team: "data".parse().unwrap(),
        policy: "emr".parse().unwrap(),
        from,
        until: at("2026-12-01T00:00:00Z"),
        limit: usd(limit),
        spent: usd(spent),
        reserved: usd(0),
        points: (0..=20)
            .map(|day| (from + TimeDelta::days(day), usd(spent * day / 20)))
            .collect(),
        projected: usd(projected),
    }
}

#[test]
fn a_month_shows_budget_and_projection_wherever_they_are() {
    for (limit, spent, projected) in [
        (60_000, 41_000, 55_000),
        (100, 500_000, 900_000),
        (90_000_000, 1, 2),
        (0, 0, 0),
    ] {
        let chart = budget("month", &curve(limit, spent, projected));
        check(&chart.drawing());
        assert!(chart.html().contains(&dollars(usd(projected))));
    }
    let mut empty = curve(100, 0, 0);
    empty.points.clear();
    check(&budget("month", &empty).drawing());
}

#[test]
fn a_timeline_keeps_what_is_before_and_after_at_its_edges() {
    let from = at("2026-11-21T10:07:00Z");
    let hours = |hours| from + TimeDelta::hours(hours);
    let item = |from, until| Item {
        from,
        until,
        tone: Tone::Bad,
        text: HOSTILE.to_owned(),
    };
    for (until, ticks) in [
        (hours(0), Ticks::Since),
        (hours(2), Ticks::Clock),
        (hours(30 * 24), Ticks::Since),
        (hours(90 * 24), Ticks::Clock),
    ] {
        let lanes = vec![
            Lane {
                name: HOSTILE.to_owned(),
                note: String::new(),
                items: vec![
                    item(hours(-9), Some(hours(9))),
                    item(hours(1), None),
                    item(hours(9_000), Some(hours(9_001))),
                    item(hours(-3), None),
                ],
            },
            Lane {
                name: "empty".to_owned(),
                note: HOSTILE.to_owned(),
                items: Vec::new(),
            },
        ];
        let chart = Timeline {
            id: "guards",
            title: HOSTILE,
            from,
            until,
            now: Some(hours(1)),
            ticks,
            lanes,
        }
        .chart();
        let svg = chart.drawing();
        check(&svg);
        assert!(svg.matches("tick mid").count() <= 8, "{svg}");
    }
}

#[test]
fn a_document_permits_its_own_style_and_nothing_else() {
    let mut document = Document::new(HOSTILE, HOSTILE);
    document.section(HOSTILE, &stacked(2, &[&[100, 300]]).html());
    let html = document.html();
    assert!(html.starts_with(START));
    assert!(html.contains("default-src 'none'; img-src data:; style-src 'sha256-"));
    for forbidden in ["http:", "https:", "src=", "url(", "@import", "<script"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}
