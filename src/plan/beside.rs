//! What an executor's container holds beside its heap on EMR, as a step's settings ask for it, and the
//! memory that the planner gives to executors.

use super::memory::{
    ALLOCATION, APPLICATION_MASTER, LEAST, MIN_OVERHEAD, container_with, overhead,
};
use crate::model::facts::{Capacity, Facts};
use crate::model::memory::Memory;
use crate::model::retry::MemorySetting;
use crate::model::software::SPARK_DEFAULTS;
use crate::model::stack::{Stack, Step};
use crate::model::work::Work;

pub(super) const FACTOR: &str = "spark.executor.memoryOverheadFactor";
const LEAST_OVERHEAD: &str = "spark.executor.minMemoryOverhead";
const OFF_HEAP: &str = "spark.memory.offHeap.enabled";
const OFF_HEAP_SIZE: &str = "spark.memory.offHeap.size";
/// Without a unit, memory outside the heap counts bytes, and all others MiB.
const BYTES_PER_MIB: u64 = 1 << 20;
const KIB_PER_MIB: u64 = 1 << 10;
/// The most memory that is followed, in MiB: 256 TiB.
const MOST: u64 = 1 << 28;
const MILLION: u64 = 1_000_000;

/// The memory beside the heap of a step's executors (Spark, `ResourceProfile`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    overhead: Option<Memory>,
    /// The overhead as a share of the heap, in millionths; `None` for EMR's own.
    factor: Option<u64>,
    /// The limit of Python workers.
    python: u64,
    off_heap: u64,
}

impl Beside {
    /// None: the least that a container holds beside any heap.
    pub const NOTHING: Self = Self {
        overhead: Some(Memory::from_mib(0)),
        factor: None,
        python: 0,
        off_heap: 0,
    };

    /// By the settings of a step and those of its cluster; `None` if they are not followed.
    pub fn of(step: &Step, stack: &Stack) -> Option<Self> {
        let defaults = &stack.cluster.emr.software.configurations;
        let get = |key: &str| {
            let own = step.spark.conf.get(key).map(String::as_str);
            own.or_else(|| defaults.get(&[SPARK_DEFAULTS], key))
        };
        if get(LEAST_OVERHEAD).is_some() {
            return None;
        }
        let factor = match get(FACTOR) {
            Some(text) => Some(millionths(text)?),
            None => None,
        };
        let mib = |key: &str, per_mib: u64| match get(key) {
            Some(text) => in_units(text, per_mib).map(Some),
            None => Some(None),
        };
        let overhead = match mib(MemorySetting::Overhead.as_str(), 1)? {
            Some(overhead) => Some(overhead),
            None => mib(MemorySetting::YarnOverhead.as_str(), 1)?,
        };
        // Only applications in Python have such workers.
        let python = match &step.work {
            Work::Script(_) => mib(MemorySetting::PythonWorkers.as_str(), 1)?,
            Work::Jar { .. }
            | Work::Sql(_)
            | Work::Hive(_)
            | Work::Command(_)
            | Work::Shell(_)
            | Work::Copy { .. } => None,
        };
        let off_heap = match get(OFF_HEAP) {
            Some("true") => mib(OFF_HEAP_SIZE, BYTES_PER_MIB)?,
            Some(_) | None => None,
        };
        Some(Self {
            overhead: overhead.map(Memory::from_mib),
            factor,
            python: python.unwrap_or_default(),
            off_heap: off_heap.unwrap_or_default(),
        })
    }

    /// What surely is beside the heap on a target: workers of this machine have no containers, and settings
    /// that are not followed may ask for nothing.
    pub(in crate::plan) fn at_least(step: &Step, stack: &Stack, facts: &Facts) -> Self {
        if facts.capacity == Capacity::AsTyped {
            Self::of(step, stack).unwrap_or(Self::NOTHING)
        } else {
            Self::default()
        }
    }

    /// Whether the settings ask for anything.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is beside any heap, besides the overhead.
    pub fn besides_overhead(&self) -> Memory {
        Memory::from_mib(self.python.saturating_add(self.off_heap))
    }

    /// The same without the limit of Python workers.
    #[must_use]
    pub const fn without_python(self) -> Self {
        Self { python: 0, ..self }
    }

    /// What is beside a heap of this size in all.
    fn all(&self, heap: Memory) -> Memory {
        let more = self.besides_overhead().mib();
        Memory::from_mib(self.overhead(heap).mib().saturating_add(more))
    }

    /// The container of an executor with this heap.
    pub fn container(&self, heap: Memory) -> Memory {
        container_with(heap, self.all(heap))
    }

    /// The largest heap whose container fits into a node of this memory; `None` if none does.
    pub fn largest(&self, node: Memory) -> Option<Memory> {
        let room = node.mib() / ALLOCATION * ALLOCATION;
        let fits = |heap: u64| self.container(Memory::from_mib(heap)).mib() <= room;
        let (mut fitting, mut above) = (0, room.saturating_add(1));
        while above - fitting > 1 {
            let middle = fitting.midpoint(above);
            if fits(middle) {
                fitting = middle;
            } else {
                above = middle;
            }
        }
        (fitting > 0).then(|| Memory::from_mib(fitting))
    }

    /// The heap with so many executors per node, leaving room for the application master; `None` if
    /// Spark would refuse less.
    fn shared(&self, node: Memory, executors: u32) -> Option<Memory> {
        let beside = node.mib().saturating_sub(APPLICATION_MASTER);
        let share = beside.checked_div(u64::from(executors))?;
        let largest = self.largest(Memory::from_mib(share));
        largest.filter(|memory| *memory >= LEAST)
    }

    /// The heap that the planner gives to executors, and how many of them a node holds: as many as
    /// `per_node`, or fewer if they would be too small. `None` if no executor fits.
    pub fn planned(&self, node: Memory, per_node: u32) -> Option<(Memory, u32)> {
        // Small nodes with many cores hold fewer executors than their cores would.
        let fitting = (1..=per_node.max(1)).rev();
        let mut fitting = fitting.filter_map(|many| Some((self.shared(node, many)?, many)));
        fitting.next().or_else(|| {
            let largest = self.largest(node)?;
            (self.is_usual() || largest >= LEAST).then_some((largest, 1))
        })
    }

    /// The overhead beside a heap of this size.
    pub fn overhead(&self, heap: Memory) -> Memory {
        let usual = || match self.factor {
            Some(factor) => {
                let share = heap.mib().saturating_mul(factor).div_ceil(MILLION);
                Memory::from_mib(share.max(MIN_OVERHEAD))
            }
            None => overhead(heap),
        };
        self.overhead.unwrap_or_else(usual)
    }

    /// What there is besides the overhead, such as ` and 2g for Python workers`; empty if nothing is.
    pub fn more(&self) -> String {
        let parts = [
            (self.python, "for Python workers"),
            (self.off_heap, "outside the heap"),
        ];
        let asked = parts.into_iter().filter(|(mib, _)| *mib > 0);
        asked
            .map(|(mib, what)| format!(" and {} {what}", Memory::from_mib(mib)))
            .collect()
    }
}

/// A memory of Spark's settings in MiB, at most 256 TiB; `per_mib` are the units of a plain number (Spark,
/// `JavaUtils.byteStringAs`).
pub fn in_units(text: &str, per_mib: u64) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
    let number: u64 = digits.parse().ok()?;
    let mib = match unit {
        "" => number.div_ceil(per_mib),
        "b" => number.div_ceil(BYTES_PER_MIB),
        "k" | "kb" => number.div_ceil(KIB_PER_MIB),
        "m" | "mb" => number,
        "g" | "gb" => number.saturating_mul(1 << 10),
        "t" | "tb" => number.saturating_mul(1 << 20),
        "p" | "pb" => number.saturating_mul(1 << 30),
        _ => return None,
    };
    Some(mib.min(MOST))
}

/// A number such as `0.25` in millionths, up to 1,000; `None` for any other notation.
fn millionths(text: &str) -> Option<u64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if part.len() > 6 || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: u64 = whole.parse().ok().filter(|whole| *whole <= 1_000)?;
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    Some(whole * MILLION + part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::memory::{automatic, container, largest_executor};
    use proptest::prelude::*;

    #[test]
    fn python_workers_and_overhead_are_held_by_the_container() {
        let node = Memory::from_mib(12_288);
        let python = Beside {
            python: 2_048,
            ..Beside::default()
        };
        let (heap, count) = python.planned(node, 1).unwrap();
        assert_eq!((heap.mib(), count), (7_868, 1));
        assert!(python.container(heap).mib() + APPLICATION_MASTER <= node.mib());
        assert_eq!(python.overhead(heap).mib(), 1_476);
        assert_eq!(python.more(), " and 2g for Python workers");
        let fixed = Beside {
            overhead: Some(Memory::from_mib(4_096)),
            ..Beside::default()
        };
        let (heap, _) = fixed.planned(node, 1).unwrap();
        assert_eq!(heap.mib(), 12_288 - 896 - 4_096);
        let all = Beside {
            python: 12_000,
            ..Beside::default()
        };
        assert_eq!(all.planned(node, 1), None);
    }

    #[test]
    fn the_smallest_executor_that_spark_starts_is_planned() {
        // Spark starts no executor with less than 450 MiB.
        let beside = |overhead| Beside {
            overhead: Some(Memory::from_mib(overhead)),
            ..Beside::default()
        };
        let node = Memory::from_mib(864);
        assert_eq!(beside(414).planned(node, 1), Some((LEAST, 1)));
        assert_eq!(beside(415).planned(node, 1), None);
        // Beside the application master, if there is room for it.
        let node = Memory::from_mib(864 + APPLICATION_MASTER);
        assert_eq!(beside(414).planned(node, 1), Some((LEAST, 1)));
        // What no setting changes is planned as it always was.
        let small = Memory::from_mib(832);
        let largest = Some((Memory::from_mib(448), 1));
        assert_eq!(Beside::default().planned(small, 1), largest);
        assert_eq!(beside(414).planned(small, 1), None);
    }

    #[test]
    fn a_factor_is_a_share_of_the_heap() {
        let beside = |factor| Beside {
            factor: millionths(factor),
            ..Beside::default()
        };
        let heap = Memory::from_mib(10_000);
        assert_eq!(beside("0.1").overhead(heap).mib(), 1_000);
        assert_eq!(beside("0.4").overhead(heap).mib(), 4_000);
        assert_eq!(beside("0.01").overhead(heap).mib(), 384);
        let node = Memory::from_mib(12_288);
        let (planned, _) = beside("0.1").planned(node, 1).unwrap();
        assert_eq!(planned.mib(), 10_356);
        for other in [
            "1e-1",
            "-1",
            "0,1",
            "",
            "1001",
            "0.1234567",
            "+1",
            "+1.5",
            "1.+5",
        ] {
            assert_eq!(millionths(other), None, "{other:?}");
        }
        for (text, number) in [("2", 2_000_000), ("0.000002", 2), ("1000", 1_000_000_000)] {
            assert_eq!(millionths(text), Some(number), "{text:?}");
        }
    }

    #[test]
    fn memory_of_spark_has_units_and_bounds() {
        for (text, per_mib, expected) in [
            ("400", 1, Some(400)),
            ("409600k", 1, Some(400)),
            ("1g", 1, Some(1_024)),
            ("2TB", 1, Some(2 << 20)),
            ("1048577", BYTES_PER_MIB, Some(2)),
            ("18446744073709551615", 1, Some(MOST)),
            ("18446744073709551615g", 1, Some(MOST)),
            ("18446744073709551616", 1, None),
            ("1.5g", 1, None),
            ("", 1, None),
        ] {
            assert_eq!(in_units(text, per_mib), expected, "{text}");
        }
        let most = Beside {
            python: u64::MAX,
            off_heap: u64::MAX,
            ..Beside::default()
        };
        let node = Memory::from_mib(12_288);
        assert_eq!(most.container(node).mib(), u64::MAX);
        assert_eq!((most.largest(node), most.planned(node, 1)), (None, None));
    }

    proptest! {
        #[test]
        fn without_settings_it_is_emrs_own(node in 1u64..1_000_000) {
            let (node, usual) = (Memory::from_mib(node), Beside::default());
            prop_assert_eq!(usual.largest(node), largest_executor(node));
            prop_assert_eq!(usual.planned(node, 1).map(|it| it.0), automatic(node));
            prop_assert_eq!(usual.container(node), container(node));
        }
    }
}
