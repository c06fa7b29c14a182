//! Replaces AWS in clusterup's tests: a simulated account ([`sim`]), and faults between the program
//! and any account ([`flaky`]), in worlds that come from seeds ([`worlds`]). This is a separate
//! crate, so that the shipped program contains neither.

#![warn(missing_docs)]

pub mod chance;
pub mod flaky;
pub mod rates;
pub mod sim;
pub mod tally;
pub mod worlds;
