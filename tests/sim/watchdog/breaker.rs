//! The circuit breaker's promise, counted from the account: how many clusters a sweep may end for idleness.

use clusterup::cloud::rng::Rng;

/// A policy's breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    max_kills: usize,
    percent: usize,
}

impl Limits {
    /// One that no fleet of these worlds reaches.
    pub(super) const WIDE: Self = Self {
        max_kills: 100,
        percent: 100,
    };

    /// One that some fleets reach.
    pub(super) fn narrow(rng: &Rng) -> Self {
        let number = |most| 1 + usize::try_from(rng.below(most)).unwrap();
        Self {
            max_kills: number(4),
            percent: 10 * number(6),
        }
    }

    pub(super) fn text(self) -> String {
        let Self { max_kills, percent } = self;
        format!("watchdog: {{ max_kills_per_sweep: {max_kills}, max_kill_fraction: {percent}% }}\n")
    }

    /// The most clusters of a fleet that may end in a sweep. Of three or fewer, a share says nothing.
    pub(super) fn most(self, fleet: usize) -> usize {
        let share = (fleet * self.percent / 100).max(1);
        if fleet > 3 {
            self.max_kills.min(share)
        } else {
            self.max_kills
        }
    }
}
