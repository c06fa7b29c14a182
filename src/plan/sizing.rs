//! Sizes of a step's executors, their number, and the partitions of its shuffles: what the stack gives,
//! or what suits the nodes, the input and the last run, each with its arithmetic.

use super::beside::Beside;
use super::fit::{self, Fitted};
use super::memory::APPLICATION_MASTER;
use super::refusal::Refusal;
use super::software;
use crate::model::bytes::size;
use crate::model::facts::{Capacity, Facts, Input, LastShuffle};
use crate::model::memory::Memory;
use crate::model::name::StepName;
use crate::model::shown;
use crate::model::software::SPARK_DEFAULTS;
use crate::model::stack::{Piece, Stack, Step};
use crate::model::work::NumberOrAuto;
use serde::Serialize;

/// EMR's usual number of cores of an executor: observed from xlarge up to 24xlarge.
pub(super) const EMR_CORES: u32 = 4;
/// What one partition should hold, in bytes: as much as Spark reads in one task
/// (`spark.sql.files.maxPartitionBytes`).
const PARTITION: u64 = 128 << 20;
/// Tasks of a stage for each slot, so that a slot that is done early helps the others.
const TASKS_PER_SLOT: u64 = 2;
pub(super) const MAX_PARTITIONS: u64 = 10_000;
/// The numbers of cores of an executor to choose from, the best first. Tasks of more than five cores
/// slow each other down when they write, and one core wastes what an executor needs for itself.
const CORES: [u32; 4] = [4, 5, 3, 2];
/// Spark's settings of the number of partitions after a shuffle: of DataFrames, and of RDDs.
const PARTITIONS: [&str; 2] = ["spark.sql.shuffle.partitions", "spark.default.parallelism"];
pub(super) const EXECUTOR_CORES: &str = "spark.executor.cores";

/// A size of a step, and why it is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Size {
    /// What it is: `cores`, `executors`, `memory` or `partitions`.
    pub what: &'static str,
    /// The value, such as `9593m`.
    pub value: String,
    /// Where it comes from, with the arithmetic.
    pub because: String,
}

/// The sizes of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StepSizes {
    /// The step.
    pub step: StepName,
    /// Its sizes.
    pub sizes: Vec<Size>,
}

/// The sizes of each step that runs Spark.
///
/// # Errors
/// Returns why the stack's nodes are not known, or hold no executor.
pub fn explain(stack: &Stack, facts: &Facts) -> Result<Vec<StepSizes>, Refusal> {
    let fitted = fit::fit(&stack.cluster, facts.capacity)?;
    let steps = stack.job.iter().flat_map(|job| &job.steps);
    let sparks = steps.filter(|step| step.work.is_spark());
    let sizes = |step: &Step| {
        let sizing = Sizing::of(step, stack, facts, &fitted)?;
        Ok(StepSizes {
            step: step.name.clone(),
            sizes: sizing.explained,
        })
    };
    sparks.map(sizes).collect()
}

/// Spark's own settings that change how many tasks run at once, and are not followed.
const OF_SLOTS: [&str; 4] = [
    "spark.dynamicAllocation.enabled",
    "spark.dynamicAllocation.maxExecutors",
    "spark.executor.instances",
    "spark.task.cpus",
];

/// How many tasks of a step run at once, if all its executors are there; `None` if its nodes are not
/// known or hold no executor, or if Spark's own settings decide.
pub fn slots(step: &Step, stack: &Stack, facts: &Facts) -> Option<u64> {
    let defaults = &stack.cluster.emr.software.configurations;
    let default = |key: &str| defaults.get(&[SPARK_DEFAULTS], key).is_some();
    let sets = |key: &&str| step.spark.conf.contains_key(*key) || default(key);
    let has_cores = given_cores(step).is_none() && default(EXECUTOR_CORES);
    if has_cores || OF_SLOTS.iter().any(sets) {
        return None;
    }
    let fitted = fit::fit(&stack.cluster, facts.capacity).ok()?;
    Some(Sizing::of(step, stack, facts, &fitted).ok()?.slots)
}

/// Settings of Spark that the planner chooses.
pub(super) type ChosenConf = Vec<(&'static str, String)>;

/// The resolved sizes of a step.
#[derive(Debug)]
pub(super) struct Sizing {
    /// Given to spark-submit if the stack gives it or leaves it to the planner.
    pub(super) cores: Option<u16>,
    pub(super) executors: Option<u16>,
    pub(super) memory: Memory,
    /// How many tasks run at once, if all executors are there.
    slots: u64,
    /// The partitions after a shuffle, unless Spark's own settings decide.
    pub(super) partitions: Option<u64>,
    /// Settings that the stack leaves to the planner.
    pub(super) conf: ChosenConf,
    explained: Vec<Size>,
}

impl Sizing {
    pub(super) fn of(
        step: &Step,
        stack: &Stack,
        facts: &Facts,
        fitted: &Fitted,
    ) -> Result<Self, Refusal> {
        let mut sizer = Sizer {
            step,
            stack,
            facts,
            fitted,
            explained: Vec::new(),
        };
        let (cores, given_cores) = sizer.cores();
        let per_node = sizer.per_node(cores);
        let (memory, per_node) = sizer.memory(per_node)?;
        let (executors, given_executors) = sizer.executors(per_node, cores);
        let slots = u64::from(executors) * u64::from(cores);
        let partitions = sizer.partitions(slots);
        Ok(Self {
            cores: given_cores,
            executors: given_executors,
            memory,
            slots,
            partitions,
            conf: conf(step, partitions),
            explained: sizer.explained,
        })
    }
}

struct Sizer<'a> {
    step: &'a Step,
    stack: &'a Stack,
    facts: &'a Facts,
    fitted: &'a Fitted,
    explained: Vec<Size>,
}

impl Sizer<'_> {
    fn on_emr(&self) -> bool {
        self.facts.capacity == Capacity::AsTyped
    }

    fn explain(&mut self, what: &'static str, value: impl ToString, because: impl Into<String>) {
        self.explained.push(Size {
            what,
            value: value.to_string(),
            because: because.into(),
        });
    }

    fn node(&self) -> String {
        if self.on_emr() {
            format!("a node of {}", self.fitted.instance_type)
        } else {
            "a worker on this machine".to_owned()
        }
    }

    /// The cores of each executor, and what spark-submit gets.
    fn cores(&mut self) -> (u32, Option<u16>) {
        let all = self.fitted.worker.cores.max(1);
        let asked = self.step.spark.submission.executor_cores;
        if !self.on_emr() {
            self.explain(
                "cores",
                all,
                "a standalone executor has all cores of its worker",
            );
            return (all, asked);
        }
        if given_cores(self.step).is_some() {
            let cores = executor_cores(self.step, all);
            self.explain("cores", cores, "the stack gives it");
            return (cores, asked);
        }
        if self.step.spark.auto.executor_cores {
            let cores = executor_cores(self.step, all);
            let (executors, unused) = (all / cores, all % cores);
            let why = format!(
                "{} has {all}: {executors} x {cores}, and {unused} unused",
                self.node()
            );
            self.explain("cores", cores, why);
            return (cores, u16::try_from(cores).ok());
        }
        let cores = executor_cores(self.step, all);
        self.explain("cores", cores, "EMR's default");
        (cores, None)
    }

    fn per_node(&self, cores: u32) -> u32 {
        if self.on_emr() {
            (self.fitted.worker.cores / cores).max(1)
        } else {
            1
        }
    }

    /// What a container holds beside the heap. Workers of this machine have no containers.
    fn beside(&self) -> Beside {
        let of_step = self.on_emr().then(|| Beside::of(self.step, self.stack));
        of_step.flatten().unwrap_or_default()
    }

    /// The memory of each executor, and how many of them a node holds.
    fn memory(&mut self, per_node: u32) -> Result<(Memory, u32), Refusal> {
        let node = self.fitted.worker.memory;
        let own = software::executor_memory(self.stack, self.facts);
        let beside = self.beside();
        if let Some(memory) = self.step.spark.executor_memory.or(own) {
            let (overhead, more) = (beside.overhead(memory), beside.more());
            let because = format!("the stack gives it, and {overhead} its overhead{more}");
            self.explain("memory", memory, because);
            let held = node.mib() / beside.container(memory).mib().max(1);
            let held = u32::try_from(held).unwrap_or(u32::MAX).max(1);
            return Ok((memory, per_node.min(held)));
        }
        if !self.step.work.is_spark() {
            return Ok((node, per_node));
        }
        let (memory, per_node) = beside.planned(node, per_node).ok_or_else(|| {
            let more = beside.more();
            let message = format!("no executor fits into {node} with its overhead{more}");
            Refusal::new(
                message,
                "use fewer or larger nodes, or ask for less beside the heap",
            )
        })?;
        let executors = match per_node {
            1 => "one executor".to_owned(),
            many => format!("{many} executors"),
        };
        let because = format!(
            "{} gives {node}; less {APPLICATION_MASTER}m for the application master, for {executors} with \
             {} overhead{} each",
            self.node(),
            beside.overhead(memory),
            beside.more(),
        );
        self.explain("memory", memory, because);
        Ok((memory, per_node))
    }

    /// The number of executors at most, and what spark-submit gets.
    fn executors(&mut self, per_node: u32, cores: u32) -> (u32, Option<u16>) {
        let workers = u32::from(self.fitted.workers);
        let all = workers * per_node;
        let asked = self.step.spark.submission.executors;
        if !self.on_emr() {
            self.explain("executors", all, "one for each worker");
            return (all, asked);
        }
        if let Some(executors) = asked {
            self.explain("executors", executors, "the stack gives it");
            return (u32::from(executors), asked);
        }
        let slots = u64::from(all) * u64::from(cores);
        let arithmetic = format!("{workers} nodes x {per_node} each: {slots} slots");
        if self.step.spark.auto.executors {
            self.explain("executors", all, arithmetic);
            return (all, u16::try_from(all).ok());
        }
        let because = format!("{arithmetic}, added by EMR while there is work for them");
        self.explain("executors", format!("up to {all}"), because);
        (all, None)
    }

    /// The number of partitions that the planner chooses, or that the stack gives.
    fn partitions(&mut self, slots: u64) -> Option<u64> {
        if let NumberOrAuto::Given(number) = self.step.spark.partitions? {
            self.explain("partitions", number, "the stack gives it");
            return Some(u64::from(number));
        }
        let (bytes, of) = self.amount();
        let slots = slots.max(1);
        let wanted = bytes
            .div_ceil(PARTITION)
            .max(slots.saturating_mul(TASKS_PER_SLOT));
        let number = wanted.next_multiple_of(slots).min(MAX_PARTITIONS);
        let because = format!(
            "{of} in parts of 128 MB, at least {TASKS_PER_SLOT} for each of {slots} slots, in whole \
             rounds of them"
        );
        self.explain("partitions", number, because);
        Some(number)
    }

    /// The bytes that a shuffle will move at most, and where the figure comes from.
    fn amount(&self) -> (u64, String) {
        if let Some(LastShuffle {
            stage,
            bytes,
            spilled,
        }) = self.facts.last_run.get(&self.step.name)
        {
            let stage = shown::line(stage, 60);
            let read = format!("the {} that {stage} shuffled in the last run", size(*bytes));
            if *spilled > 0 {
                let twice = format!("twice {read}, as it spilled {} to disk,", size(*spilled));
                return (bytes.saturating_mul(2), twice);
            }
            return (*bytes, read);
        }
        let pieces = self.step.args.iter().flatten();
        let names = pieces.filter_map(|piece| match piece {
            Piece::Data(name) => Some(name),
            Piece::Text(_) | Piece::Results | Piece::Scratch => None,
        });
        let inputs = names.filter_map(|name| self.facts.data.get(name));
        let bytes = inputs.map(Input::bytes).sum();
        (bytes, format!("an input of {}", size(bytes)))
    }
}

/// The settings of a number of partitions, but for those that the stack gives.
fn conf(step: &Step, partitions: Option<u64>) -> ChosenConf {
    let Some(number) = partitions else {
        return Vec::new();
    };
    let is_free = |key: &&str| !step.spark.conf.contains_key(*key);
    let free = PARTITIONS.into_iter().filter(is_free);
    free.map(|key| (key, number.to_string())).collect()
}

/// The cores of an executor that the step gives.
pub(super) fn given_cores(step: &Step) -> Option<u16> {
    let in_conf = || step.spark.conf.get(EXECUTOR_CORES)?.parse().ok();
    step.spark.submission.executor_cores.or_else(in_conf)
}

/// The cores of each executor on EMR, on nodes with so many of them.
pub(super) fn executor_cores(step: &Step, all: u32) -> u32 {
    match given_cores(step) {
        Some(cores) => u32::from(cores).max(1),
        None if step.spark.auto.executor_cores => best_cores(all),
        None => EMR_CORES.min(all),
    }
}

/// The cores of an executor that leave the fewest of a node unused.
fn best_cores(all: u32) -> u32 {
    let fitting = CORES.into_iter().filter(|cores| *cores <= all);
    fitting.min_by_key(|cores| all % cores).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cores_that_leave_the_fewest_unused_are_chosen() {
        for (all, expected) in [
            (1, 1),
            (2, 2),
            (4, 4),
            (8, 4),
            (10, 5),
            (18, 3),
            (36, 4),
            (96, 4),
        ] {
            assert_eq!(best_cores(all), expected, "{all}");
        }
    }
}
