//! Fixes of memory: never more than a node gives.

use super::{Context, Failed, Fix, Setting};
use crate::cost::shape;
use crate::model::memory::Memory;
use crate::model::releases;
use crate::model::retry::MemorySetting;
use crate::model::work::{DeployMode, NumberOrAuto};
use crate::plan::beside::Beside;
use crate::plan::memory::{
    ALLOCATION, LEAST, automatic, container, container_with, largest_executor,
};
use crate::plan::sizing::{EMR_CORES, MAX_PARTITIONS, Sizing};

const EXECUTOR_CORES: &str = "spark.executor.cores";
const TWICE: &str = "twice as many partitions halve what a task holds";
const DRIVER_MEMORY: &str = MemorySetting::DriverMemoryConf.as_str();
const PYTHON_WORKERS: &str = MemorySetting::PythonWorkers.as_str();
/// What the primary's own processes take: EMR's heaps of ResourceManager, NameNode and history
/// servers. An estimate.
const PRIMARY_DAEMONS: u64 = 4_096;

impl Context<'_> {
    /// Twice the memory, up to the most that a node gives; then fewer tasks at a time in the same
    /// memory; then a larger type.
    pub(super) fn executor_memory(&self) -> Option<Fix> {
        let now = self.executor()?;
        let most = self.most_executor()?;
        if now < most {
            let to = Memory::from_mib(now.mib() * 2).min(most);
            let reason = if to == most {
                format!(
                    "{to} is the most that {} gives beside the application master",
                    self.node()
                )
            } else {
                format!("twice {now}; {} gives {most} at most", self.node())
            };
            let setting = self.spark("executor_memory", Some(now.to_string()), to.to_string())?;
            return Some(Fix::set(vec![setting], reason));
        }
        self.fewer_cores(now)
            .or_else(|| self.larger_type(&format!("{most} is the most that {} gives", self.node())))
    }

    /// The smallest worker, as a message names it.
    pub(super) fn node(&self) -> String {
        if self.fitted.worker == self.fitted.typed {
            format!("a node of {}", self.fitted.instance_type)
        } else {
            "a worker on this machine".to_owned()
        }
    }

    fn cores(&self) -> u32 {
        let step = self
            .step
            .and_then(|step| step.spark.submission.executor_cores);
        let own = step.map(u32::from);
        own.or_else(|| self.conf_value(EXECUTOR_CORES)?.parse().ok())
            .unwrap_or_else(|| self.fitted.worker.cores.min(EMR_CORES))
    }

    /// Half the cores for each executor. Workers of this machine have no such setting.
    fn fewer_cores(&self, memory: Memory) -> Option<Fix> {
        let now = self.cores();
        if !self.on_emr() || now < 2 || self.conf_value(EXECUTOR_CORES).is_some() {
            return None;
        }
        let to = now / 2;
        let setting = self.spark("executor_cores", Some(now.to_string()), to.to_string())?;
        let reason = format!(
            "{memory} is the most that {} gives; executors of {to} cores instead of {now} give each \
             task {}",
            self.node(),
            Memory::from_mib(memory.mib() / u64::from(to)),
        );
        Some(Fix::set(vec![setting], reason))
    }

    /// A quarter more than now; the heap shrinks if both do not fit.
    pub(super) fn overhead(&self) -> Option<Fix> {
        if !self.on_emr() {
            return self.executor_memory();
        }
        let heap = self.executor()?;
        let key = self.overhead_setting().as_str();
        let now = self.beside()?.overhead(heap);
        let to = Memory::from_mib((now.mib() * 5).div_ceil(4).next_multiple_of(32));
        let room = self.room()?;
        let mut settings = vec![self.spark(
            &format!("conf.{key}"),
            self.conf_value(key).map(str::to_owned),
            to.to_string(),
        )?];
        let mut reason = format!("{to} beside the heap instead of {now}, a quarter more");
        if container_with(heap, to) > room {
            let smaller = Memory::from_mib(room.mib().saturating_sub(to.mib()));
            // Less than half the heap would exchange one lack of memory for another.
            if smaller.mib() * 2 < heap.mib() || smaller < LEAST {
                return self.fewer_cores(heap);
            }
            settings.push(self.spark(
                "executor_memory",
                Some(heap.to_string()),
                smaller.to_string(),
            )?);
            reason = format!(
                "{reason}; the heap is {smaller}, so that both fit {}",
                self.node()
            );
        }
        Some(Fix::set(settings, reason))
    }

    /// Twice the limit of Python workers, if the step sets one. Where a node does not give that, the
    /// limit is to go.
    pub(super) fn python_memory(&self) -> Option<Fix> {
        let now = self.asked_python()?;
        let to = Memory::from_mib(now.mib() * 2);
        if to > self.most_python()? {
            return self.conf(PYTHON_WORKERS, None);
        }
        let field = format!("conf.{PYTHON_WORKERS}");
        let setting = self.spark(&field, Some(now.to_string()), to.to_string())?;
        let reason = format!("the Python workers of an executor may take {to} instead of {now}");
        Some(Fix::set(vec![setting], reason))
    }

    /// The limit of Python workers that the step sets.
    pub(super) fn asked_python(&self) -> Option<Memory> {
        self.conf_value(PYTHON_WORKERS)?.parse().ok()
    }

    /// What Python workers can have beside their executor: YARN adds their limit to its container.
    pub(super) fn most_python(&self) -> Option<Memory> {
        if !self.on_emr() {
            return Some(self.fitted.worker.memory);
        }
        let taken = self.beside()?.without_python().container(self.executor()?);
        let room = self.share()?.mib();
        Some(Memory::from_mib(room.saturating_sub(taken.mib())))
    }

    /// The setting for memory beside the heap, which is another one before Spark 2.3.
    pub(super) fn overhead_setting(&self) -> MemorySetting {
        let release = self.failed.stack.cluster.release.to_string();
        match releases::spark(&release) {
            Some("1.6" | "2.0" | "2.1" | "2.2") => MemorySetting::YarnOverhead,
            Some(_) | None => MemorySetting::Overhead,
        }
    }

    /// What is beside the heap; `None` if the step's settings are not followed. Executors of this machine
    /// have nothing beside it.
    pub(super) fn beside(&self) -> Option<Beside> {
        if self.on_emr() {
            Beside::of(self.step?, self.failed.stack)
        } else {
            Some(Beside::default())
        }
    }

    /// What a node has for an executor, as a rule beside the application master.
    fn share(&self) -> Option<Memory> {
        Some(container(automatic(self.fitted.worker.memory)?))
    }

    /// The largest executor of that share, with what the step asks for beside its heap.
    pub(super) fn most_executor(&self) -> Option<Memory> {
        let beside = self.beside()?;
        let largest = beside.largest(self.share()?);
        largest.filter(|heap| beside.is_usual() || *heap >= LEAST)
    }

    /// What the heap and its overhead can have together. YARN's container holds the limit of Python workers
    /// and memory outside the heap as well (`ResourceProfile` of Spark).
    pub(super) fn room(&self) -> Option<Memory> {
        let more = self.beside()?.besides_overhead().mib();
        let room = self.share()?.mib().saturating_sub(more);
        // Containers come in multiples.
        Some(Memory::from_mib(room / ALLOCATION * ALLOCATION))
    }

    /// The most that fits, for executors that no node can hold.
    pub(super) fn smaller_executors(&self) -> Option<Fix> {
        let now = self.executor()?;
        let most = self.most_executor()?;
        if now <= most {
            return self.size();
        }
        let setting = self.spark("executor_memory", Some(now.to_string()), most.to_string())?;
        let reason = format!("{most} is the most that {} gives", self.node());
        Some(Fix::set(vec![setting], reason))
    }

    /// Twice the driver's memory, up to what its machine has.
    pub(super) fn driver_memory(&self) -> Option<Fix> {
        let now = self.driver()?;
        let most = self.most_for_driver()?;
        if now >= most {
            return Some(Fix::by_hand(
                format!(
                    "{now} is the most that the driver's machine gives: write instead of collecting"
                ),
                None,
            ));
        }
        let to = Memory::from_mib(now.mib() * 2).min(most);
        let field = if self.conf_value(DRIVER_MEMORY).is_some() {
            format!("conf.{DRIVER_MEMORY}")
        } else {
            "driver_memory".to_owned()
        };
        let setting = self.spark(&field, Some(now.to_string()), to.to_string())?;
        let reason =
            format!("the driver gets {to} instead of {now}; its machine gives {most} at most");
        Some(Fix::set(vec![setting], reason))
    }

    /// The memory of the driver.
    pub(super) fn driver(&self) -> Option<Memory> {
        let written = self.step?.spark.submission.driver_memory;
        let default = if self.on_emr() { "2g" } else { "1g" };
        let conf = self.conf_value(DRIVER_MEMORY);
        written.or_else(|| conf.unwrap_or(default).parse().ok())
    }

    /// In client mode what the primary has beside its daemons; in cluster mode, and on this machine,
    /// what a worker has. The only worker of a cluster also holds an executor.
    pub(super) fn most_for_driver(&self) -> Option<Memory> {
        let cluster_mode = self.step?.spark.submission.deploy_mode == DeployMode::Cluster;
        let worker = self.fitted.worker.memory;
        if !self.on_emr() || cluster_mode && self.fitted.asked > 1 {
            return largest_executor(worker);
        }
        if cluster_mode {
            let left = worker.mib().checked_sub(self.held()?)?;
            return largest_executor(Memory::from_mib(left));
        }
        let primary = &self.failed.stack.cluster.primary;
        let memory = primary
            .instance_types()
            .into_iter()
            .filter_map(|of| Some(shape::shape(of)?.memory))
            .min()?;
        Some(Memory::from_mib(memory.mib().checked_sub(PRIMARY_DAEMONS)?))
    }

    /// The container of the step's executor, in MiB.
    fn held(&self) -> Option<u64> {
        Some(self.beside()?.container(self.executor()?).mib())
    }

    /// Twice as many partitions, for RDDs and for SQL. A skewed task gets no smaller by them.
    pub(super) fn partitions(&self) -> Option<Fix> {
        const SQL: &str = "spark.sql.shuffle.partitions";
        const RDD: &str = "spark.default.parallelism";
        /// Spark's default for SQL.
        const DEFAULT: u32 = 200;
        /// More of them cost more time than they save.
        const MOST: u32 = 20_000;
        if self.failed.skew.is_some() {
            return None;
        }
        if let Some(asked) = self.step?.spark.partitions {
            return self.twice_as_many(asked);
        }
        let twice = |key| {
            let from = self.conf_value(key);
            let was: u32 = from.map_or(Some(DEFAULT), |text| text.parse().ok())?;
            let to = was.checked_mul(2).filter(|to| *to <= MOST)?;
            let from = from.map(str::to_owned);
            self.spark(&format!("conf.{key}"), from, to.to_string())
        };
        let settings: Vec<Setting> = [SQL, RDD].into_iter().filter_map(twice).collect();
        if settings.is_empty() {
            return None;
        }
        Some(Fix::set(settings, TWICE))
    }

    /// Twice the number that `partitions` gives, or that the planner chooses for it.
    fn twice_as_many(&self, asked: NumberOrAuto) -> Option<Fix> {
        let Failed { stack, facts, .. } = self.failed;
        let sizing = Sizing::of(self.step?, stack, facts, self.fitted).ok()?;
        let to = sizing
            .partitions?
            .checked_mul(2)
            .filter(|to| *to <= MAX_PARTITIONS)?;
        let from = asked
            .given()
            .map_or_else(|| "auto".to_owned(), |n| n.to_string());
        let setting = self.spark("partitions", Some(from), to.to_string())?;
        Some(Fix::set(vec![setting], TWICE))
    }
}
