//! Checks sizes of executors and drivers against the nodes of a stack.

use crate::cost::shape::{self, Shape};
use crate::model::instance::InstanceType;
use crate::model::lint::LintCode;
use crate::model::memory::Memory;
use crate::plan::beside::{Beside, in_units};
use crate::plan::fit;
use crate::plan::memory::LEAST;
use crate::text::{Complaint, Named, What};

/// The instance types of a stack's nodes.
pub(super) struct Nodes {
    /// Those that executors run on: core and task nodes, or the primary if it is alone.
    workers: Vec<InstanceType>,
    primary: Vec<InstanceType>,
}

impl Nodes {
    pub(super) fn of(names: &[Named]) -> Self {
        let of = |roles: &[What]| -> Vec<InstanceType> {
            let named = names.iter().filter(|named| roles.contains(&named.what));
            named.filter_map(|named| named.text.parse().ok()).collect()
        };
        let workers = of(&[What::Core, What::Task]);
        let primary = of(&[What::Primary]);
        if workers.is_empty() {
            let workers = primary.clone();
            return Self { workers, primary };
        }
        // Nodes that are all alike are named once.
        let primary = if primary.is_empty() {
            workers.clone()
        } else {
            primary
        };
        Self { workers, primary }
    }

    /// `beside`: what its settings ask for beside the heap.
    pub(super) fn check_executor_memory(&self, text: &str, beside: &Beside) -> Option<Complaint> {
        let memory: Memory = text.parse().ok()?;
        if memory < LEAST {
            return Some(Complaint {
                code: Some(LintCode::ExecutorMemory),
                message: format!(
                    "executor_memory {memory} is less than the {LEAST} that Spark needs"
                ),
                help: Some(format!("set it to {LEAST} or more, or to auto")),
            });
        }
        let refusal = fit::too_large(memory, &self.workers, beside)?;
        Some(Complaint {
            code: None,
            message: refusal.message,
            help: Some(refusal.hint.to_string()),
        })
    }

    pub(super) fn check_executor_cores(&self, text: &str) -> Option<Complaint> {
        let cores: u32 = text.parse().ok()?;
        let largest = self.workers.iter().filter_map(shape::shape);
        let most = largest.map(|shape| shape.vcpus).max()?;
        (cores > most).then(|| Complaint {
            code: Some(LintCode::ExecutorCores),
            message: format!("an executor of {cores} cores fits no node, which has {most}"),
            help: Some(format!("set it to {most} or less")),
        })
    }

    pub(super) fn check_driver_memory(&self, text: &str) -> Option<Complaint> {
        // Spark's own setting counts MiB if it has no unit.
        let memory = Memory::from_mib(in_units(text, 1)?);
        if memory < LEAST {
            return Some(Complaint {
                code: Some(LintCode::DriverMemory),
                message: format!("a driver of {memory} has less than the {LEAST} that Spark needs"),
                help: Some(format!("set it to {LEAST} or more")),
            });
        }
        let of = |types: &[InstanceType], size: fn(Shape) -> Memory| {
            types.iter().filter_map(shape::shape).map(size).max()
        };
        // The driver runs on the primary, or in a container of a worker.
        let primary = of(&self.primary, |shape| shape.memory)?;
        let worker = of(&self.workers, |shape| shape.yarn)?;
        (memory > primary.max(worker)).then(|| Complaint {
            code: Some(LintCode::DriverMemory),
            message: format!("a driver of {memory} does not fit the primary, which has {primary}"),
            help: Some("make it smaller, or use a larger primary".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(workers: &[&str], primary: &str) -> Nodes {
        let parsed = |name: &&str| name.parse().unwrap();
        Nodes {
            workers: workers.iter().map(parsed).collect(),
            primary: vec![primary.parse().unwrap()],
        }
    }

    fn code(complaint: Option<Complaint>) -> Option<&'static str> {
        complaint.map(|complaint| complaint.code.map_or("not-there", LintCode::as_str))
    }

    #[test]
    fn executors_fit_a_node() {
        // An m5.xlarge gives 12 GiB to containers.
        let nodes = nodes(&["m5.xlarge"], "m5.xlarge");
        for (memory, expected) in [
            ("449m", Some("executor-memory")),
            ("450m", None),
            ("1g", None),
            ("6g", None),
            ("9593m", None),
            ("10347m", None),
            ("10348m", Some("not-there")),
            ("auto", None),
        ] {
            assert_eq!(
                code(nodes.check_executor_memory(memory, &Beside::default())),
                expected,
                "{memory}"
            );
        }
        // The least overhead leaves more for the heap.
        let least = Beside::NOTHING;
        assert_eq!(code(nodes.check_executor_memory("12g", &least)), None);
        let found = nodes.check_executor_memory("12289m", &least);
        assert_eq!(code(found), Some("not-there"));
    }

    #[test]
    fn cores_and_drivers_fit_a_node() {
        let nodes = nodes(&["m5.xlarge", "m5.2xlarge"], "m5.xlarge");
        assert_eq!(code(nodes.check_executor_cores("8")), None);
        assert_eq!(
            code(nodes.check_executor_cores("9")),
            Some("executor-cores")
        );
        for fits in ["16g", "450", "460800k", "soon"] {
            assert_eq!(code(nodes.check_driver_memory(fits)), None, "{fits}");
        }
        for small in ["400", "409600k"] {
            let found = nodes.check_driver_memory(small);
            assert_eq!(code(found), Some("driver-memory"), "{small}");
        }
        assert_eq!(
            code(nodes.check_driver_memory("449m")),
            Some("driver-memory")
        );
        assert_eq!(
            code(nodes.check_driver_memory("25g")),
            Some("driver-memory")
        );
    }
}
