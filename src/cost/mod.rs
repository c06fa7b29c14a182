//! What instance types hold, what they cost, and what a cluster has cost so far.

pub mod age;
pub mod budget;
pub mod catalog;
pub mod compare;
pub mod estimate;
pub mod ledger;
pub mod meter;
pub mod offers;
pub mod product;
pub mod shape;
