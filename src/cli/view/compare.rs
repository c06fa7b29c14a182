//! How a change affects the price: `(old -> new)` for each group and in total.

use super::figures::plain;
use super::width::columns;
use super::words::wrap;
use crate::cost::compare::{Comparison, GroupChange, GroupPrice};
use crate::model::money::Usd;
use rust_decimal::Decimal;

/// A table with a line for each group and one for the total.
pub(in crate::cli) fn render(comparison: &Comparison) -> String {
    let mut text = row("", "", "$/h", "");
    for group in &comparison.groups {
        let amounts = pair(hourly(group.old.as_ref()), hourly(group.new.as_ref()));
        let difference = signed(group.difference);
        text.push_str(&row(
            group.role.as_str(),
            &nodes(group),
            &amounts,
            &difference,
        ));
    }
    let all = pair(Some(comparison.old), Some(comparison.new));
    text + &row("total", "", &all, &signed(comparison.difference))
}

/// The comparison in one line: `price: ($0.7700 -> $1.2800)/h, +0.5100`.
pub(super) fn line(comparison: &Comparison) -> String {
    let [old, new, by] = [comparison.old, comparison.new, comparison.difference].map(plain);
    let sign = if comparison.difference.amount() > Decimal::ZERO {
        "+"
    } else {
        ""
    };
    format!("price: (${old} -> ${new})/h, {sign}{by}")
}

fn nodes(group: &GroupChange) -> String {
    let words = |price: &Option<GroupPrice>| {
        let nodes = price.as_ref().map(|price| price.nodes.to_string());
        nodes.unwrap_or_else(|| "none".to_owned())
    };
    let old = words(&group.old);
    let new = words(&group.new);
    if old == new {
        new
    } else {
        format!("({old} -> {new})")
    }
}

fn hourly(price: Option<&GroupPrice>) -> Option<Usd> {
    price.map(|price| price.hourly)
}

fn pair(old: Option<Usd>, new: Option<Usd>) -> String {
    let [old, new] = [old, new].map(|amount| amount.map_or_else(|| "0".to_owned(), plain));
    if old == new {
        new
    } else {
        format!("({old} -> {new})")
    }
}

fn signed(amount: Usd) -> String {
    match amount.amount() {
        zero if zero.is_zero() => String::new(),
        more if more > Decimal::ZERO => format!("+{}", plain(amount)),
        _ => plain(amount),
    }
}

/// The columns of a row.
const NEEDED: usize = 79;

fn row(role: &str, nodes: &str, amounts: &str, difference: &str) -> String {
    if columns() < NEEDED {
        let words = [role, nodes, amounts, difference].into_iter();
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        return format!("{}\n", wrap(&words.join("  "), 2));
    }
    let line = format!("{role:<8} {nodes:<36} {amounts:>22} {difference:>10}");
    format!("{}\n", line.trim_end())
}
