//! How the executors that a step asks for use the nodes: memory or cores that stay idle, more executors
//! than the nodes hold, and containers that no node holds because of what is beside the heap.

use super::beside::{Beside, FACTOR};
use super::fit;
use super::memory::APPLICATION_MASTER;
use super::sizing::{EXECUTOR_CORES, executor_cores, given_cores};
use crate::cost::shape;
use crate::model::facts::Capacity;
use crate::model::instance::InstanceType;
use crate::model::lint::LintCode;
use crate::model::memory::Memory;
use crate::model::name::StepName;
use crate::model::retry::MemorySetting;
use crate::model::software::{EXECUTOR_MEMORY, SPARK_DEFAULTS};
use crate::model::stack::{InstanceGroup, Stack, Step};

/// The share of a node that executors have to use, in percent.
const WELL_USED: u64 = 60;

/// Spark's setting of the number of executors.
const INSTANCES: &str = "spark.executor.instances";

const MASTER_MEMORY: &str = "spark.yarn.am.memory";

/// The setting of a step that a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeField {
    /// `executor_memory`.
    Memory,
    /// `executor_cores`, or Spark's own setting.
    Cores,
    /// `executors`, or Spark's own setting.
    Executors,
    /// One of Spark's own settings.
    Conf(&'static str),
}

/// What is wrong with the sizes of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeFinding {
    /// The step.
    pub step: StepName,
    /// Its setting.
    pub field: SizeField,
    /// The kind of finding.
    pub code: LintCode,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// How to fix it.
    pub help: String,
}

/// Checks the sizes of all steps that run Spark. Nodes whose memory the stack itself configures are not
/// known.
pub fn check(stack: &Stack) -> Vec<SizeFinding> {
    let configured = &stack.cluster.emr.software.configurations;
    let Some(nodes) = Nodes::of(stack).filter(|_| configured.of("yarn-site").next().is_none())
    else {
        return Vec::new();
    };
    let steps = stack.job.iter().flat_map(|job| &job.steps);
    let sparks = steps.filter(|step| step.work.is_spark());
    sparks
        .flat_map(|step| {
            let used = Use::of(step, stack, &nodes);
            used.map(|used| used.findings()).unwrap_or_default()
        })
        .collect()
}

/// The nodes that executors run on.
struct Nodes<'a> {
    groups: Vec<&'a InstanceGroup>,
    /// What YARN has of the smallest, which bounds every container.
    room: Memory,
    /// The cores of the smallest.
    cores: u32,
    /// The type of all, if they are of one type.
    only: Option<&'a InstanceType>,
    /// Whether their number is fixed.
    is_fixed: bool,
}

impl<'a> Nodes<'a> {
    fn of(stack: &'a Stack) -> Option<Self> {
        let cluster = &stack.cluster;
        let fitted = fit::fit(cluster, Capacity::AsTyped).ok()?;
        let mut groups: Vec<_> = cluster.core.iter().chain(&cluster.task).collect();
        if groups.is_empty() {
            groups.push(&cluster.primary);
        }
        let mut types = groups.iter().flat_map(|group| group.instance_types());
        let first = types.next()?;
        let only = types.all(|other| other == first);
        Some(Self {
            is_fixed: cluster.scaling.is_none() && groups.iter().all(|it| it.fleet.is_none()),
            only: only.then_some(first),
            cores: fitted.worker.cores,
            room: fitted.worker.memory,
            groups,
        })
    }

    /// The most executors that YARN grants, which counts memory alone (EMR's capacity scheduler has the
    /// `DefaultResourceCalculator`). One node also holds the application master, of `master` MiB.
    fn held(&self, container: Memory, master: u64) -> Option<u64> {
        let mut all = 0;
        let mut costs = u64::MAX;
        for group in &self.groups {
            let yarn = shape::shape(group.instance_type())?.yarn.mib();
            // Beside HBase YARN has less, which `room` counts.
            let yarn = self.only.map_or(yarn, |_| self.room.mib());
            let per_node = yarn.checked_div(container.mib())?;
            let beside = yarn.saturating_sub(master).checked_div(container.mib())?;
            all += per_node * u64::from(group.nodes.count);
            costs = costs.min(per_node - beside);
        }
        Some(all - costs.min(all))
    }
}

/// The executors of one step.
struct Use<'a> {
    step: &'a Step,
    nodes: &'a Nodes<'a>,
    beside: Beside,
    /// The memory that the stack gives.
    given: Option<Memory>,
    cores: u32,
}

impl<'a> Use<'a> {
    fn of(step: &'a Step, stack: &Stack, nodes: &'a Nodes<'a>) -> Option<Self> {
        let configured = &stack.cluster.emr.software.configurations;
        let default = |key: &str| configured.get(&[SPARK_DEFAULTS], key);
        let memory = default(EXECUTOR_MEMORY).and_then(|text| text.parse().ok());
        // What the cluster has for all steps is not the step's.
        if default(EXECUTOR_CORES).is_some() {
            return None;
        }
        Some(Self {
            step,
            nodes,
            beside: Beside::of(step, stack)?,
            given: step.spark.executor_memory.or(memory),
            cores: executor_cores(step, nodes.cores).max(1),
        })
    }

    fn findings(&self) -> Vec<SizeFinding> {
        if let Some(found) = self.too_large() {
            return vec![found];
        }
        self.idle().into_iter().chain(self.too_many()).collect()
    }

    fn found(
        &self,
        field: SizeField,
        code: LintCode,
        message: String,
        help: String,
    ) -> SizeFinding {
        SizeFinding {
            step: self.step.name.clone(),
            field,
            code,
            message,
            help,
        }
    }

    /// The executors per node that the cores allow.
    fn per_node(&self) -> u32 {
        (self.nodes.cores / self.cores).max(1)
    }

    /// The memory of an executor; `None` if none fits.
    fn memory(&self) -> Option<Memory> {
        let planned = || self.beside.planned(self.nodes.room, self.per_node());
        self.given.or_else(|| Some(planned()?.0))
    }

    /// A container that no node holds because of what is beside the heap.
    fn too_large(&self) -> Option<SizeFinding> {
        let settings = [
            MemorySetting::PythonWorkers,
            MemorySetting::Overhead,
            MemorySetting::YarnOverhead,
        ];
        let settings = settings.iter().map(|setting| setting.as_str());
        let key = settings
            .chain([FACTOR])
            .find(|key| self.step.spark.conf.contains_key(*key))?;
        let room = self.nodes.room;
        let fits_alone = |heap| Beside::default().container(heap) <= room;
        let (message, help) = match self.given {
            // The heap alone is reported at its own place.
            Some(heap) if self.beside.container(heap) > room && fits_alone(heap) => {
                let message = format!(
                    "an executor of {heap} takes {} with {} overhead{}; a node gives {room}",
                    self.beside.container(heap),
                    self.beside.overhead(heap),
                    self.beside.more()
                );
                (
                    message,
                    "leave executor_memory out, and the largest that fits is chosen",
                )
            }
            None if self.memory().is_none() => {
                let message =
                    format!("`{key}` leaves no room for an executor: a node gives {room}");
                (message, "make it smaller, or use larger nodes")
            }
            Some(_) | None => return None,
        };
        let code = LintCode::ExecutorMemory;
        Some(self.found(SizeField::Conf(key), code, message, help.to_owned()))
    }

    /// Executors that leave much of a node unused, by what the stack gives.
    fn idle(&self) -> Option<SizeFinding> {
        let (worker, cores) = (self.nodes.only?, self.nodes.cores);
        let room = self.nodes.room.mib();
        let one = self.beside.container(self.memory()?).mib();
        let count = room.checked_div(one).filter(|count| *count > 0)?;
        let (better, many) = self.beside.planned(self.nodes.room, self.per_node())?;
        let executors = match count {
            1 => "1 executor".to_owned(),
            count => format!("{count} executors"),
        };
        if let Some(memory) = self.given.filter(|_| count * one * 100 < room * WELL_USED) {
            let used = Memory::from_mib(count * one);
            let message = format!(
                "{executors} of executor_memory {memory} on a node of {worker} use {used} of its {}",
                self.nodes.room
            );
            let help = format!("{better} uses it with {many} for each node, and so does auto");
            return Some(self.found(SizeField::Memory, LintCode::IdleMemory, message, help));
        }
        let busy = count
            .saturating_mul(u64::from(self.cores))
            .min(u64::from(cores));
        let has_own_cores = given_cores(self.step).is_some();
        let is_given = self.given.is_some() || has_own_cores;
        if !is_given || busy * 100 >= u64::from(cores) * WELL_USED {
            return None;
        }
        let message = format!(
            "{executors} of {} cores on a node of {worker} use {busy} of its {cores} cores",
            self.cores
        );
        let field = if has_own_cores {
            SizeField::Cores
        } else {
            SizeField::Memory
        };
        let help = if u64::from(many) * u64::from(self.cores) > busy {
            format!("with executor_memory {better}, or auto, a node holds {many} of them")
        } else {
            "set executor_cores to auto, or to a number that divides them".to_owned()
        };
        Some(self.found(field, LintCode::IdleCores, message, help))
    }

    /// More executors than the nodes hold.
    fn too_many(&self) -> Option<SizeFinding> {
        let own = self.step.spark.submission.executors.map(u64::from);
        let in_conf = || self.step.spark.conf.get(INSTANCES)?.parse().ok();
        let asked: u64 = own.or_else(in_conf).filter(|_| self.nodes.is_fixed)?;
        let memory = self.memory()?;
        let container = self.beside.container(memory);
        // A driver in a container takes more, which is not followed.
        let has_own_master = self.step.spark.conf.contains_key(MASTER_MEMORY);
        let master = if has_own_master {
            0
        } else {
            APPLICATION_MASTER
        };
        let held = self
            .nodes
            .held(container, master)
            .filter(|held| asked > *held)?;
        let counts = self
            .nodes
            .groups
            .iter()
            .map(|group| u64::from(group.nodes.count));
        let nodes = match counts.sum::<u64>() {
            1 => "the node holds".to_owned(),
            count => format!("the {count} nodes hold"),
        };
        let message = format!(
            "{asked} executors are asked for, and {nodes} {held} beside the application master: \
             each takes {container}, {memory} with {} overhead{}",
            self.beside.overhead(memory),
            self.beside.more()
        );
        let help = format!(
            "ask for {held} or fewer, use smaller executors or more nodes, or leave the number to auto"
        );
        let code = LintCode::TooManyExecutors;
        Some(self.found(SizeField::Executors, code, message, help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn found(size: &str, spark: &str) -> Vec<SizeFinding> {
        let yaml = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: {size} }}\n\
             job: {{ steps: [{{ name: s, script: s.py, spark: {{ {spark} }} }}] }}\n"
        );
        let stack = crate::text::parse("t.yaml", &yaml, Path::new(""), &[]).unwrap();
        check(&stack)
    }

    fn codes(size: &str, spark: &str) -> Vec<(&'static str, SizeField)> {
        let found = found(size, spark).into_iter();
        found.map(|it| (it.code.as_str(), it.field)).collect()
    }

    #[test]
    fn what_stays_idle_is_reported_with_what_the_planner_chooses() {
        // 12 GiB and 4 cores for containers, and 56 GiB and 16 cores.
        let (small, large) = ("3 x m5.xlarge", "3 x m5.4xlarge");
        for (size, spark, expected) in [
            (
                small,
                "executor_memory: 6g",
                Some(("idle-memory", SizeField::Memory)),
            ),
            (small, "executor_memory: 1g", None),
            (small, "", None),
            (large, "", None),
            (
                large,
                "executor_memory: 40g",
                Some(("idle-cores", SizeField::Memory)),
            ),
            (large, "executor_memory: 40g, executor_cores: 16", None),
            (
                large,
                "executor_cores: 9",
                Some(("idle-cores", SizeField::Cores)),
            ),
            (
                large,
                "conf: { spark.executor.cores: 9 }",
                Some(("idle-cores", SizeField::Cores)),
            ),
            (
                "{ primary: m5.xlarge, core: 1 x m5.xlarge, task: 1 x m5.4xlarge }",
                "executor_memory: 6g",
                None,
            ),
        ] {
            let expected: Vec<_> = expected.into_iter().collect();
            assert_eq!(codes(size, spark), expected, "{size} {spark}");
        }
        let help = |size, spark| found(size, spark)[0].help.clone();
        assert!(help(small, "executor_memory: 6g").starts_with("9593m uses it with 1"));
        let four = help(large, "executor_memory: 40g");
        assert_eq!(
            four,
            "with executor_memory 11883m, or auto, a node holds 4 of them"
        );
    }

    #[test]
    fn what_is_beside_the_heap_has_to_fit_too() {
        let python = MemorySetting::PythonWorkers.as_str();
        let wrong = vec![("executor-memory", SizeField::Conf(python))];
        for (spark, expected) in [
            ("conf: { spark.executor.pyspark.memory: 2g }", Vec::new()),
            (
                "conf: { spark.executor.pyspark.memory: 12g }",
                wrong.clone(),
            ),
            (
                "executor_memory: 9g, conf: { spark.executor.pyspark.memory: 4g }",
                wrong,
            ),
            // How much it is cannot be known.
            (
                "executor_memory: 9g, conf: { spark.executor.pyspark.memory: 4g, \
                 spark.executor.minMemoryOverhead: 1g }",
                Vec::new(),
            ),
            (
                "executor_memory: 9g, conf: { spark.executor.memoryOverheadFactor: 0.4 }",
                vec![(
                    "executor-memory",
                    SizeField::Conf("spark.executor.memoryOverheadFactor"),
                )],
            ),
            // This is reported where the stack is read.
            (
                "executor_memory: 20g, conf: { spark.executor.pyspark.memory: 4g }",
                Vec::new(),
            ),
        ] {
            assert_eq!(codes("3 x m5.xlarge", spark), expected, "{spark}");
        }
    }

    #[test]
    fn the_number_of_executors_that_is_granted_is_stated() {
        for (spark, held) in [
            ("executors: 2", None),
            ("executors: 3", Some(2)),
            ("executors: auto", None),
            ("executors: 2, executor_memory: 10g", Some(1)),
            (
                "executor_memory: 1g, conf: { spark.executor.instances: 16 }",
                None,
            ),
            (
                "executor_memory: 1g, conf: { spark.executor.instances: 17 }",
                Some(16),
            ),
        ] {
            let found = found("3 x m5.xlarge", spark);
            let many = found
                .iter()
                .find(|it| it.code == LintCode::TooManyExecutors);
            let said = held.map(|held| format!("the 2 nodes hold {held} beside the"));
            assert_eq!(many.is_some(), said.is_some(), "{spark}: {found:?}");
            if let (Some(many), Some(said)) = (many, said) {
                assert!(many.message.contains(&said), "{}", many.message);
            }
        }
        let scaled = "3 x m5.xlarge, scaling: { from: 2, to: 9 }";
        assert_eq!(codes(scaled, "executors: 9"), []);
    }
}
