//! Wakes the supervisor: a timer, the exit of a child, or a signal to stop.

use crate::cloud::error::{CloudError, IoContext};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) struct Signals {
    child: Signal,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, CloudError> {
        let on = |kind| signal(kind).during(|| "listen for signals".to_owned());
        Ok(Self {
            child: on(SignalKind::child())?,
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hangup: on(SignalKind::hangup())?,
        })
    }

    /// Waits for a tick or the exit of a child. Returns the signal's name if the supervisor is to
    /// stop.
    pub(super) async fn wait(&mut self, tick: Duration) -> Option<&'static str> {
        tokio::select! {
            _ = self.terminate.recv() => Some("SIGTERM"),
            _ = self.interrupt.recv() => Some("SIGINT"),
            _ = self.hangup.recv() => Some("SIGHUP"),
            _ = self.child.recv() => None,
            () = tokio::time::sleep(tick) => None,
        }
    }
}
