//! The fix of a skewed task that a node's memory is too small for: its data have to be split.

use super::{Context, Fix};
use crate::model::bytes::size;
use crate::model::diagnosis::Remedy;
use crate::model::memory::Memory;
use crate::model::skew::{Excess, TaskSkew};

/// Spark's share of the heap for execution and storage, and how much larger data are as objects than
/// in a shuffle file. The latter is an assumption.
const USABLE_PERCENT: u64 = 60;
const AS_OBJECTS: u64 = 3;
const MIB: u64 = 1 << 20;

impl Context<'_> {
    /// In place of a remedy of executors' memory, if its memory does not help a skewed task.
    pub(super) fn split(&self, remedy: &Remedy) -> Option<Fix> {
        Some(Fix::by_hand(self.excess(remedy)?, None))
    }

    /// Why the memory of a remedy does not help the failed task, and what does, if it was skewed: no
    /// executor of the node can hold its data, or the remedy asks for heap and the executor had the most.
    pub(super) fn excess(&self, remedy: &Remedy) -> Option<String> {
        let skew = self.failed.skew?;
        let is_of_heap = matches!(remedy, Remedy::ExecutorMemory | Remedy::Partitions);
        let is_overhead = *remedy == Remedy::ExecutorOverhead;
        let is_memory = is_of_heap || is_overhead || *remedy == Remedy::PythonMemory;
        let most = self.most_executor().filter(|_| is_memory)?;
        // Workers of this machine have only the heap.
        let is_of_heap = is_of_heap || is_overhead && !self.on_emr();
        let is_too_large = !holds(most, skew);
        if !is_too_large && (!is_of_heap || self.executor()? < most) {
            return None;
        }
        let TaskSkew {
            stage,
            of,
            task,
            median,
        } = skew;
        let split = match of {
            Excess::Shuffled => "split that key",
            Excess::Stored => "write those data in smaller files",
        };
        let [task, median] = [task, median].map(size);
        let limit = format!("{most}, the most that {} gives", self.node());
        let why = if is_too_large {
            format!("more than an executor of {limit}, can hold")
        } else {
            format!("its executor had {limit}")
        };
        Some(format!(
            "one task of stage {stage} read {task} before it failed, the median {median}; {why}: {split}"
        ))
    }
}

/// Whether an executor can hold what the task had read.
fn holds(executor: Memory, skew: TaskSkew) -> bool {
    let usable = executor.mib().saturating_mul(MIB) / 100 * USABLE_PERCENT;
    skew.task.saturating_mul(AS_OBJECTS) <= usable
}
