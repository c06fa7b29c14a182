//! Decisions by chance.

use clusterup::cloud::rng::Rng;

/// Decides by chance.
pub trait Chance {
    /// True with a probability of `share` percent.
    fn percent(&self, share: u64) -> bool;
}

impl Chance for Rng {
    fn percent(&self, share: u64) -> bool {
        self.below(100) < share
    }
}
