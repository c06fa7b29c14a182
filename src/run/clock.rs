//! The machine's clock. No other code in the crate reads the time.

use crate::model::clock::Clock;
use chrono::{DateTime, Utc};

/// A [`Clock`] that reads the machine's wall clock, in UTC.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the only place that reads the clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
