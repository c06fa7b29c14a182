//! When a cluster has to end: now x `Cluster` to `Verdict`. One rule a file; [`sweep()`] asks them
//! all. The local supervisor, `apply` and `status` share it, so that they cannot disagree.

pub mod idle;
pub mod lifetime;
pub mod sweep;
pub mod verdict;

pub use idle::idle_since;
pub use sweep::{deadline, sweep};
pub use verdict::{Cause, Deadline, Verdict};

#[cfg(test)]
mod sample;
