//! `job.retry`: when a failed job runs again, and what its next attempt changes.

use super::diagnosis::FailureClass;
use super::invalid::Invalid;
use super::memory::Memory;
use super::name::StepName;
use super::parsed::serde_by_text;
use super::quantity::Exact;
use super::relative::FileName;
use super::stack::{Job, Step};
use super::words::words;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// When a failed job runs again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Retry {
    /// The classes of failures after which it does.
    pub on: Vec<FailureClass>,
    /// By how much the memory that was too small grows.
    pub memory: Factor,
    /// How often it runs at most, the first time included.
    pub attempts: u16,
}

/// A factor from 1.1 to 8 with at most two decimals. Text: `x2`, `x1.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor {
    hundredths: u64,
}

impl Factor {
    /// This many times the memory, rounded up to whole MiB.
    pub const fn of(self, memory: Memory) -> Memory {
        Memory::from_mib(memory.mib().saturating_mul(self.hundredths).div_ceil(100))
    }
}

impl FromStr for Factor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("a factor from `x1.1` to `x8`, such as `x2` or `x1.5`");
        let number = text.strip_prefix('x').ok_or_else(wrong)?;
        let (whole, decimals) = match number.split_once('.') {
            Some((_, "")) => return Err(wrong()),
            Some(parts) => parts,
            None => (number, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let plain = whole.len() == 1 && is_digits(whole);
        let plain = plain && is_digits(decimals) && decimals.len() <= 2;
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let decimals: u64 = format!("{decimals:0<2}").parse().map_err(|_| wrong())?;
        match whole
            .checked_mul(100)
            .and_then(|it| it.checked_add(decimals))
        {
            Some(hundredths @ 110..=800) if plain => Ok(Self { hundredths }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:02}", self.hundredths % 100);
        match decimals.trim_end_matches('0') {
            "" => write!(f, "x{}", self.hundredths / 100),
            decimals => write!(f, "x{}.{decimals}", self.hundredths / 100),
        }
    }
}

serde_by_text!(Factor, in documents Exact = |factor| Exact(factor.number()));

impl Factor {
    fn number(&self) -> Decimal {
        Decimal::new(i64::try_from(self.hundredths).unwrap_or(i64::MAX), 2).normalize()
    }
}

words! {
    /// A setting of a step's memory, as the step's `spark` or its `spark.conf` names it.
    pub enum MemorySetting {
        /// The heap of each executor.
        ExecutorMemory = "executor_memory",
        /// The heap of the driver.
        DriverMemory = "driver_memory",
        /// The heap of the driver, as a setting of Spark.
        DriverMemoryConf = "spark.driver.memory",
        /// The memory beside the heap of each executor.
        Overhead = "spark.executor.memoryOverhead",
        /// The same before Spark 2.3.
        YarnOverhead = "spark.yarn.executor.memoryOverhead",
        /// The limit of an executor's Python workers.
        PythonWorkers = "spark.executor.pyspark.memory",
    }
}

impl MemorySetting {
    /// All of them.
    const ALL: [Self; 6] = [
        Self::ExecutorMemory,
        Self::DriverMemory,
        Self::DriverMemoryConf,
        Self::Overhead,
        Self::YarnOverhead,
        Self::PythonWorkers,
    ];
}

words! {
    /// How far a run of a job is.
    pub enum RunState {
        /// Some of its steps are not over.
        Running = "running",
        /// Its steps completed.
        Completed = "completed",
        /// A step failed or was cut off.
        Failed = "failed",
    }
}

/// A memory of a step that an attempt changes. Text: `executor_memory 1g -> 2g`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MemoryChange {
    /// The setting.
    pub setting: MemorySetting,
    /// Its value by the stack or by default.
    pub from: Memory,
    /// Its value in the attempt.
    pub to: Memory,
}

impl fmt::Display for MemoryChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, from, to } = self;
        write!(f, "{} {from} -> {to}", setting.as_str())
    }
}

impl FromStr for MemoryChange {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("a change such as `executor_memory 1g -> 2g`");
        let (setting, change) = text.split_once(' ').ok_or_else(wrong)?;
        let (from, to) = change.split_once(" -> ").ok_or_else(wrong)?;
        let mut all = MemorySetting::ALL.into_iter();
        Ok(Self {
            setting: all.find(|it| it.as_str() == setting).ok_or_else(wrong)?,
            from: from.parse()?,
            to: to.parse()?,
        })
    }
}

/// What an attempt after the first changes of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepAttempt {
    /// The number of the attempt, from 2.
    pub number: u16,
    /// What differs from the stack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<MemoryChange>,
}

/// An attempt after the first: the same job with other memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 2.
    pub number: u16,
    /// What differs from the stack, by step.
    pub changes: BTreeMap<StepName, Vec<MemoryChange>>,
    /// The steps that ended well in an earlier attempt and are not repeated.
    pub done: BTreeSet<StepName>,
    /// The folders of `${scratch}` that these steps wrote, which stay.
    pub kept: BTreeSet<FileName>,
}

impl Attempt {
    /// The changes of one step.
    pub fn of_step(&self, step: &StepName) -> StepAttempt {
        StepAttempt {
            number: self.number,
            changes: self.changes.get(step).cloned().unwrap_or_default(),
        }
    }

    /// Records a change; of a setting that an earlier attempt changed, the stack's value stays.
    pub fn change(&mut self, step: &StepName, change: MemoryChange) {
        let changes = self.changes.entry(step.clone()).or_default();
        let mut known = changes.iter_mut();
        match known.find(|known| known.setting == change.setting) {
            Some(known) => known.to = change.to,
            None => changes.push(change),
        }
    }

    /// The job with the attempt's memory.
    pub fn applied(&self, job: &Job) -> Job {
        let mut job = job.clone();
        for step in &mut job.steps {
            for change in self.changes.get(&step.name).into_iter().flatten() {
                change.apply(step);
            }
        }
        job
    }
}

impl MemoryChange {
    fn apply(&self, step: &mut Step) {
        let spark = &mut step.spark;
        match self.setting {
            MemorySetting::ExecutorMemory => spark.executor_memory = Some(self.to),
            MemorySetting::DriverMemory => spark.submission.driver_memory = Some(self.to),
            MemorySetting::DriverMemoryConf
            | MemorySetting::Overhead
            | MemorySetting::YarnOverhead
            | MemorySetting::PythonWorkers => {
                let key = self.setting.as_str().to_owned();
                spark.conf.insert(key, self.to.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_read_and_written() {
        for (text, of_1g) in [
            ("x2", 2_048),
            ("x1.5", 1_536),
            ("x1.1", 1_127),
            ("x8", 8_192),
        ] {
            let factor: Factor = text.parse().unwrap();
            assert_eq!(factor.of(Memory::from_mib(1_024)).mib(), of_1g, "{text}");
            assert_eq!(factor.to_string(), text);
        }
        assert_eq!("x2.50".parse::<Factor>().unwrap().to_string(), "x2.5");
        for bad in [
            "",
            "x",
            "2",
            "x1",
            "x1.",
            "x.5",
            "x1.09",
            "x8.01",
            "x9",
            "x1.234",
            "x-2",
            "x+2",
            "X2",
            "2x",
            "x 2",
            "x2e1",
            "x99999999999999999999",
            "x1.+5",
            "x02",
        ] {
            assert!(bad.parse::<Factor>().is_err(), "{bad}");
        }
    }

    #[test]
    fn changes_are_parsed_back() {
        for setting in MemorySetting::ALL {
            let [from, to] = [1_024, 1_536].map(Memory::from_mib);
            let change = MemoryChange { setting, from, to };
            assert_eq!(change.to_string().parse(), Ok(change));
        }
        for bad in [
            "",
            "executor_memory",
            "executor_memory 1g",
            "cores 1g -> 2g",
            "executor_memory 1 -> 2g",
        ] {
            assert!(bad.parse::<MemoryChange>().is_err(), "{bad}");
        }
    }
}
