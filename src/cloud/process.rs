//! Identifies a process of this machine beyond its id.

use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::fs;

/// Distinguishes a process from a later one with the same id, and from processes of other machines
/// and containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: i32,
    /// Field 22 of `/proc/PID/stat`, in ticks since the machine started.
    pub started: String,
    /// The kernel's boot id.
    pub boot: String,
    /// The PID namespace.
    pub namespace: String,
}

impl Process {
    /// The current process; `None` if `/proc` cannot be read.
    pub fn me() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(Self {
            pid,
            started: fields.split_whitespace().nth(19)?.to_owned(),
            boot: boot.trim().to_owned(),
            namespace: namespace.to_string_lossy().into_owned(),
        })
    }

    /// Whether the process is alive. False if that cannot be read.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Whether the process belonged to this machine and has ended. False if that cannot be
    /// determined.
    pub fn is_dead_here(&self) -> bool {
        let Some(me) = Self::me() else {
            return false;
        };
        let here = me.boot == self.boot && me.namespace == self.namespace;
        // If /proc hides other users' processes, the kernel still reports whether the id exists.
        let gone = Pid::from_raw(self.pid)
            .is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH));
        let another = Self::of(self.pid).is_some_and(|now| now != *self);
        here && (gone || another)
    }
}
