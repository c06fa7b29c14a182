//! The lock that a live supervisor holds. The kernel frees it with the process, so neither a crash
//! nor a reused process id is mistaken for a live supervisor.

use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::locked::Locked;
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
    file: Locked,
}

impl ClusterLock {
    /// Takes the lock and writes this process's identity into it; `None` if another process holds
    /// it.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, locked or written.
    pub fn take(path: &Path) -> Result<Option<Self>, CloudError> {
        let Some(mut lock) = Self::take_anonymous(path)? else {
            return Ok(None);
        };
        let owner = serde_json::to_vec(&Process::me()).unwrap_or_default();
        let doing = || format!("write {}", path.display());
        let file = &mut lock.file.0;
        file.set_len(0).during(doing)?;
        file.rewind().during(doing)?;
        file.write_all(&owner).during(doing)?;
        Ok(Some(lock))
    }

    /// Takes the lock without writing to it, for short operations: a full disk may have no room for
    /// an identity. Retried for a fifth of a second, since a process that only checks the lock
    /// holds it for an instant too.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened or locked.
    pub fn take_anonymous(path: &Path) -> Result<Option<Self>, CloudError> {
        let file = open(path)?;
        for _ in 0..20 {
            if lock(&file, path)? {
                return Ok(Some(Self { file: Locked(file) }));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(None)
    }

    /// Whether a live process holds the lock.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened or locked.
    pub fn is_held(path: &Path) -> Result<bool, CloudError> {
        if !path.exists() {
            return Ok(false);
        }
        // Opened for reading, which is possible even if nothing can be written.
        let file = File::open(path).during(|| format!("open {}", path.display()))?;
        match file.try_lock_shared() {
            Ok(()) => {
                drop(Locked(file));
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(lock_error(path, error)),
        }
    }

    /// Kills the holder, if it is still the process that took the lock.
    ///
    /// # Errors
    /// Returns an error if the holder is unknown or cannot be killed.
    pub fn kill_holder(path: &Path) -> Result<(), CloudError> {
        Self::signal_holder(path, Signal::KILL)
    }

    /// Sends the holder a signal, if it is still the process that took the lock.
    ///
    /// # Errors
    /// Returns an error if the holder is unknown or cannot be signalled.
    pub fn signal_holder(path: &Path, signal: Signal) -> Result<(), CloudError> {
        if !Self::is_held(path)? {
            return Ok(());
        }
        let text = disk::bytes(path, disk::SMALL).during(|| format!("read {}", path.display()))?;
        let owner: Option<Process> = serde_json::from_slice(&text).ok();
        let alive = owner.filter(Process::is_alive);
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
        Err(TryLockError::Error(error)) => Err(lock_error(path, error)),
    }
}

fn lock_error(path: &Path, error: std::io::Error) -> CloudError {
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
        assert!(!ClusterLock::is_held(&path).unwrap());
        let held = ClusterLock::take(&path).unwrap();
        assert!(held.is_some());
        assert!(ClusterLock::is_held(&path).unwrap());
        assert!(ClusterLock::take(&path).unwrap().is_none());
        drop(held);
        assert!(!ClusterLock::is_held(&path).unwrap());
        assert!(ClusterLock::take(&path).unwrap().is_some());
    }

    #[test]
    fn another_process_with_the_same_pid_is_not_killed() {
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
