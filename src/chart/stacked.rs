//! Bars in columns, such as days, made of parts, such as teams.

use super::figure::Chart;
use super::markup::{Area, Drawing};
use super::scale::{BOTTOM, Dollars, LEFT, RIGHT, WIDTH, float, label_at};
use super::table::Table;
use super::words::dollars;
use crate::model::money::Usd;
use std::cmp::Reverse;

const HEIGHT: f64 = 220.0;
/// How many series have a colour of their own; the sum of the others has one together.
const COLOURS: usize = 6;
/// How many columns have a label.
const LABELS: usize = 6;

/// A column of a chart, such as a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its whole name, such as `2026-11-21`.
    pub name: String,
    /// Its label below the chart, such as `21 Nov`.
    pub label: String,
}

/// What one part, such as a team, has in each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Dollars in each of the columns.
    pub amounts: Vec<Usd>,
}

impl Series {
    fn total(&self) -> Usd {
        self.amounts.iter().copied().sum()
    }
}

/// A chart of columns with stacked parts.
pub struct Stacked<'a> {
    /// Unique in its page.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The columns from left to right.
    pub columns: Vec<Column>,
    /// The series, in any order; each has an amount for each column.
    pub series: Vec<Series>,
}

impl Stacked<'_> {
    /// Draws the chart: the largest series are at the bottom.
    pub fn chart(self) -> Chart {
        let Self { id, columns, .. } = self;
        let series = merged(self.series, columns.len());
        let of = |column: usize, series: &Series| series.amounts.get(column).copied();
        let amount = |column, series| of(column, series).unwrap_or(Usd::ZERO);
        let sum = |column| -> Usd { series.iter().map(|one| amount(column, one)).sum() };
        let sums: Vec<Usd> = (0..columns.len()).map(sum).collect();
        let axis = Dollars::new(HEIGHT, sums.iter().copied().max().unwrap_or(Usd::ZERO));
        let mut drawing = Drawing::new(WIDTH, HEIGHT);
        axis.draw(&mut drawing);
        let step = (WIDTH - LEFT - RIGHT) / columns.len().max(1) as f64;
        let every = columns.len().div_ceil(LABELS).max(1);
        for (n, column) in columns.iter().enumerate() {
            let x = step.mul_add(n as f64, LEFT);
            let mut top = axis.base();
            for (colour, one) in series.iter().enumerate() {
                let usd = amount(n, one);
                let height = axis.length(float(usd));
                if usd.is_zero() {
                    continue;
                }
                top -= height;
                let area = Area {
                    x: step.mul_add(0.1, x),
                    y: top.max(0.0),
                    width: step * 0.8,
                    height,
                };
                let hint = format!("{}, {}: {}", column.name, one.name, dollars(usd));
                drawing.area(&format!("c{colour}"), area, &hint);
            }
            if n % every == 0 {
                let at = label_at((x + step / 2.0, HEIGHT - BOTTOM + 18.0));
                drawing.text("tick mid", at, &column.label);
            }
        }
        let all: Usd = sums.iter().copied().sum();
        let legend = series.iter().enumerate();
        Chart {
            id: id.to_owned(),
            title: self.title.to_owned(),
            description: description(&columns, &series, all),
            drawing,
            legend: legend
                .map(|(n, one)| {
                    let name = format!("{} {}", one.name, dollars(one.total()));
                    (format!("c{n}"), name)
                })
                .collect(),
            table: table(self.title, &columns, &series, &sums),
        }
    }
}

/// The series by falling total; the smallest become one if there are more than colours.
fn merged(mut series: Vec<Series>, columns: usize) -> Vec<Series> {
    series.sort_by_key(|one| Reverse(one.total()));
    if series.len() > COLOURS {
        let small = series.split_off(COLOURS - 1);
        let of = |column: usize| small.iter().filter_map(move |one| one.amounts.get(column));
        series.push(Series {
            name: format!("{} others", small.len()),
            amounts: (0..columns).map(|n| of(n).copied().sum()).collect(),
        });
    }
    series
}

fn description(columns: &[Column], series: &[Series], all: Usd) -> String {
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else {
        return "There are no figures.".to_owned();
    };
    let parts = series.iter();
    let parts = parts.map(|one| format!("{} {}", one.name, dollars(one.total())));
    format!(
        "From {} to {}: {} in all. {}.",
        first.name,
        last.name,
        dollars(all),
        parts.collect::<Vec<_>>().join(", ")
    )
}

fn table(title: &str, columns: &[Column], series: &[Series], sums: &[Usd]) -> Table {
    let names = series.iter().map(|one| one.name.clone());
    let head = std::iter::once(String::new()).chain(names);
    let rows = columns.iter().zip(sums).enumerate();
    Table {
        caption: title.to_owned(),
        head: head.chain(["total".to_owned()]).collect(),
        rows: rows
            .map(|(n, (column, sum))| {
                let of = |one: &Series| one.amounts.get(n).copied().unwrap_or(Usd::ZERO);
                let amounts = series.iter().map(|one| dollars(of(one)));
                let cells = std::iter::once(column.name.clone()).chain(amounts);
                cells.chain([dollars(*sum)]).collect()
            })
            .collect(),
        texts: 1,
    }
}
