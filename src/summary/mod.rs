//! What a run did, in figures: reads Spark's event log as a stream, and says what is worth saying.
//!
//! A [`LogReader`] is fed the log in pieces and returns the [`Application`]'s figures. A [`Run`] adds
//! what the cluster knows, and estimates what another run would take;
//! its [`Remark`]s are the lines of the summary.

mod driver;
mod estimate;
mod event;
mod executors;
mod failed_task;
mod figures;
mod reader;
mod remark;
mod run;
mod stages;

pub use estimate::{Cheaper, Faster};
pub use figures::{Application, Loss};
#[cfg_attr(
    closed,
    expect(unused_imports, reason = "tests name all parts of figures")
)]
pub use figures::{DriverAlone, Executors, Lost, PeakMemory, Settings, Spread, Stage, Totals};
pub use reader::LogReader;
pub use remark::{
    Alone, Capacity, Held, Idle, LocalMaster, Longest, LostExecutors, Remark, Skew, Spilled, Volume,
};
pub use run::{Run, Times};

use crate::model::shown::line;
use chrono::{DateTime, Utc};

/// What takes less is not worth a line: a minute, in milliseconds.
pub const FLOOR_MS: u64 = 60_000;

/// The time in milliseconds since 1970; `None` if it is out of range.
fn instant(at: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(at)
}

/// The most characters of a name.
const MAX_NAME: usize = 200;

/// Where Spark says that a call was made if it does not know the script's line.
const UNKNOWN_PLACES: [&str; 2] = ["NativeMethodAccessorImpl.java:0", "<unknown>:0"];

/// The name that Spark gives to a stage, without the folders of its script: `count at job.py:3`.
fn call_site(name: &str) -> String {
    let name = line(name, MAX_NAME);
    let Some((what, place)) = name.rsplit_once(" at ") else {
        return name;
    };
    if UNKNOWN_PLACES.contains(&place) {
        return what.to_owned();
    }
    let file = place.rsplit(['/', '\\']).next().unwrap_or(place);
    format!("{what} at {file}")
}

#[cfg(test)]
mod tests;
