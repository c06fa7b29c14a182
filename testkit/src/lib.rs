//! What clusterup's tests use in place of AWS: a simulated account ([`sim`]) and faults between the
//! program and any account ([`flaky`]), in worlds that come from seeds ([`worlds`]). A separate crate, so that the shipped program has neither.

pub mod flaky;
pub mod sim;
pub mod worlds;
