//! Finds the cause of a failure in logs. Pure.

mod error;
mod java;
mod python;

pub use error::last_error;

#[cfg(test)]
mod tests;
