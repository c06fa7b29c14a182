//! The program with faulty files, disks and readers.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod disks;
#[path = "../support/faults.rs"]
mod faults;
mod files;
#[path = "../support/hints.rs"]
mod hints;
mod json;
mod names;
mod output;
mod room;
mod verbs;
