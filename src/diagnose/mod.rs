//! Finds the cause of a failure in logs. Pure.

mod error;
mod java;
mod python;
mod verdict;

pub use error::last_error;
pub use verdict::{Asked, diagnose};

#[cfg(test)]
mod tests;
