//! Finds the processes below a supervisor in `/proc` and ends all of them. The supervisor is their
//! "subreaper", so that no process leaves its tree by losing its parent.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait until all killed processes are gone.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes this process the parent of every orphan below it. Returns false if the system cannot do
/// that.
#[cfg(target_os = "linux")]
pub fn adopt_orphans() -> bool {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub fn adopt_orphans() -> bool {
    false
}

/// Sends a process SIGTERM.
pub fn terminate(child: &Child) {
    signal(i32::try_from(child.id()).unwrap_or(0), Signal::TERM);
}

/// Kills all processes below this one and waits until they are gone. Returns false if some remain
/// after five seconds.
pub fn end_descendants() -> bool {
    let started = Instant::now();
    loop {
        let below = descendants(own_pid());
        if below.is_empty() {
            return true;
        }
        if started.elapsed() > KILL_TIMEOUT {
            return false;
        }
        for &pid in &below {
            signal(pid, Signal::KILL);
        }
        reap(&below);
        thread::sleep(Duration::from_millis(5));
    }
}

/// Reaps children that exited and are not in `known`: orphans that this process adopted.
pub fn reap_orphans(known: &BTreeSet<i32>) {
    let me = own_pid();
    let adopted = parents()
        .into_iter()
        .filter(|(pid, parent)| *parent == me && !known.contains(pid));
    reap(&adopted.map(|(pid, _)| pid).collect());
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(0)
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid).filter(|_| pid > 1) {
        // A process that is gone already needs no signal.
        let _ = kill_process(pid, signal);
    }
}

fn reap(pids: &BTreeSet<i32>) {
    for &pid in pids {
        // Fails for processes that are not our children; their parents reap them.
        let _ = waitpid(Pid::from_raw(pid), WaitOptions::NOHANG);
    }
}

fn descendants(root: i32) -> BTreeSet<i32> {
    let parents = parents();
    let mut below = BTreeSet::new();
    loop {
        let before = below.len();
        let found = parents
            .iter()
            .filter(|(_, parent)| **parent == root || below.contains(*parent));
        let found: Vec<i32> = found.map(|(pid, _)| *pid).collect();
        below.extend(found);
        if below.len() == before {
            return below;
        }
    }
}

/// All processes of the machine, each with its parent.
fn parents() -> BTreeMap<i32, i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, parent_of(pid)?)))
        .collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The process's name before it, in parentheses, may contain anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}
