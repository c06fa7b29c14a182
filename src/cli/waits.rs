//! Prints a line for each call that AWS does not answer or that is retried.

use super::stderr::aside;
use super::view::words;
use crate::model::event::{Event, Listener};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Concurrent calls mostly fail together: one line in this time is enough.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Waits {
    /// When the last line was printed, and of which attempt.
    last: Cell<Option<(Instant, u32)>>,
}

impl Listener for Waits {
    fn on_event(&self, event: &Event) {
        let (Event::Silent { attempt, .. } | Event::Retrying { attempt, .. }) = event else {
            return;
        };
        let printed = self.last.get();
        if printed.is_some_and(|(at, last)| at.elapsed() < MIN_INTERVAL && last >= *attempt) {
            return;
        }
        self.last.set(Some((Instant::now(), *attempt)));
        if let Some(text) = words::waiting(event) {
            aside(&text);
        }
    }
}
