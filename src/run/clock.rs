//! The machine's clock. Nothing else in the crate may ask what time it is.

use crate::model::clock::Clock;
use chrono::{DateTime, Utc};

#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
