//! The end of work by a signal: Ctrl-C, the end of the terminal, or `kill`. What the work holds, such as
//! processes and temporary folders, is released in an orderly way.

use std::future::Future;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for the work; `None` if a signal comes first.
pub(super) async fn or<T>(work: impl Future<Output = T>) -> Option<T> {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let [mut interrupt, mut terminate, mut hangup] = kinds.map(|kind| signal(kind).ok());
    tokio::select! {
        done = work => Some(done),
        () = next(&mut interrupt) => None,
        () = next(&mut terminate) => None,
        () = next(&mut hangup) => None,
    }
}

/// Waits for a signal; for ever if it cannot be waited for.
async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
