//! The watchdog: one sweep over the fleet is observe, judge, act, confirm; the daemon makes them.

pub mod wish;
