//! The stages that run: what is compared of their tasks is kept until a stage has ended.

use super::call_site;
use super::event::{StageInfo, TaskMetrics};
use super::figures::{Spread, Stage};
use std::collections::BTreeMap;

/// How many attempts of stages are kept, so that a job that runs for ever stays within memory.
const MAX_STAGES: usize = 20_000;

/// How many tasks of running stages are compared with each other: 32 MB.
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
    disk_spilled: u64,
}

impl Stages {
    /// Counts a task that has ended.
    pub(super) fn task(&mut self, stage: u32, attempt: u32, of: &TaskMetrics, ended_well: bool) {
        let key = (stage, attempt);
        if self.open.len() >= MAX_OPEN && !self.open.contains_key(&key) {
            return;
        }
        let open = self.open.entry(key).or_default();
        open.disk_spilled += of.disk_spilled.unwrap_or(0);
        if ended_well && self.tasks < MAX_TASKS {
            open.run_ms.push(of.run.unwrap_or(0));
            open.shuffle_read.push(of.shuffle_read.bytes().unwrap_or(0));
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
        self.ended.push(Stage {
            id: info.id,
            attempt: info.attempt,
            name: call_site(info.name.as_deref().unwrap_or_default()),
            tasks: info.tasks.unwrap_or(open.run_ms.len() as u64),
            wall_ms: wall.and_then(|(from, until)| u64::try_from(until - from).ok()),
            failed: info.failure.is_some(),
            run_ms: Spread::of(&mut open.run_ms),
            shuffle_read: Spread::of(&mut open.shuffle_read),
            disk_spilled: open.disk_spilled,
        });
    }

    /// The attempts of stages that have ended.
    pub(super) fn finish(self) -> Vec<Stage> {
        self.ended
    }
}
