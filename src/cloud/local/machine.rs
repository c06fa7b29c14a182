//! What this machine has for workers.

use crate::model::facts::Capacity;
use crate::model::memory::Memory;
use std::fs;

/// Left to the system, the master, the drivers and us, besides a quarter of the whole.
const RESERVE: u64 = 1_024;
/// Steps in which the workers' share is told, so that it reads well and does not wander.
const STEP: u64 = 256;

/// Memory and cores of this machine, or of the container that holds us.
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

/// What all workers together may have. From the machine's size, not from what is free now: the
/// same stack must give the same plan a minute later.
pub fn capacity() -> Capacity {
    let (memory, cores) = machine();
    let share = (memory.mib() * 3 / 4).saturating_sub(RESERVE) / STEP * STEP;
    Capacity::Machine {
        memory: Memory::from_mib(share.max(STEP)),
        cores,
    }
}
