//! Plays recorded or assumed clusters with policies: what they would have cost, which of them would
//! have been ended or denied, and for whom that would have been wrong. The rules are those of `guard`
//! and `policy`; nothing here decides when a cluster ends.

mod admit;
mod arrivals;
mod check;
mod history;
mod months;
mod outcome;
mod play;
mod player;
mod sums;
mod template;
#[cfg(test)]
mod tests;

pub use arrivals::{Arriving, Pattern, arrive};
pub use check::LARGEST_HISTORY;
pub use history::{History, PastCluster};
pub use outcome::{Affected, MonthFigures, Outcome, Simulated, Waiting};
pub use play::{Simulation, simulate};
