//! The memory of a retry: the setting that a remedy names, times a factor, never more than a node gives.

use super::{Context, Failed};
use crate::model::diagnosis::Remedy;
use crate::model::memory::Memory;
use crate::model::retry::{Factor, MemoryChange, MemorySetting};
use crate::plan::fit::fit;
use crate::plan::memory::{LEAST, container_with};

/// How memory grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Growth {
    /// By these changes of the step.
    Changes(Vec<MemoryChange>),
    /// Not any further.
    AtMost {
        /// What the step has.
        memory: Memory,
        /// What gives no more, such as `a node of m5.xlarge gives`.
        by: String,
    },
    /// More memory does not help: one task has too much data. The text says how much, and what helps.
    Skewed(String),
    /// No remedy asks for memory.
    None,
}

/// The growth by the first remedy that asks for memory.
pub(in crate::plan) fn grown(failed: Failed<'_>, remedies: &[Remedy], factor: Factor) -> Growth {
    let Ok(fitted) = fit(&failed.stack.cluster, failed.facts.capacity) else {
        return Growth::None;
    };
    let context = Context::new(failed, &fitted);
    let mut all = remedies.iter();
    let found = all.find_map(|remedy| {
        let larger = context.larger_for(remedy, factor)?;
        Some(context.excess(remedy).map_or(larger, Growth::Skewed))
    });
    found.unwrap_or(Growth::None)
}

impl Context<'_> {
    /// `None` for a remedy that does not ask for memory.
    fn larger_for(&self, remedy: &Remedy, factor: Factor) -> Option<Growth> {
        match remedy {
            Remedy::ExecutorMemory => self.larger_executor(factor),
            Remedy::ExecutorOverhead => self.larger_overhead(factor),
            Remedy::PythonMemory => self.larger_python(factor),
            Remedy::DriverMemory => self.larger_driver(factor),
            Remedy::SmallerExecutors
            | Remedy::Conf { .. }
            | Remedy::Partitions
            | Remedy::PythonPackage { .. }
            | Remedy::SparkPackage { .. }
            | Remedy::Disk
            | Remedy::Size
            | Remedy::OnDemand
            | Remedy::OtherType
            | Remedy::OtherZone
            | Remedy::DropLine { .. }
            | Remedy::ChangeLine { .. }
            | Remedy::Grant { .. }
            | Remedy::CreateRoles
            | Remedy::Quota
            | Remedy::RunAgain => None,
        }
    }

    fn larger_executor(&self, factor: Factor) -> Option<Growth> {
        let most = self.most_executor()?;
        self.larger(
            MemorySetting::ExecutorMemory,
            self.executor()?,
            most,
            factor,
        )
    }

    fn larger_driver(&self, factor: Factor) -> Option<Growth> {
        let setting = match self.conf_value(MemorySetting::DriverMemoryConf.as_str()) {
            Some(_) => MemorySetting::DriverMemoryConf,
            None => MemorySetting::DriverMemory,
        };
        self.larger(setting, self.driver()?, self.most_for_driver()?, factor)
    }

    /// `None` without a limit, which then is no cause, and where an executor fills the node, so that
    /// only removing the limit helps.
    fn larger_python(&self, factor: Factor) -> Option<Growth> {
        let now = self.asked_python()?;
        let most = self.most_python().filter(|most| now < *most)?;
        self.larger(MemorySetting::PythonWorkers, now, most, factor)
    }

    /// `None` for a step that Spark does not run.
    fn larger(
        &self,
        setting: MemorySetting,
        from: Memory,
        most: Memory,
        factor: Factor,
    ) -> Option<Growth> {
        self.step.filter(|step| step.work.is_spark())?;
        if from >= most {
            return Some(self.at_most(from));
        }
        let to = factor.of(from).min(most);
        Some(Growth::Changes(vec![MemoryChange { setting, from, to }]))
    }

    /// More beside the heap; the heap shrinks if both do not fit, but not below its half. Executors of
    /// this machine have nothing beside it.
    fn larger_overhead(&self, factor: Factor) -> Option<Growth> {
        if !self.on_emr() {
            return self.larger_executor(factor);
        }
        let heap = self.executor()?;
        let from = self.beside()?.overhead(heap);
        let room = self.room()?;
        let least = LEAST.max(Memory::from_mib(heap.mib() / 2));
        let beside = room.mib().saturating_sub(least.mib()) / 32 * 32;
        let wanted = factor.of(from).mib().next_multiple_of(32);
        let to = Memory::from_mib(wanted.min(beside));
        if to <= from {
            let by = format!("{} gives beside half of the heap", self.node());
            return Some(Growth::AtMost { memory: from, by });
        }
        let setting = self.overhead_setting();
        self.step.filter(|step| step.work.is_spark())?;
        let mut changes = vec![MemoryChange { setting, from, to }];
        if container_with(heap, to) > room {
            changes.push(MemoryChange {
                setting: MemorySetting::ExecutorMemory,
                from: heap,
                to: Memory::from_mib(room.mib() - to.mib()),
            });
        }
        Some(Growth::Changes(changes))
    }

    fn at_most(&self, memory: Memory) -> Growth {
        let by = format!("{} gives", self.node());
        Growth::AtMost { memory, by }
    }
}
