//! The stages that run: what is compared of their tasks is kept until a stage has ended.

use super::call_site;
use super::event::{Ending, StageInfo, TaskEnd};
use super::failed_task::{Failed, FailedTask, Read};
use super::figures::{Spread, Stage};
use std::collections::BTreeMap;

/// How many attempts of stages are kept, so that a job that runs for ever stays within memory.
const MAX_STAGES: usize = 20_000;

/// How many tasks of running stages are compared with each other: 48 MB.
const MAX_TASKS: usize = 2_000_000;

/// How many attempts of stages may run at the same time.
const MAX_OPEN: usize = 1_000;

/// The stages of one application.
#[derive(Debug, Default)]
pub(super) struct Stages {
    open: BTreeMap<(u32, u32), Open>,
    /// The tasks in `open`.
    tasks: usize,
    ended: Vec<Stage>,
}

/// A stage that runs.
#[derive(Debug, Default)]
struct Open {
    run_ms: Vec<u64>,
    shuffle_read: Vec<u64>,
    /// From storage and of shuffles.
    read: Vec<u64>,
    disk_spilled: u64,
    failed: Option<Failed>,
}

impl Stages {
    /// Counts a task that has ended, `ran_ms` after its launch.
    pub(super) fn task(&mut self, task: &TaskEnd<'_>, ending: Ending, ran_ms: u64) {
        // A task that is lost with its executor has no metrics.
        if task.metrics.is_none() && ending != Ending::Failed {
            return;
        }
        let key = (task.stage, task.attempt);
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&key) {
            return;
        }
        let open = self.open.entry(key).or_default();
        if ending == Ending::Failed {
            let read = task.metrics.as_ref().map(Read::of);
            open.failed.get_or_insert_default().add(ran_ms, read);
        }
        let Some(of) = &task.metrics else { return };
        open.disk_spilled = (open.disk_spilled).saturating_add(of.disk_spilled.unwrap_or(0));
        if ending == Ending::Well && self.tasks < MAX_TASKS {
            open.run_ms.push(of.run.unwrap_or(0));
            open.shuffle_read.push(of.shuffle_read.bytes().unwrap_or(0));
            open.read.push(Read::of(of).bytes());
            self.tasks += 1;
        }
    }

    /// Records a stage that has ended.
    pub(super) fn ended(&mut self, info: &StageInfo<'_>) {
        let open = self.open.remove(&(info.id, info.attempt));
        let mut open = open.unwrap_or_default();
        self.tasks -= open.run_ms.len();
        if self.ended.len() >= MAX_STAGES {
            return;
        }
        let wall = info.submitted.zip(info.completed);
        let run_ms = Spread::of(&mut open.run_ms);
        let failed_task = open.failed.map(|failed| FailedTask {
            ran_ms: failed.ran_ms,
            read: failed.read,
            compared: open.run_ms.len() as u64,
            median_ms: run_ms.median,
            median_read: Spread::of(&mut open.read).median,
        });
        self.ended.push(Stage {
            id: info.id,
            attempt: info.attempt,
            name: call_site(info.name.as_deref().unwrap_or_default()),
            tasks: info.tasks.unwrap_or(open.run_ms.len() as u64),
            wall_ms: wall.and_then(|(from, until)| u64::try_from(until.saturating_sub(from)).ok()),
            failed: info.failure.is_some(),
            run_ms,
            shuffle_read: Spread::of(&mut open.shuffle_read),
            disk_spilled: open.disk_spilled,
            failed_task,
        });
    }

    /// The attempts of stages that have ended.
    pub(super) fn finish(self) -> Vec<Stage> {
        self.ended
    }
}
