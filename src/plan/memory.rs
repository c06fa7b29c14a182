//! Executor memory and the size of its container, as EMR computes it.
//!
//! Observed on EMR 6 and 7: a container is the executor's memory plus the larger of 384 MiB and
//! 18.75 % of it (`spark.yarn.executor.memoryOverheadFactor=0.1875`), rounded up to 32 MiB.

use crate::model::memory::Memory;

/// The increment of YARN's container sizes on EMR, in MiB.
pub(super) const ALLOCATION: u64 = 32;
pub(super) const MIN_OVERHEAD: u64 = 384;
/// Spark refuses less: 1.5 times its reserve of 300 MiB (`UnifiedMemoryManager`).
pub const LEAST: Memory = Memory::from_mib(450);
/// The application master in client mode: 512 MiB and its overhead, beside an executor.
pub const APPLICATION_MASTER: u64 = 896;

/// The container of an executor with this memory.
pub fn container(executor: Memory) -> Memory {
    container_with(executor, overhead(executor))
}

/// The container of an executor with this memory, and this much beside its heap.
pub fn container_with(executor: Memory, overhead: Memory) -> Memory {
    let both = executor.mib().saturating_add(overhead.mib());
    let whole = both.checked_next_multiple_of(ALLOCATION);
    Memory::from_mib(whole.unwrap_or(u64::MAX))
}

/// What an executor with this memory gets beside its heap, unless a setting says otherwise.
pub fn overhead(executor: Memory) -> Memory {
    Memory::from_mib(
        executor
            .mib()
            .saturating_mul(3)
            .div_ceil(16)
            .max(MIN_OVERHEAD),
    )
}

/// The largest executor whose container fits a node of this memory; `None` if not even 1 MiB fits.
pub fn largest_executor(node: Memory) -> Option<Memory> {
    let room = node.mib() / ALLOCATION * ALLOCATION;
    let small = room.saturating_sub(MIN_OVERHEAD);
    let proportional = room * 16 / 19;
    let fits = |mib: &u64| *mib > 0 && container(Memory::from_mib(*mib)).mib() <= room;
    [proportional, small]
        .into_iter()
        .filter(fits)
        .max()
        .map(Memory::from_mib)
}

/// The largest memory of one executor per node, leaving room for the application master.
pub fn automatic(node: Memory) -> Option<Memory> {
    let beside = node.mib().saturating_sub(APPLICATION_MASTER);
    let largest = largest_executor(Memory::from_mib(beside));
    let largest = largest.filter(|memory| *memory >= LEAST);
    largest.or_else(|| largest_executor(node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn containers_are_those_seen_on_emr() {
        for (executor, seen) in [
            (2_048, 2_432),
            (4_269, 5_088),
            (9_486, 11_296),
            (1_024, 1_408),
        ] {
            assert_eq!(container(Memory::from_mib(executor)).mib(), seen);
        }
    }

    #[test]
    fn an_m5_xlarge_holds_one_executor_of_ten_gigabytes() {
        let node = Memory::from_mib(12_288);
        assert_eq!(largest_executor(node), Some(Memory::from_mib(10_347)));
        assert_eq!(automatic(node), Some(Memory::from_mib(9_593)));
        assert_eq!(largest_executor(Memory::from_mib(384)), None);
    }

    proptest! {
        #[test]
        fn the_largest_fits_and_one_more_does_not(node in 400u64..1_000_000) {
            if let Some(largest) = largest_executor(Memory::from_mib(node)) {
                prop_assert!(container(largest).mib() <= node);
                let more = Memory::from_mib(largest.mib() + 1);
                prop_assert!(container(more).mib() > node / 32 * 32);
            }
        }
    }
}
