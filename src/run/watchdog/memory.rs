//! Keeps what sweeps have learned for the next run of the program.

use super::Watchdog;
use crate::cloud::remembered::RememberedFile;
use chrono::{DateTime, TimeDelta, Utc};
use std::rc::Rc;

/// How often the daemon writes it.
const INTERVAL: TimeDelta = TimeDelta::minutes(10);

/// Where it is kept, and when it was written.
pub(super) struct Memory {
    file: RememberedFile,
    written_at: Option<DateTime<Utc>>,
}

impl Watchdog {
    /// Begins with what earlier runs have learned of foreign clusters, and keeps what this one
    /// learns.
    #[must_use]
    pub fn remembering(mut self, file: RememberedFile) -> Self {
        let remembered = Rc::new(file.read());
        for region_watch in &mut self.region_watches {
            region_watch.remembered = remembered.clone();
        }
        self.memory = Some(Memory {
            file,
            written_at: None,
        });
        self
    }

    /// Writes what is known, unless that was done within the last minutes.
    pub(super) fn remember(&mut self) {
        let now = self.clock.now();
        let Some(memory) = &mut self.memory else {
            return;
        };
        if memory
            .written_at
            .is_some_and(|at| (at..at + INTERVAL).contains(&now))
        {
            return;
        }
        let region_watches = self.region_watches.iter();
        let tracked = region_watches.flat_map(|region_watch| region_watch.tracked.values());
        let clusters = tracked.filter_map(|tracked| tracked.remember(now));
        memory.file.write(clusters.collect(), now);
        memory.written_at = Some(now);
    }
}
