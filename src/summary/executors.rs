//! The executors of one application: when they were there, and what they did.

use super::FLOOR_MS;
use super::event::{ExecutorAdded, ExecutorRemoved, Peak};
use super::figures::{Executors, Loss, Lost, PeakMemory};
use super::instant;
use crate::model::shown::line;
use std::collections::BTreeMap;

/// How many executors are known apart.
const MAX_EXECUTORS: usize = 50_000;

/// How many lost executors are described.
const MAX_LOST: usize = 100;

/// The most characters of a reason.
const MAX_REASON: usize = 300;

/// The driver's id among executors (`SparkContext.DRIVER_IDENTIFIER`).
const DRIVER: &str = "driver";

/// All executors by their ids.
#[derive(Debug, Default)]
pub(super) struct Tracked(BTreeMap<String, Executor>);

#[derive(Debug, Default)]
struct Executor {
    cores: u32,
    /// `None` of one of which only its tasks or its memory are known.
    added: Option<i64>,
    removed: Option<i64>,
    reason: Option<String>,
    tasks: u64,
    busy_ms: u64,
    peak: Peak,
}

impl Tracked {
    fn of(&mut self, id: &str) -> Option<&mut Executor> {
        if !self.0.contains_key(id) {
            if self.0.len() >= MAX_EXECUTORS {
                return None;
            }
            self.0.insert(id.to_owned(), Executor::default());
        }
        self.0.get_mut(id)
    }

    pub(super) fn added(&mut self, event: &ExecutorAdded<'_>) {
        if let Some(executor) = self.of(&event.id) {
            executor.added = Some(event.at);
            executor.cores = event.info.cores;
        }
    }

    pub(super) fn removed(&mut self, event: &ExecutorRemoved<'_>) {
        if let Some(executor) = self.of(&event.id) {
            executor.removed = Some(event.at);
            let reason = event.reason.as_deref();
            executor.reason = reason.map(|reason| line(reason, MAX_REASON));
        }
    }

    /// Counts a task that ran this long.
    pub(super) fn task(&mut self, id: &str, busy_ms: u64) {
        if let Some(executor) = self.of(id) {
            executor.tasks += 1;
            executor.busy_ms = executor.busy_ms.saturating_add(busy_ms);
        }
    }

    /// Notes memory that was sampled.
    pub(super) fn sampled(&mut self, id: &str, peak: Peak) {
        if let Some(executor) = self.of(id) {
            executor.peak.heap = executor.peak.heap.max(peak.heap);
            executor.peak.python = executor.peak.python.max(peak.python);
        }
    }

    /// The most memory of any executor, and of the driver.
    pub(super) fn memory(&self) -> PeakMemory {
        let known = |bytes: u64| (bytes > 0).then_some(bytes);
        let others = || self.0.iter().filter(|(id, _)| *id != DRIVER);
        let most = |of: fn(&Peak) -> u64| others().map(|(_, it)| of(&it.peak)).max();
        PeakMemory {
            executor_heap: most(|peak| peak.heap).and_then(known),
            python: most(|peak| peak.python).and_then(known),
            driver_heap: self.0.get(DRIVER).and_then(|it| known(it.peak.heap)),
        }
    }

    /// The figures, of an application that ended at this time in milliseconds. `task_cores` is how
    /// many cores each task has.
    pub(super) fn figures(&self, end: i64, task_cores: u32) -> Executors {
        let there: Vec<_> = (self.0.iter())
            .filter_map(|(id, it)| Some((id, it, it.added?)))
            .collect();
        let slots = |it: &Executor| u64::from(it.cores / task_cores.max(1));
        let until = |it: &Executor| it.removed.unwrap_or(end).min(end);
        let span =
            |it: &Executor, from: i64| u64::try_from(until(it).saturating_sub(from)).unwrap_or(0);
        let mut changes: Vec<(i64, i64, i64)> = Vec::new();
        for (_, it, from) in &there {
            let many = i64::try_from(slots(it)).unwrap_or(0);
            changes.push((*from, 1, many));
            changes.push((until(it).max(*from), -1, -many));
        }
        let (at_once, at_once_slots) = most_at_once(changes);
        let idle = |it: &Executor, from| it.tasks == 0 && span(it, from) >= FLOOR_MS;
        Executors {
            count: u32::try_from(there.len()).unwrap_or(u32::MAX),
            at_once,
            cores: there.iter().map(|(_, it, _)| it.cores).max().unwrap_or(0),
            slots: at_once_slots,
            slot_ms: (there.iter())
                .map(|(_, it, from)| slots(it).saturating_mul(span(it, *from)))
                .fold(0, u64::saturating_add),
            busy_ms: (there.iter().map(|(_, it, _)| it.busy_ms)).fold(0, u64::saturating_add),
            idle: u32::try_from(there.iter().filter(|(_, it, from)| idle(it, *from)).count())
                .unwrap_or(u32::MAX),
            lost: (there.iter())
                .filter_map(|(id, it, _)| lost(id, it, end))
                .take(MAX_LOST)
                .collect(),
        }
    }
}

/// The largest number of executors and of slots at the same time.
fn most_at_once(mut changes: Vec<(i64, i64, i64)>) -> (u32, u32) {
    // At the same instant, those that leave are counted first.
    changes.sort_unstable();
    let (mut now, mut most) = ((0, 0), (0, 0));
    for (_, executors, slots) in changes {
        now = (now.0 + executors, now.1 + slots);
        most = (now.0.max(most.0), now.1.max(most.1));
    }
    let number = |many: i64| u32::try_from(many).unwrap_or(0);
    (number(most.0), number(most.1))
}

/// The executor as lost, if it was removed before the end for another reason than the driver's wish.
fn lost(id: &str, it: &Executor, end: i64) -> Option<Lost> {
    let at = it.removed.filter(|at| *at < end)?;
    let reason = it.reason.clone().unwrap_or_default();
    Some(Lost {
        id: line(id, MAX_REASON),
        at: instant(at)?,
        why: why(&reason)?,
        reason,
    })
}

/// The reasons of Spark and YARN for a removal, in words that they contain. `None`: it was wanted.
const REASONS: &[(&str, Option<Loss>)] = &[
    // `ExecutorKilled`, `ExecutorDecommission` in Spark's `ExecutorLossReason`.
    ("Executor killed by driver", None),
    ("ecommission", None),
    ("exited with code 0", None),
    // YARN's `ContainerExitStatus` -100 and -102, as `YarnAllocator` reports them.
    ("*lost* node", Some(Loss::Node)),
    ("preempted", Some(Loss::Node)),
    ("Worker shutting down", Some(Loss::Node)),
    ("worker lost", Some(Loss::Node)),
    ("memory limits", Some(Loss::Memory)),
    ("Exit status: 137", Some(Loss::Memory)),
    ("exited with code 137", Some(Loss::Memory)),
    // `SparkExitCode.OOM`.
    ("exited with code 52", Some(Loss::Memory)),
    ("heartbeat timed out", Some(Loss::Silent)),
];

fn why(reason: &str) -> Option<Loss> {
    let found = REASONS.iter().find(|(words, _)| reason.contains(words));
    found.map_or(Some(Loss::Other), |(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::event::ExecutorInfo;

    fn added(at: i64, id: &str, cores: u32) -> ExecutorAdded<'_> {
        ExecutorAdded {
            at,
            id: id.into(),
            info: ExecutorInfo { cores },
        }
    }

    fn removed<'a>(at: i64, id: &'a str, reason: &'a str) -> ExecutorRemoved<'a> {
        ExecutorRemoved {
            at,
            id: id.into(),
            reason: Some(reason.into()),
        }
    }

    #[test]
    fn slots_count_as_long_as_their_executors_are_there() {
        let mut tracked = Tracked::default();
        tracked.added(&added(0, "1", 4));
        tracked.added(&added(50_000, "2", 4));
        tracked.removed(&removed(50_000, "1", "Executor killed by driver."));
        tracked.task("1", 10_000);
        // Only its tasks are known: it has no slots.
        tracked.task("9", 10_000);
        let figures = tracked.figures(150_000, 2);
        assert_eq!((figures.count, figures.at_once, figures.slots), (2, 1, 2));
        assert_eq!((figures.slot_ms, figures.busy_ms), (2 * 150_000, 10_000));
        assert_eq!((figures.idle, figures.lost.len()), (1, 0));
    }

    #[test]
    fn an_executor_is_lost_unless_the_driver_wanted_its_end() {
        for (reason, lost) in [
            ("Executor killed by driver.", None),
            ("Executor decommission: spot", None),
            (
                "Container from a bad node: c on host: h. Exit status: 137. Diagnostics: …",
                Some(Loss::Memory),
            ),
            (
                "Exit status: -100. Diagnostics: Container released on a *lost* node.",
                Some(Loss::Node),
            ),
            (
                "Executor heartbeat timed out after 1 ms",
                Some(Loss::Silent),
            ),
            ("Remote RPC client disassociated.", Some(Loss::Other)),
        ] {
            let mut tracked = Tracked::default();
            tracked.added(&added(0, "1", 1));
            tracked.removed(&removed(5, "1", reason));
            let figures = tracked.figures(10, 1);
            let why = figures.lost.first().map(|lost| lost.why);
            assert_eq!(why, lost, "{reason}");
            assert!(
                tracked.figures(5, 1).lost.is_empty(),
                "at the end: {reason}"
            );
        }
    }
}
