//! Whether a task that failed had read far more than those of its stage that ended well.

use super::FLOOR_MS;
use super::estimate::{SKEWED, SKEWED_RUN};
use super::event::TaskMetrics;
use super::figures::{Application, Stage};
use crate::model::skew::{Excess, TaskSkew};
use serde::{Deserialize, Serialize};

/// The most that a task of a stage did that failed, and what those that ended well did. Sizes are in
/// bytes, times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FailedTask {
    /// From its launch until it failed.
    pub ran_ms: u64,
    /// What it had read by then; `None` if its executor was lost with the figure.
    pub read: Option<Read>,
    /// How many tasks ended well.
    pub compared: u64,
    /// The median of the time that they ran.
    pub median_ms: u64,
    /// The median of what they read.
    pub median_read: u64,
}

/// What a task read, in bytes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Read {
    /// From storage.
    pub stored: u64,
    /// Of shuffles.
    pub shuffled: u64,
}

impl Read {
    pub(super) fn of(metrics: &TaskMetrics) -> Self {
        Self {
            stored: metrics.input.bytes.unwrap_or(0),
            shuffled: metrics.shuffle_read.bytes().unwrap_or(0),
        }
    }

    /// Both.
    pub fn bytes(self) -> u64 {
        self.stored.saturating_add(self.shuffled)
    }
}

/// The most that any failed task of a stage did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Failed {
    pub(super) ran_ms: u64,
    pub(super) read: Option<Read>,
}

impl Failed {
    pub(super) fn add(&mut self, ran_ms: u64, read: Option<Read>) {
        self.ran_ms = self.ran_ms.max(ran_ms);
        // Spark counts what is read at heartbeats and at the end, so 0 says nothing.
        let read = read.filter(|read| read.bytes() > 0);
        self.read = (self.read.into_iter().chain(read)).max_by_key(|read| read.bytes());
    }
}

/// The fewest tasks that a median is of.
const LEAST_COMPARED: u64 = 3;

/// What a task may read without being large: Spark's own size for a partition of a shuffle
/// (`spark.sql.adaptive.advisoryPartitionSizeInBytes`).
const PARTITION: u64 = 64 << 20;

impl Application {
    /// The skew for which it failed, by the last stage that failed; `None` if its tasks were alike, or
    /// too few ended well.
    pub fn failed_skew(&self) -> Option<TaskSkew> {
        let mut failed = self.stages.iter().filter(|stage| stage.failed);
        failed.next_back()?.failed_skew()
    }
}

impl Stage {
    /// As [`Self::is_skewed`] for a task that ended well, except that one that fails need not run for
    /// long, if it reads more than a partition. Without what it read nothing is known: a task can run for
    /// long on a slow node.
    fn failed_skew(&self) -> Option<TaskSkew> {
        let it = self.failed_task?;
        if it.compared < LEAST_COMPARED {
            return None;
        }
        let is_long = it.ran_ms >= SKEWED_RUN.saturating_mul(it.median_ms)
            && it.ran_ms.saturating_sub(it.median_ms) >= FLOOR_MS;
        let read = it.read?;
        let bytes = read.bytes();
        let is_large =
            bytes >= SKEWED.saturating_mul(it.median_read) && (bytes >= PARTITION || is_long);
        let of = if read.shuffled >= read.stored {
            Excess::Shuffled
        } else {
            Excess::Stored
        };
        is_large.then_some(TaskSkew {
            stage: self.id,
            of,
            task: bytes,
            median: it.median_read,
        })
    }
}
