//! The memory and cores of a cluster's workers: those of the instance type, reduced to fit this
//! machine.

use super::beside::Beside;
use super::refusal::Refusal;
use crate::cost::shape::{self, Shape};
use crate::model::desired::Worker;
use crate::model::facts::Capacity;
use crate::model::instance::InstanceType;
use crate::model::memory::Memory;
use crate::model::stack::{Cluster, InstanceGroup};

/// A cluster's workers after fitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The number of workers.
    pub workers: u16,
    /// The number of workers that the cluster would have on AWS.
    pub asked: u16,
    /// The memory and cores of each worker.
    pub worker: Worker,
    /// The memory and cores that the instance type has.
    pub typed: Worker,
    /// The instance type of the smallest worker.
    pub instance_type: InstanceType,
}

/// Fits the workers of `cluster`: its core and task nodes, or the primary if it is alone.
///
/// # Errors
/// Returns an error if EMR does not run an instance type of the cluster.
pub fn fit(cluster: &Cluster, capacity: Capacity) -> Result<Fitted, Refusal> {
    let groups: Vec<_> = cluster.core.iter().chain(&cluster.task).collect();
    let groups = if groups.is_empty() {
        vec![&cluster.primary]
    } else {
        groups
    };
    let workers = groups.iter().map(|group| group.nodes.count).sum::<u16>();
    let mut smallest: Option<(Shape, InstanceType)> = None;
    for group in groups {
        for instance_type in types(group) {
            let shape = known(instance_type)?;
            // YARN's limit is cluster-wide, so the smallest node bounds every executor.
            if smallest
                .as_ref()
                .is_none_or(|(least, _)| shape.yarn < least.yarn)
            {
                smallest = Some((shape, instance_type.clone()));
            }
        }
    }
    for instance_type in types(&cluster.primary) {
        known(instance_type)?;
    }
    let (shape, instance_type) =
        smallest.ok_or_else(|| Refusal::new("the cluster has no node", "give it a size"))?;
    let typed = Worker {
        memory: beside_hbase(cluster, capacity, shape.yarn),
        cores: shape.vcpus,
    };
    let asked = workers;
    let workers = connections(workers, capacity);
    Ok(Fitted {
        asked,
        workers,
        worker: cut(typed, workers, capacity),
        typed,
        instance_type,
    })
}

/// The types that a role may have.
fn types(group: &InstanceGroup) -> Vec<&InstanceType> {
    match &group.fleet {
        Some(fleet) => fleet.types.iter().map(|it| &it.instance_type).collect(),
        None => vec![group.instance_type()],
    }
}

/// What YARN has of a node: about half if HBase runs beside it (EMR Release Guide, "Hadoop task
/// configuration").
fn beside_hbase(cluster: &Cluster, capacity: Capacity, yarn: Memory) -> Memory {
    let mut applications = cluster.emr.software.applications.iter();
    let hbase = applications.any(|one| one.as_str().eq_ignore_ascii_case("HBase"));
    if hbase && capacity == Capacity::AsTyped {
        Memory::from_mib(yarn.mib() / 2)
    } else {
        yarn
    }
}

/// The vCPUs and memory of an instance type.
///
/// # Errors
/// Returns an error if EMR does not run that instance type.
pub fn known(instance_type: &InstanceType) -> Result<Shape, Refusal> {
    shape::shape(instance_type).ok_or_else(|| {
        let family = instance_type.family();
        let hint = match shape::families().find(|known| *known == family) {
            Some(_) => format!("sizes of {family} begin with {family}.xlarge, {family}.2xlarge"),
            None => "common types are m5.xlarge, m6g.xlarge, c5.xlarge and r5.xlarge".to_owned(),
        };
        Refusal::new(
            format!("{instance_type} is not an instance type that EMR runs"),
            hint,
        )
    })
}

/// Why the smallest of these machines cannot hold such an executor with what is beside its heap; `None`
/// if it can, if only what the settings add is too much, or if none of their types is known.
pub fn too_large(executor: Memory, workers: &[InstanceType], beside: &Beside) -> Option<Refusal> {
    let known = workers
        .iter()
        .filter_map(|it| Some((shape::shape(it)?.yarn, it)));
    let (room, instance_type) = known.min()?;
    let taken = beside.container(executor);
    if taken <= room || Beside::default().container(executor) <= room {
        return None;
    }
    let message = format!(
        "executor_memory {executor} takes {taken} with its overhead{}; a node of {instance_type} \
         gives {room} to executors",
        beside.more()
    );
    let hint = match beside.largest(room) {
        Some(largest) => format!("the largest that fits is {largest}"),
        None => "no executor fits: use larger nodes".to_owned(),
    };
    Some(Refusal::new(message, hint))
}

/// The minimum memory of a worker on this machine in MiB: its daemon and a small executor.
const MIN_WORKER_MIB: u64 = 256 + 512 + 384;

/// As many workers as this machine has room for.
fn connections(asked: u16, capacity: Capacity) -> u16 {
    match capacity {
        Capacity::AsTyped => asked,
        Capacity::Machine { memory, .. } => asked.min(
            u16::try_from(memory.mib() / MIN_WORKER_MIB)
                .unwrap_or(u16::MAX)
                .max(1),
        ),
    }
}

fn cut(typed: Worker, workers: u16, capacity: Capacity) -> Worker {
    match capacity {
        Capacity::AsTyped => typed,
        Capacity::Machine { memory, cores } => {
            let share = memory.mib() / u64::from(workers);
            Worker {
                memory: typed.memory.min(Memory::from_mib(share)),
                cores: typed.cores.min((cores / u32::from(workers)).max(1)),
            }
        }
    }
}

impl Fitted {
    /// A note if workers were reduced, with the original figures.
    pub fn note(&self) -> Option<String> {
        let Self {
            workers,
            worker,
            typed,
            instance_type,
            asked,
        } = self;
        let mut parts = Vec::new();
        if workers != asked {
            parts.push(format!("{workers} workers run instead of {asked}"));
        }
        let each = if *workers == 1 {
            "the worker has"
        } else {
            "each worker has"
        };
        if worker.memory != typed.memory {
            let now = worker.memory;
            let whole = typed.memory;
            parts.push(format!(
                "{each} {now}, reduced from the {whole} of {instance_type}"
            ));
        }
        if worker.cores != typed.cores {
            let now = cores(worker.cores);
            let whole = typed.cores;
            parts.push(format!("{each} {now}, reduced from {whole}"));
        }
        (!parts.is_empty()).then(|| format!("to fit this machine, {}", parts.join("; ")))
    }

    /// Checks that a worker can hold the executors of a step.
    ///
    /// # Errors
    /// Returns an error with the largest executor that fits. On EMR, such a job would wait forever
    /// while the cluster is billed.
    pub fn holds(&self, executor: Memory, beside: &Beside, step: &str) -> Result<(), Refusal> {
        let taken = beside.container(executor);
        if taken <= self.worker.memory {
            return Ok(());
        }
        let worker = self.worker.memory;
        let where_ = if self.worker == self.typed {
            format!(
                "a node of {} gives {worker} to executors",
                self.instance_type
            )
        } else {
            format!("a worker on this machine has {worker}")
        };
        let message = format!(
            "step {step:?} requests executor_memory {executor}, which takes {taken} with its \
             overhead{}; {where_}",
            beside.more()
        );
        let hint = match beside.largest(worker) {
            Some(largest) => format!("the largest that fits is executor_memory: {largest}"),
            None => "no executor fits: use fewer or larger nodes".to_owned(),
        };
        Err(Refusal::new(message, hint))
    }
}

fn cores(count: u32) -> String {
    if count == 1 {
        "1 core".to_owned()
    } else {
        format!("{count} cores")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;
    use std::path::Path;

    fn fitted(size: &str, mib: u64, cores: u32) -> Fitted {
        let yaml =
            format!("stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: {size} }}\n");
        let stack = text::parse("t.yaml", &yaml, Path::new(""), &[]).unwrap();
        let memory = Memory::from_mib(mib);
        fit(&stack.cluster, Capacity::Machine { memory, cores }).unwrap()
    }

    #[test]
    fn a_large_machine_cuts_nothing() {
        let fitted = fitted("3 x m5.xlarge", 100_000, 32);
        assert_eq!((fitted.workers, fitted.worker), (2, fitted.typed));
        assert_eq!(fitted.note(), None);
    }

    #[test]
    fn a_small_one_cuts_memory_cores_and_then_workers() {
        let cut = fitted("3 x m5.xlarge", 16_384, 2);
        assert_eq!((cut.worker.memory.mib(), cut.worker.cores), (8_192, 1));
        let fewer = fitted("900 x m5.xlarge", 16_384, 2);
        assert_eq!(fewer.workers, 14);
        let note = fewer.note().unwrap();
        assert!(note.contains("14 workers run instead of 899"), "{note}");
        let least = Memory::from_mib(512);
        assert!(
            fewer.holds(least, &Beside::default(), "any").is_ok(),
            "each still holds a small executor"
        );
    }

    #[test]
    fn the_refusal_names_the_largest_executor() {
        let cut = fitted("3 x m5.xlarge", 16_384, 2);
        let usual = Beside::default();
        let nine = cut.holds("9g".parse().unwrap(), &usual, "one");
        let Refusal { message, hint } = nine.unwrap_err();
        assert!(message.contains("8g"), "{message}");
        let largest = hint
            .to_string()
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(cut.holds(largest, &usual, "one").is_ok());
        assert!(
            cut.holds(Memory::from_mib(largest.mib() + 1), &usual, "one")
                .is_err()
        );
    }
}
