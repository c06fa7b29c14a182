//! The processes below a supervisor, found in `/proc` and ended without exception. The supervisor
//! is made their "subreaper", so that none can leave it by losing its parent.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

/// Makes this process the parent of every orphan below it.
#[cfg(target_os = "linux")]
pub fn adopt_orphans() -> bool {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub fn adopt_orphans() -> bool {
    false
}

/// Asks a process to end.
pub fn terminate(child: &Child) {
    signal(i32::try_from(child.id()).unwrap_or(0), Signal::TERM);
}

/// Kills everything below this process and waits until it is gone. False where something stayed.
pub fn end_descendants() -> bool {
    let begun = Instant::now();
    loop {
        let below = descendants(own_pid());
        if below.is_empty() {
            return true;
        }
        if begun.elapsed() > PATIENCE {
            return false;
        }
        for &pid in &below {
            signal(pid, Signal::KILL);
        }
        reap(&below);
        thread::sleep(Duration::from_millis(5));
    }
}

/// Collects children that ended and that `known` does not list: orphans that came to us.
pub fn reap_orphans(known: &BTreeSet<i32>) {
    let me = own_pid();
    let strangers = parents()
        .into_iter()
        .filter(|(pid, parent)| *parent == me && !known.contains(pid));
    reap(&strangers.map(|(pid, _)| pid).collect());
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(0)
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid).filter(|_| pid > 1) {
        // A process that is gone already is what was wanted.
        let _ = kill_process(pid, signal);
    }
}

fn reap(pids: &BTreeSet<i32>) {
    for &pid in pids {
        // Those that are not our own children answer with an error; their parents reap them.
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

/// Every process of the machine with its parent.
fn parents() -> BTreeMap<i32, i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, parent_of(pid)?)))
        .collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}
