//! Time as something handed in. `run::clock` has the only one that asks the machine.

use chrono::{DateTime, Utc};

pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}
