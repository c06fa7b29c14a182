//! `spark` of a step: what spark-submit gets, and what the planner chooses.

use super::memory::Memory;
use super::work::{NumberOrAuto, StepFile, Submission};
use serde::Serialize;
use std::collections::BTreeMap;

/// The numbers for which a step's `spark` says `auto`. The memory of executors is one unless the stack
/// gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct AutoSizes {
    /// `executors`.
    pub executors: bool,
    /// `executor_cores`.
    pub executor_cores: bool,
}

impl AutoSizes {
    /// Whether the stack gives both, or neither.
    const fn is_none(&self) -> bool {
        !self.executors && !self.executor_cores
    }
}

/// Spark's settings for a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct SparkOptions {
    /// `None` for `auto`, which chooses it for the instance type.
    pub executor_memory: Option<Memory>,
    /// The sizes that the planner chooses.
    #[serde(skip_serializing_if = "AutoSizes::is_none")]
    pub auto: AutoSizes,
    /// The number of partitions after a shuffle; `None` for Spark's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<NumberOrAuto>,
    /// Spark's own settings by name.
    pub conf: BTreeMap<String, String>,
    /// What spark-submit gets besides.
    #[serde(flatten)]
    pub submission: Submission<StepFile>,
}
