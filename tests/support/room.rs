//! Limits how many tests run Spark on this machine at once: they keep cores busy and need to be on
//! time. A test whose cluster only sleeps gives its room back.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

thread_local! {
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// Room for one test. A test that takes it again has it already.
pub(crate) struct Room {
    first: bool,
}

impl Room {
    /// Waits until fewer tests than this have room: three for two cores.
    fn limit() -> usize {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        cores + cores.div_ceil(2)
    }

    pub(crate) fn take() -> Self {
        Self::of(Self::limit())
    }

    fn of(limit: usize) -> Self {
        let first = !HELD.replace(true);
        if first {
            let full = |taken: &mut usize| *taken >= limit;
            let waited = FREED.wait_while(taken(), full);
            *waited.unwrap_or_else(PoisonError::into_inner) += 1;
        }
        Self { first }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.first {
            HELD.set(false);
            *taken() -= 1;
            FREED.notify_one();
        }
    }
}

fn taken() -> MutexGuard<'static, usize> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}
