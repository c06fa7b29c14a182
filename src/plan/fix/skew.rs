//! The fix of a skewed task that a node's memory is too small for: its data have to be split.

use super::{Context, Fix};
use crate::model::bytes::size;
use crate::model::diagnosis::Remedy;
use crate::model::memory::Memory;
use crate::model::skew::{Excess, TaskSkew};
use crate::model::span::Span;

/// Spark's share of the heap for execution and storage, and how much larger data are as objects than
/// in a shuffle file. The latter is an assumption.
const USABLE_PERCENT: u64 = 60;
const AS_OBJECTS: u64 = 3;
const MIB: u64 = 1 << 20;

impl Context<'_> {
    /// In place of a remedy of executors' memory, if the failed task was skewed, and the node gives no
    /// more memory than its executor had or too little for it.
    pub(super) fn split(&self, remedy: &Remedy) -> Option<Fix> {
        let skew = self.failed.skew?;
        let is_memory = matches!(
            remedy,
            Remedy::ExecutorMemory
                | Remedy::ExecutorOverhead
                | Remedy::PythonMemory
                | Remedy::Partitions
        );
        let most = self.most_executor().filter(|_| is_memory)?;
        let is_too_large = !holds(most, skew);
        if !is_too_large && self.executor()? < most {
            return None;
        }
        let TaskSkew { stage, of, .. } = skew;
        let (figures, split) = match of {
            Excess::Shuffled => (read(skew), "split that key"),
            Excess::Stored => (read(skew), "write those data in smaller files"),
            Excess::Time => (ran(skew), "split that key"),
        };
        let limit = format!("{most}, the most that {} gives", self.node());
        let why = if is_too_large {
            format!("more than an executor of {limit}, can hold")
        } else {
            format!("its executor had {limit}")
        };
        let reason = format!("one task of stage {stage} {figures}; {why}: {split}");
        Some(Fix::by_hand(reason, None))
    }
}

/// Whether an executor can hold what the task has; `true` if that is not known.
fn holds(executor: Memory, skew: TaskSkew) -> bool {
    let usable = executor.mib().saturating_mul(MIB) / 100 * USABLE_PERCENT;
    skew.of == Excess::Time || skew.task.saturating_mul(AS_OBJECTS) <= usable
}

fn read(skew: TaskSkew) -> String {
    let [task, median] = [skew.task, skew.median].map(size);
    format!("read {task} before it failed, the median {median}")
}

fn ran(skew: TaskSkew) -> String {
    let [task, median] = [skew.task, skew.median].map(|ms| Span::from_secs(ms / 1_000));
    format!("ran {task} before it failed, the median {median}")
}
