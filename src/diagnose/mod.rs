//! Logs to causes. Pure.

mod error;

pub use error::last_error;
