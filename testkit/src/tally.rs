//! What worlds came to, on this thread: how much was simulated, and how near each promise was to being
//! broken.

use chrono::TimeDelta;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What the worlds of a thread came to.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Accounts that were simulated.
    pub accounts: u64,
    /// Calls that were answered, and changes of clusters that happened by themselves.
    pub events: u64,
    /// The virtual time that passed in all accounts.
    pub passed: TimeDelta,
    /// How long clusters lived, together.
    pub lived: TimeDelta,
    /// How often each thing happened that a world looks for.
    pub marks: BTreeMap<&'static str, u64>,
    /// The smallest distance from breaking it that was seen of each bound, in the bound's own unit.
    pub margins: BTreeMap<&'static str, f64>,
}

thread_local! {
    static TALLY: RefCell<Tally> = RefCell::default();
    /// What happens, a line for each event, while somebody wants to read it.
    static TRACE: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Plays something and returns all that happened in its accounts, in order: each call with its time,
/// parameters and reply, and each change of a cluster or schedule.
pub fn traced(play: impl FnOnce()) -> Vec<String> {
    TRACE.set(Some(Vec::new()));
    play();
    TRACE.take().unwrap_or_default()
}

/// Adds a line to the trace, if somebody wants to read it.
pub(crate) fn trace(line: impl FnOnce() -> String) {
    TRACE.with_borrow_mut(|lines| {
        if let Some(lines) = lines {
            lines.push(line());
        }
    });
}

/// Returns what has been counted on this thread so far, and begins anew.
pub fn take() -> Tally {
    TALLY.take()
}

/// Notes how far something was from breaking a bound.
pub fn margin(bound: &'static str, distance: f64) {
    change(|tally| {
        let least = tally.margins.entry(bound).or_insert(distance);
        *least = least.min(distance);
    });
}

/// Notes that something happened which some world has to bring about.
pub fn mark(what: &'static str) {
    change(|tally| *tally.marks.entry(what).or_default() += 1);
}

/// Counts a cluster that lived for so long without an account.
pub fn lives(lived: TimeDelta) {
    change(|tally| tally.lived += lived);
}

pub(crate) fn change(change: impl FnOnce(&mut Tally)) {
    // While the thread ends, there is nothing to count for.
    let _ = TALLY.try_with(|tally| change(&mut tally.borrow_mut()));
}

impl Tally {
    /// Adds another thread's.
    pub fn add(&mut self, other: Self) {
        self.accounts += other.accounts;
        self.events += other.events;
        self.passed += other.passed;
        self.lived += other.lived;
        for (what, count) in other.marks {
            *self.marks.entry(what).or_default() += count;
        }
        for (bound, distance) in other.margins {
            let least = self.margins.entry(bound).or_insert(distance);
            *least = least.min(distance);
        }
    }
}
