//! What one application did, as its event log says. Times are in milliseconds and sizes in bytes;
//! `None` is what the log does not say, which is not zero.

use super::failed_task::FailedTask;
use crate::model::memory::Memory;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The figures of one application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Application {
    /// Spark's id of it.
    pub id: Option<String>,
    /// The attempt, on YARN in cluster mode.
    pub attempt: Option<String>,
    /// Spark's version.
    pub spark: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended, or its last event if the log has no end.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether the log has its end.
    pub complete: bool,
    /// What it was started with.
    pub settings: Settings,
    /// Its executors.
    pub executors: Executors,
    /// How long no job ran.
    pub driver: DriverAlone,
    /// The most memory that was sampled.
    pub memory: PeakMemory,
    /// The sums over all tasks.
    pub totals: Totals,
    /// The attempts of stages that have ended, in the order of their ends.
    pub stages: Vec<Stage>,
    /// Lines that are no events.
    pub broken_lines: u64,
}

/// What Spark was started with, as the application itself knew it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Settings {
    /// The master, such as `yarn` or `local[*]`.
    pub master: Option<String>,
    /// The heap of each executor.
    pub executor_memory: Option<Memory>,
    /// The number of executors that was asked for, unless Spark changes it as it runs.
    pub executors: Option<u32>,
    /// The heap of the driver.
    pub driver_memory: Option<Memory>,
    /// The cores of each task.
    pub task_cores: u32,
    /// The step that it ran in, from the settings that clusterup gives Spark.
    pub step: Option<String>,
}

impl Settings {
    /// Whether the driver ran all tasks by itself, and no executor was asked for.
    pub fn is_local(&self) -> bool {
        let master = self.master.as_deref().unwrap_or_default();
        master == "local" || master.starts_with("local[")
    }
}

/// The executors of an application. With master `local`, the driver counts as one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Executors {
    /// How many there were.
    pub count: u32,
    /// How many there were at the same time at most.
    pub at_once: u32,
    /// The cores of the largest.
    pub cores: u32,
    /// How many tasks could run at the same time at most.
    pub slots: u32,
    /// The time of all slots.
    pub slot_ms: u64,
    /// The part of it in which tasks ran.
    pub busy_ms: u64,
    /// How many were there for a minute or longer, and ran no task.
    pub idle: u32,
    /// Those that were lost while the application ran.
    pub lost: Vec<Lost>,
}

/// An executor that was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lost {
    /// Spark's id of it.
    pub id: String,
    /// When it was lost.
    pub at: DateTime<Utc>,
    /// Why.
    pub why: Loss,
    /// Why, in Spark's words.
    pub reason: String,
}

/// Why an executor was lost, as far as Spark says so.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Its node went away.
    Node,
    /// It was killed, or ended itself, for memory.
    Memory,
    /// It did not answer any more.
    Silent,
    /// Another reason, or none that Spark knows.
    Other,
}

/// How long the driver worked alone: no job ran.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DriverAlone {
    /// In all.
    pub total_ms: u64,
    /// The longest time without a job.
    pub longest_ms: u64,
    /// What the last job before it was called, such as `collect at table.py:88`; `None` before the
    /// first job.
    pub longest_after: Option<String>,
}

/// The most memory of any executor, and of the driver. Spark samples it at heartbeats, so these are
/// lower bounds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct PeakMemory {
    /// The heap of an executor.
    pub executor_heap: Option<u64>,
    /// The Python processes of an executor.
    pub python: Option<u64>,
    /// The heap of the driver.
    pub driver_heap: Option<u64>,
}

/// Sums over all tasks, failed ones included.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Totals {
    /// Tasks that ended.
    pub tasks: u64,
    /// Tasks that failed.
    pub failed_tasks: u64,
    /// The time in which tasks ran.
    pub run_ms: Option<u64>,
    /// The part of it that went into garbage collection.
    pub gc_ms: Option<u64>,
    /// What was spilled, as it was in memory.
    pub memory_spilled: Option<u64>,
    /// What was spilled, as it was on disk.
    pub disk_spilled: Option<u64>,
    /// What was read from storage.
    pub input: Option<u64>,
    /// What was written to storage.
    pub output: Option<u64>,
    /// What was read from shuffles.
    pub shuffle_read: Option<u64>,
    /// What was written to shuffles.
    pub shuffle_write: Option<u64>,
}

/// One attempt of a stage that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stage {
    /// Its number.
    pub id: u32,
    /// Its attempt, from 0.
    pub attempt: u32,
    /// What Spark calls it, such as `groupBy at similarities.py:52`.
    pub name: String,
    /// How many tasks it has.
    pub tasks: u64,
    /// From its submission to its end.
    pub wall_ms: Option<u64>,
    /// Whether it failed.
    pub failed: bool,
    /// How long its tasks ran.
    pub run_ms: Spread,
    /// What each task read of shuffles.
    pub shuffle_read: Spread,
    /// What its tasks spilled to disk.
    pub disk_spilled: u64,
    /// The most that a task of it did that failed; `None` if none failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_task: Option<FailedTask>,
}

/// How a figure spreads over the tasks of a stage that ended well.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Spread {
    /// The sum.
    pub sum: u64,
    /// The median, as Spark computes it: the upper one of two.
    pub median: u64,
    /// The largest.
    pub max: u64,
}

impl Spread {
    /// The spread of these values, in any order.
    pub(super) fn of(values: &mut [u64]) -> Self {
        values.sort_unstable();
        Self {
            sum: values.iter().copied().fold(0, u64::saturating_add),
            median: values.get(values.len() / 2).copied().unwrap_or(0),
            max: values.last().copied().unwrap_or(0),
        }
    }
}

impl Application {
    /// From its start to its end, or to its last event.
    pub fn wall_ms(&self) -> Option<u64> {
        let wall = self.ended_at?.signed_duration_since(self.started_at?);
        u64::try_from(wall.num_milliseconds()).ok()
    }

    /// How long stages ran that had to be run again.
    pub fn repeated_ms(&self) -> u64 {
        let again = self.stages.iter().filter(|stage| stage.attempt > 0);
        let wall = again.filter_map(|stage| stage.wall_ms);
        wall.fold(0, u64::saturating_add)
    }
}
