//! A small pseudo-random generator with a seed.

use std::cell::Cell;
use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, 2014), for jitter and simulated faults, never for secrets.
pub struct Rng(Cell<u64>);

impl Rng {
    /// The generator with this seed.
    pub const fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// The next 64 bits.
    pub fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&self, end: u64) -> u64 {
        self.next() % end
    }

    /// A duration of at most `max`, in whole milliseconds.
    pub fn up_to(&self, max: Duration) -> Duration {
        let millis = u64::try_from(max.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(self.below(millis + 1))
    }
}
