//! Capacities and prices of instance types, and what clusters cost.

pub mod age;
pub mod attempts;
pub mod budget;
pub mod catalog;
pub mod compare;
pub mod estimate;
pub mod ledger;
pub mod meter;
pub mod offers;
pub mod other;
mod private;
pub mod product;
pub mod shape;
mod unit_rates;
