//! The resources of this machine.

use crate::model::facts::Capacity;
use crate::model::memory::Memory;
use std::fs;

/// Memory in MiB that is left to the system, the master, the drivers and clusterup, besides a
/// quarter of the total.
const RESERVE: u64 = 1_024;
/// The workers' share is rounded down to this many MiB, so that it is readable and stable.
const STEP: u64 = 256;

/// Returns the memory and cores of this machine, or of the container that clusterup runs in.
pub fn machine() -> (Memory, u32) {
    let info = rustix::system::sysinfo();
    let bytes = info.totalram.saturating_mul(u64::from(info.mem_unit));
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit
        .and_then(|text| text.trim().parse::<u64>().ok())
        .unwrap_or(u64::MAX);
    let cores = std::thread::available_parallelism().map_or(1, |count| count.get());
    (
        Memory::from_mib(bytes.min(limit) >> 20),
        u32::try_from(cores).unwrap_or(1),
    )
}

/// Returns what all workers together may use. It depends on the machine's size, not on what is
/// free: the same stack must give the same plan a minute later.
pub fn capacity() -> Capacity {
    let (memory, cores) = machine();
    let share = (memory.mib() * 3 / 4).saturating_sub(RESERVE) / STEP * STEP;
    Capacity::Machine {
        memory: Memory::from_mib(share.max(STEP)),
        cores,
    }
}
