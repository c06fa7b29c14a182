//! The lock that a living supervisor holds. The kernel frees it with the process, so that neither
//! a crash nor a reused process id can lie about life.

use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::process::Process;
use crate::disk;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{File, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// The lock, held until dropped.
#[derive(Debug)]
pub struct ClusterLock {
    file: File,
}

impl ClusterLock {
    /// Takes the lock and says in it whose it is; none where another process holds it.
    pub fn take(path: &Path) -> Result<Option<Self>, CloudError> {
        let Some(mut held) = Self::take_nameless(path)? else {
            return Ok(None);
        };
        let owner = serde_json::to_vec(&Process::me()).unwrap_or_default();
        let saying = || format!("write {}", path.display());
        let file = &mut held.file;
        file.set_len(0).during(saying)?;
        file.rewind().during(saying)?;
        file.write_all(&owner).during(saying)?;
        Ok(Some(held))
    }

    /// The same for what takes a moment: a full disk has no room for a name. Tried for a while,
    /// since somebody who only looks holds it for an instant too.
    pub fn take_nameless(path: &Path) -> Result<Option<Self>, CloudError> {
        let file = open(path)?;
        for _ in 0..20 {
            if lock(&file, path)? {
                return Ok(Some(Self { file }));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(None)
    }

    /// Whether a living process holds it.
    pub fn by_somebody(path: &Path) -> Result<bool, CloudError> {
        if !path.exists() {
            return Ok(false);
        }
        // To look is possible where nothing can be written.
        let file = File::open(path).during(|| format!("open {}", path.display()))?;
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(refused(path, error)),
        }
    }

    /// Kills the holder, if it is still the process that took it.
    pub fn kill_holder(path: &Path) -> Result<(), CloudError> {
        Self::signal_holder(path, Signal::KILL)
    }

    /// Sends the holder a signal, if it is still the process that took it.
    pub fn signal_holder(path: &Path, signal: Signal) -> Result<(), CloudError> {
        if !Self::by_somebody(path)? {
            return Ok(());
        }
        let text = disk::bytes(path, disk::SMALL).during(|| format!("read {}", path.display()))?;
        let owner: Option<Process> = serde_json::from_slice(&text).ok();
        let alive = owner.filter(Process::instance_spans);
        let Some(pid) = alive.and_then(|owner| Pid::from_raw(owner.pid)) else {
            let message = format!("cannot tell which process holds {}", path.display());
            return Err(CloudError::new(Class::Failed, message));
        };
        kill_process(pid, signal).map_err(|error| {
            CloudError::new(Class::Failed, format!("cannot kill the process {pid:?}"))
                .caused_by(std::io::Error::from(error))
        })
    }
}

fn open(path: &Path) -> Result<File, CloudError> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .during(|| format!("open {}", path.display()))
}

fn lock(file: &File, path: &Path) -> Result<bool, CloudError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(refused(path, error)),
    }
}

fn refused(path: &Path, error: std::io::Error) -> CloudError {
    CloudError::new(Class::Failed, format!("cannot lock {}", path.display())).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!ClusterLock::by_somebody(&path).unwrap());
        let held = ClusterLock::take(&path).unwrap();
        assert!(held.is_some());
        assert!(ClusterLock::by_somebody(&path).unwrap());
        assert!(ClusterLock::take(&path).unwrap().is_none());
        drop(held);
        assert!(!ClusterLock::by_somebody(&path).unwrap());
        assert!(ClusterLock::take(&path).unwrap().is_some());
    }

    #[test]
    fn a_stranger_with_the_same_pid_is_not_killed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = ClusterLock::take(&path).unwrap();
        let me = Process::me().unwrap();
        let other = Process {
            started: "1".to_owned(),
            ..me
        };
        fs::write(&path, serde_json::to_vec(&other).unwrap()).unwrap();
        assert!(ClusterLock::kill_holder(&path).is_err());
        drop(held);
    }
}
