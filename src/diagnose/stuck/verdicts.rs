//! Decides from what a log has said so far whether the step hangs.

use super::progress::{GAP, Progress, Wait};
use super::{Seen, hole};
use crate::diagnose::rules::Holes;
use crate::model::stuck::StuckKind;
use chrono::{NaiveDateTime, TimeDelta};

/// How long something has to last to be a hang.
pub(super) const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// So many messages show that a wait goes on.
const MIN_MESSAGES: u32 = 3;

/// So many executors die one after another in a job that gets nowhere.
const MIN_DEATHS: usize = 4;

/// They die within this time: losses of Spot instances are farther apart.
const DEATHS_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// The threads that no other one replaces: what a result getter had to fetch never arrives
/// (`TaskResultGetter`), and without the event loop no stage ends (`DAGScheduler`). A dispatcher goes
/// on in another thread (`MessageLoop`), and Spark works without its pages and the program's threads.
const FATAL_THREADS: [&str; 2] = ["task-result-getter", "dag-scheduler-event-loop"];

/// How a step hangs.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) kind: StuckKind,
    pub(super) since: NaiveDateTime,
    /// The lines that show it.
    pub(super) shown: Vec<Seen>,
    pub(super) holes: Holes,
    /// Whether the log does not show enough to be sure.
    pub(super) is_guess: bool,
}

impl Progress {
    /// How the step hangs at the end of what is known of the log.
    pub(super) fn verdicts(&self, now: NaiveDateTime) -> Vec<Verdict> {
        let waits = StuckKind::ALL.into_iter().filter_map(|kind| {
            let wait = self.waits.get(kind.as_str())?;
            waiting(kind, wait, now)
        });
        let others = [
            self.executors_lost(now),
            self.executors_die(now),
            self.thread_dead(now),
        ];
        waits.chain(others.into_iter().flatten()).collect()
    }

    fn executors_lost(&self, now: NaiveDateTime) -> Option<Verdict> {
        let lost = self.all_lost.as_ref()?;
        // Idle executors are no loss: others are asked for once there are tasks.
        let since = lost.at.max(self.pending_since()?);
        (now - since >= PATIENCE).then(|| Verdict {
            kind: StuckKind::ExecutorsLost,
            since,
            shown: vec![lost.clone()],
            holes: Holes::new(),
            is_guess: self.is_partial,
        })
    }

    fn executors_die(&self, now: NaiveDateTime) -> Option<Verdict> {
        let deaths = self.deaths.iter();
        let recent: Vec<&Seen> = deaths.filter(|it| now - it.at <= DEATHS_WITHIN).collect();
        let first = recent.first()?;
        // An executor that survives them all has a task that may be long.
        let survives = self.alive.values().any(|since| *since <= first.at);
        let is_hang = recent.len() >= MIN_DEATHS && self.shows_tasks && self.has_tasks();
        let latest = recent.iter().rev().take(MIN_DEATHS - 1).copied();
        let shown = self.first_death.iter().chain(latest).cloned();
        (is_hang && !survives).then(|| Verdict {
            kind: StuckKind::ExecutorsDie,
            since: first.at,
            shown: shown.collect(),
            holes: hole("count", recent.len().to_string()),
            is_guess: self.is_partial,
        })
    }

    fn thread_dead(&self, now: NaiveDateTime) -> Option<Verdict> {
        let thread = self.dead_thread.as_ref()?;
        let mut fatal = FATAL_THREADS.iter();
        let is_fatal = fatal.any(|name| thread.name.starts_with(name));
        // Otherwise the log's level may hide the tasks that end.
        let shows_tasks = thread.had_tasks && self.has_tasks();
        let is_lasting = is_fatal || shows_tasks;
        (is_lasting && now - thread.quiet_since >= PATIENCE).then(|| Verdict {
            kind: StuckKind::DriverThreadDied,
            since: thread.quiet_since,
            shown: vec![thread.seen.clone()],
            holes: hole("thread", thread.name.clone()),
            is_guess: !(is_fatal && shows_tasks),
        })
    }
}

/// A wait lasts since an interval before its first message, and goes on if its last one is recent.
fn waiting(kind: StuckKind, wait: &Wait, now: NaiveDateTime) -> Option<Verdict> {
    let Wait {
        first, last, count, ..
    } = wait;
    let intervals = i32::try_from(count.checked_sub(1)?)
        .ok()
        .filter(|it| *it > 0)?;
    let interval = (last.at - first.at) / intervals;
    let since = first.at - interval;
    let is_long = *count >= MIN_MESSAGES && last.at - since >= PATIENCE;
    (is_long && now - last.at <= GAP).then(|| Verdict {
        kind,
        since,
        shown: vec![first.clone(), last.clone()],
        holes: Holes::new(),
        is_guess: false,
    })
}
