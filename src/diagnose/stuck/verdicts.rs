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

/// The threads that fetch the results of tasks. What one of them had to fetch never arrives
/// (`TaskResultGetter`), so its death is enough.
const RESULT_GETTER: &str = "task-result-getter";

/// How a step hangs.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) kind: StuckKind,
    pub(super) since: NaiveDateTime,
    /// The lines that show it.
    pub(super) shown: Vec<Seen>,
    pub(super) holes: Holes,
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
            self.executors_die(),
            self.thread_dead(now),
        ];
        waits.chain(others.into_iter().flatten()).collect()
    }

    fn executors_lost(&self, now: NaiveDateTime) -> Option<Verdict> {
        let lost = self.all_lost.as_ref()?;
        (self.has_tasks() && now - lost.at >= PATIENCE).then(|| Verdict {
            kind: StuckKind::ExecutorsLost,
            since: lost.at,
            shown: vec![lost.clone()],
            holes: Holes::new(),
        })
    }

    fn executors_die(&self) -> Option<Verdict> {
        let first = self.deaths.first()?;
        let count = self.deaths.len();
        (count >= MIN_DEATHS && self.shows_tasks).then(|| Verdict {
            kind: StuckKind::ExecutorsDie,
            since: first.at,
            shown: self.deaths.iter().rev().take(MIN_DEATHS).cloned().collect(),
            holes: hole("count", count.to_string()),
        })
    }

    fn thread_dead(&self, now: NaiveDateTime) -> Option<Verdict> {
        let thread = self.dead_thread.as_ref()?;
        let is_lasting =
            thread.name.starts_with(RESULT_GETTER) || thread.had_tasks && self.has_tasks();
        (is_lasting && now - thread.quiet_since >= PATIENCE).then(|| Verdict {
            kind: StuckKind::DriverThreadDied,
            since: thread.quiet_since,
            shown: vec![thread.seen.clone()],
            holes: hole("thread", thread.name.clone()),
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
    })
}
