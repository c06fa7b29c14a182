//! Runs the asynchronous work of a command.

use crate::app::failure::{Exit, Failure};
use std::future::Future;

/// Runs to the end on this thread: child processes are tied to the thread that starts them.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Failed, "cannot start the async runtime").caused_by(&error)
    })?;
    // Tasks beside the work, such as the heartbeat of a lease, stay on this thread too.
    let done = tokio::task::LocalSet::new().block_on(&runtime, work);
    // A prompt that is still open must not keep the process alive.
    runtime.shutdown_background();
    done
}
