//! One bar that is split into parts.

use super::figure::Chart;
use super::markup::{Area, Drawing};
use super::scale::{WIDTH, float};
use super::table::Table;
use super::words::dollars;
use crate::model::money::Usd;
use rust_decimal::Decimal;

const HEIGHT: f64 = 34.0;

/// A part of a bar.
pub struct Part<'a> {
    /// Its name.
    pub name: &'a str,
    /// The class of its colour.
    pub class: &'static str,
    /// Dollars.
    pub amount: Usd,
}

/// A bar and its parts, from left to right.
pub struct Split<'a> {
    /// Unique in its page.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The parts.
    pub parts: Vec<Part<'a>>,
}

impl Split<'_> {
    /// Draws the bar: the widths of its parts add up to its width.
    pub fn chart(self) -> Chart {
        let all: Usd = self.parts.iter().map(|part| part.amount).sum();
        let mut drawing = Drawing::new(WIDTH, HEIGHT);
        let mut x = 0.0;
        let mut rows = Vec::new();
        let mut legend = Vec::new();
        for part in &self.parts {
            let share = percent(part.amount, all);
            let words = format!("{} {} ({share}%)", part.name, dollars(part.amount));
            let width = WIDTH * float(part.amount) / float(all).max(f64::MIN_POSITIVE);
            let area = Area {
                x,
                y: 2.0,
                width: width.clamp(0.0, WIDTH - x),
                height: HEIGHT - 4.0,
            };
            x += area.width;
            if !part.amount.is_zero() {
                drawing.area(part.class, area, &words);
            }
            let cells = [
                part.name.to_owned(),
                dollars(part.amount),
                format!("{share}%"),
            ];
            rows.push(cells.into());
            legend.push((part.class.to_owned(), words));
        }
        let words: Vec<&str> = legend.iter().map(|(_, words)| words.as_str()).collect();
        Chart {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            description: format!("{} in all: {}.", dollars(all), words.join(", ")),
            drawing,
            legend,
            table: Table {
                caption: self.title.to_owned(),
                head: ["", "dollars", "share"].map(str::to_owned).into(),
                rows,
                texts: 1,
            },
        }
    }
}

/// Whole percents; 0 if the whole is 0.
fn percent(part: Usd, whole: Usd) -> Decimal {
    let share = part.times(Decimal::ONE_HUNDRED).amount();
    share
        .checked_div(whole.amount())
        .unwrap_or_default()
        .round()
}
