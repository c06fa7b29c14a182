//! Finds the cause of a failure in logs, and what would fail in scripts (`lint`). Pure.
//!
//! Logs become lines and blocks (`log`); `rules` are data and apply to lines (`finding`); `ending`
//! finds what ended the job, `chain` which of the findings led to it, and `verdict` says so. `stuck`
//! recognises a job that hangs while it runs.

mod cause;
mod chain;
mod consequences;
mod ending;
mod error;
mod exit;
mod finding;
mod java;
pub mod lint;
mod log;
mod owner;
mod python;
mod raised;
pub mod records;
mod remedies;
mod rules;
pub mod search;
mod shown;
pub mod stuck;
mod thrown;
mod unknown;
mod verdict;

pub use error::last_error;
pub use verdict::{Asked, diagnose};

#[cfg(test)]
mod tests;
