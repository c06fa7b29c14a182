//! Ctrl-C while something is done. No cluster is ended by it.

use super::failure::{Exit, Failure};
use crate::model::hint::Command;
use std::future::Future;
use tokio::signal::ctrl_c;

/// Waits for the work; `None` if Ctrl-C comes first.
pub(crate) async fn or<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        _ = ctrl_c() => None,
    }
}

/// Waits for the work; Ctrl-C stops it and reports what is left and how to continue.
pub(crate) async fn or_stop<T>(
    work: impl Future<Output = T>,
    [left, next]: [&str; 2],
) -> Result<T, Failure> {
    or(work).await.ok_or_else(|| {
        Failure::new(Exit::Interrupted, left)
            .hint(next)
            .hint(Command::again())
    })
}
