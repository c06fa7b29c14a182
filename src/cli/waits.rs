//! What is waited for and made again, a calm line each, whatever else is on the screen.

use super::screen::Screen;
use super::view::words;
use crate::model::event::{Event, Listener};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Several calls that go together mostly fail together: one line says enough.
const CALM: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Waits {
    /// When the last line was said, and of which attempt.
    last: Cell<Option<(Instant, u32)>>,
}

impl Listener for Waits {
    fn on_event(&self, event: &Event) {
        let (Event::Silent { attempt, .. } | Event::Retrying { attempt, .. }) = event else {
            return;
        };
        let said = self.last.get();
        if said.is_some_and(|(at, last)| at.elapsed() < CALM && last >= *attempt) {
            return;
        }
        self.last.set(Some((Instant::now(), *attempt)));
        if let Some(text) = words::waiting(event) {
            Screen::aside(&text);
        }
    }
}
