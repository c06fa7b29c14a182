//! Decides when a cluster has to end: a `Verdict` from the time and a `Cluster`. Each guard has a
//! file; [`sweep()`] evaluates all of them. The local supervisor, `apply` and `status` share it, so
//! that they agree.

pub mod budget;
pub mod ended;
pub mod extend;
pub mod hours;
pub mod idle;
pub mod lease;
pub mod lifetime;
pub mod sweep;
pub mod terms;
pub mod verdict;
pub mod watch;

pub use budget::spent;
pub use ended::{Ended, began_at};
pub use extend::{Refused, extended};
pub use idle::idle_since;
pub use sweep::{deadline, hard_deadline, hard_sweep, opinions, sweep};
pub use terms::Terms;
pub use verdict::{Cause, Deadline, Opinion, Verdict};

#[cfg(test)]
mod sample;
