//! Policies: the findings about stacks and how each is resolved, what policies add to stacks, and
//! the months of teams according to their accounts.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "policy/amounts.rs"]
mod amounts;
#[path = "policy/extend.rs"]
mod extend;
#[path = "policy/hours.rs"]
mod hours;
#[path = "policy/month.rs"]
mod month;
#[path = "policy/names.rs"]
mod names;
#[path = "policy/orders.rs"]
mod orders;
#[path = "policy/people.rs"]
mod people;
#[path = "policy/properties.rs"]
mod properties;
#[path = "policy/reconcile.rs"]
mod reconcile;
#[path = "policy/remedies.rs"]
mod remedies;
#[path = "policy/rules.rs"]
mod rules;
#[path = "policy/table.rs"]
mod table;
#[path = "policy/book.rs"]
mod team_account;
#[path = "policy/tell.rs"]
mod tell;

use chrono::{DateTime, Utc};
use clusterup::model::money::Usd;

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

/// Dollars as they are written, nothing too.
fn usd(text: &str) -> Usd {
    Usd::new(text.parse().unwrap())
}
