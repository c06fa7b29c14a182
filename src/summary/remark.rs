//! What is worth a line of a run's summary, most of the time in one screen.

use super::FLOOR_MS;
use super::estimate::{Cheaper, Faster};
use super::figures::{Application, Loss, Stage};
use super::run::{Run, Times};
use crate::model::memory::Memory;
use crate::model::money::Usd;
use serde::{Deserialize, Serialize};

/// One line of a summary. Sizes are in bytes, times in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Remark {
    /// What the cluster did with its time.
    Cluster(Times),
    /// The executors, and how much of their time tasks took.
    Executors(Capacity),
    /// The script ran all tasks on the driver, because its master is `local`.
    LocalMaster(LocalMaster),
    /// Executors were there and ran nothing.
    IdleExecutors(Idle),
    /// No job ran for a while.
    DriverAlone(Alone),
    /// The most memory that was sampled.
    Memory(Held),
    /// The longest stage.
    Longest(Longest),
    /// One task of a stage did much more than the others.
    Skew(Skew),
    /// Data did not fit into memory.
    Spilled(Spilled),
    /// Garbage collection took much of the tasks' time.
    GarbageCollection {
        /// How much.
        percent: u64,
    },
    /// What was read and written.
    Data(Volume),
    /// Executors were lost.
    Lost(LostExecutors),
    /// A smaller cluster would do.
    Cheaper(Cheaper),
    /// What would make it faster.
    Faster(Faster),
    /// The log ends before its application does, so the figures are lower bounds.
    Incomplete,
}

/// The executors, and how much of their time tasks took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Capacity {
    /// How many there were at the same time.
    pub at_once: u32,
    /// How many were asked for, if that is more.
    pub asked: Option<u32>,
    /// The heap of each.
    pub memory: Option<Memory>,
    /// The cores of each.
    pub cores: u32,
    /// How many tasks could run at the same time.
    pub slots: u32,
    /// How much of the slots' time tasks took.
    pub busy_percent: u64,
}

/// A driver that ran all tasks by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LocalMaster {
    /// The master, such as `local[*]`.
    pub master: String,
    /// The workers, which had nothing to do.
    pub workers: u16,
    /// What they cost meanwhile.
    pub cost: Option<Usd>,
}

/// Executors that ran nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Idle {
    /// How many.
    pub idle: u32,
    /// Of how many.
    pub count: u32,
}

/// The time without a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Alone {
    /// In all.
    pub total_ms: u64,
    /// Of the application's time.
    pub percent: u64,
    /// The last job before the longest time.
    pub after: Option<String>,
}

/// The most memory that was sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Held {
    /// The heap of an executor.
    pub executor: Option<u64>,
    /// How much it could have.
    pub executor_limit: Option<Memory>,
    /// The Python processes of an executor.
    pub python: Option<u64>,
    /// The heap of the driver.
    pub driver: Option<u64>,
    /// How much it could have.
    pub driver_limit: Option<Memory>,
}

/// The longest stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Longest {
    /// Its number.
    pub stage: u32,
    /// Its name.
    pub name: String,
    /// How long it took.
    pub wall_ms: u64,
    /// How many tasks it has.
    pub tasks: u64,
}

/// A stage of which one task did most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Skew {
    /// Its number.
    pub stage: u32,
    /// How long the longest task ran.
    pub longest_ms: u64,
    /// And the median.
    pub median_ms: u64,
    /// What a task read of shuffles at most.
    pub read: u64,
    /// And the median.
    pub median_read: u64,
}

/// What was spilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spilled {
    /// How much was written to disk.
    pub bytes: u64,
    /// The stage that spilled most.
    pub stage: Option<u32>,
}

/// What was read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Volume {
    /// From storage.
    pub read: u64,
    /// To storage.
    pub written: u64,
    /// Through shuffles.
    pub shuffled: u64,
}

/// Executors that were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LostExecutors {
    /// How many.
    pub count: usize,
    /// Why most of them were.
    pub why: Loss,
    /// How long stages took that were run again.
    pub repeated_ms: u64,
}

/// The least part of the wall time that the driver alone is worth a line for, and of the tasks' time
/// that garbage collection is, in percent.
const ALONE_PERCENT: u64 = 20;
const GC_PERCENT: u64 = 10;

impl Run {
    /// What is worth a line, in order.
    pub fn remarks(&self) -> Vec<Remark> {
        let cluster = Some(Remark::Cluster(self.times));
        let Some(app) = &self.application else {
            return cluster.into_iter().collect();
        };
        let all = [
            cluster,
            executors(app),
            self.idle(app),
            driver(app),
            memory(app),
            longest(app),
            skew(app),
            spilled(app),
            garbage_collection(app),
            data(app),
            lost(app),
            self.cheaper.clone().map(Remark::Cheaper),
            self.faster.clone().map(Remark::Faster),
            (!app.complete).then_some(Remark::Incomplete),
        ];
        all.into_iter().flatten().collect()
    }

    fn idle(&self, app: &Application) -> Option<Remark> {
        if app.settings.is_local() {
            return Some(Remark::LocalMaster(LocalMaster {
                master: app.settings.master.clone()?,
                workers: self.workers,
                cost: self.workers_cost,
            }));
        }
        let executors = &app.executors;
        (executors.idle > 0).then_some(Remark::IdleExecutors(Idle {
            idle: executors.idle,
            count: executors.count,
        }))
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    let percent = u128::from(part) * 100 / u128::from(whole.max(1));
    u64::try_from(percent).unwrap_or(u64::MAX)
}

fn executors(app: &Application) -> Option<Remark> {
    let executors = &app.executors;
    (executors.count > 0).then(|| {
        Remark::Executors(Capacity {
            at_once: executors.at_once,
            asked: (app.settings.executors)
                .filter(|asked| *asked > executors.at_once && !app.settings.is_local()),
            memory: (app.settings.executor_memory).filter(|_| !app.settings.is_local()),
            cores: executors.cores,
            slots: executors.slots,
            busy_percent: percent(executors.busy_ms, executors.slot_ms),
        })
    })
}

fn driver(app: &Application) -> Option<Remark> {
    let total_ms = app.driver.total_ms;
    let percent = percent(total_ms, app.wall_ms()?);
    (total_ms >= FLOOR_MS && percent >= ALONE_PERCENT).then(|| {
        Remark::DriverAlone(Alone {
            total_ms,
            percent,
            after: app.driver.longest_after.clone(),
        })
    })
}

fn memory(app: &Application) -> Option<Remark> {
    let peak = app.memory;
    let any = [peak.executor_heap, peak.python, peak.driver_heap];
    any.iter()
        .any(Option::is_some)
        .then_some(Remark::Memory(Held {
            executor: peak.executor_heap,
            executor_limit: app.settings.executor_memory,
            python: peak.python,
            driver: peak.driver_heap,
            driver_limit: app.settings.driver_memory,
        }))
}

fn longest(app: &Application) -> Option<Remark> {
    let stage = app.stages.iter().max_by_key(|stage| stage.wall_ms)?;
    Some(Remark::Longest(Longest {
        stage: stage.id,
        name: stage.name.clone(),
        wall_ms: stage.wall_ms?,
        tasks: stage.tasks,
    }))
}

fn skew(app: &Application) -> Option<Remark> {
    let skewed = app.stages.iter().filter(|stage| stage.is_skewed());
    let stage = skewed.max_by_key(|stage| stage.run_ms.max)?;
    Some(Remark::Skew(Skew {
        stage: stage.id,
        longest_ms: stage.run_ms.max,
        median_ms: stage.run_ms.median,
        read: stage.shuffle_read.max,
        median_read: stage.shuffle_read.median,
    }))
}

fn spilled(app: &Application) -> Option<Remark> {
    let bytes = app.totals.disk_spilled.filter(|bytes| *bytes > 0)?;
    let spills = |stage: &&Stage| stage.disk_spilled > 0;
    let stage = app.stages.iter().filter(spills);
    let stage = stage.max_by_key(|stage| stage.disk_spilled);
    Some(Remark::Spilled(Spilled {
        bytes,
        stage: stage.map(|stage| stage.id),
    }))
}

fn garbage_collection(app: &Application) -> Option<Remark> {
    let run = app.totals.run_ms?;
    let percent = percent(app.totals.gc_ms?, run);
    (run >= FLOOR_MS && percent >= GC_PERCENT).then_some(Remark::GarbageCollection { percent })
}

fn data(app: &Application) -> Option<Remark> {
    let totals = &app.totals;
    let [read, written, shuffled] =
        [totals.input, totals.output, totals.shuffle_write].map(|bytes| bytes.unwrap_or(0));
    (read.max(written).max(shuffled) > 0).then_some(Remark::Data(Volume {
        read,
        written,
        shuffled,
    }))
}

fn lost(app: &Application) -> Option<Remark> {
    let lost = &app.executors.lost;
    let why = |loss: &Loss| lost.iter().filter(|lost| lost.why == *loss).count();
    let all = [Loss::Other, Loss::Silent, Loss::Node, Loss::Memory];
    Some(Remark::Lost(LostExecutors {
        count: lost.len(),
        why: all
            .into_iter()
            .filter(|loss| why(loss) > 0)
            .max_by_key(why)?,
        repeated_ms: app.repeated_ms(),
    }))
}
