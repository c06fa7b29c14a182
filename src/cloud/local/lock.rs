//! The lock of a stack: one process at a time works on it. It is a lock of the kernel, which frees
//! it when its holder dies.

use super::Local;
use super::layout::Layout;
use crate::cloud::error::{Class, CloudError, IoContext, is_full};
use crate::cloud::locked::Locked;
use crate::cloud::{Lease, LeaseGuard, Leasing};
use crate::model::event::Listener;
use crate::model::hint::Command;
use crate::model::name::StackName;
use async_trait::async_trait;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Duration;

/// How long to wait for the lock: longer than a pass over a stack takes, unless that has to install
/// something first.
const MAX_WAIT: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How often other processes may remove the folder while a lock is created in it. Beyond that, the
/// folder cannot be created.
const MAX_RETRIES: u32 = 1_000;

fn cannot_create(lock: &Path) -> CloudError {
    let folder = lock.parent().unwrap_or(lock).display();
    let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
    CloudError::new(Class::Failed, format!("cannot create {folder}"))
        .caused_by(gone)
        .hint("set XDG_STATE_HOME to an existing folder that you may write to")
}

#[async_trait(?Send)]
impl Leasing for Local {
    async fn lease(&self, stack: &StackName, listener: &dyn Listener) -> Result<Lease, CloudError> {
        let lease = take(&self.layout, stack, listener).await?;
        self.layout.sweep(stack);
        Ok(Box::new(lease))
    }

    async fn is_held(&self, stack: &StackName) -> Result<bool, CloudError> {
        let path = path(&self.layout, stack);
        is_held(&path).during(|| format!("look at {}", path.display()))
    }
}

/// A held lock. The file is removed with it, so that nothing remains of a stack that is destroyed.
pub(super) struct HeldLock {
    path: PathBuf,
    layout: Layout,
    _files: Vec<Locked>,
}

#[async_trait(?Send)]
impl LeaseGuard for HeldLock {
    /// Dropping the lock releases it.
    async fn release(self: Box<Self>) -> Result<(), CloudError> {
        Ok(())
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // Removed while the lock is still held: a process that waits for it finds another file and
        // tries again.
        let _ = fs::remove_file(&self.path);
        self.layout.tidy_root();
    }
}

pub(super) fn path(layout: &Layout, stack: &StackName) -> PathBuf {
    layout.locks().join(stack.as_str())
}

/// Whether a process holds the lock. Creates nothing.
pub(super) fn is_held(path: &Path) -> std::io::Result<bool> {
    let opened = File::open(path);
    match opened {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        opened => {
            let file = opened?;
            match file.try_lock_shared() {
                Err(TryLockError::WouldBlock) => Ok(true),
                Err(TryLockError::Error(error)) => Err(error),
                Ok(()) => {
                    drop(Locked(file));
                    Ok(false)
                }
            }
        }
    }
}

pub(super) async fn take(
    layout: &Layout,
    stack: &StackName,
    listener: &dyn Listener,
) -> Result<HeldLock, CloudError> {
    let path = path(layout, stack);
    let mut waited = Duration::ZERO;
    let mut moved = 0;
    loop {
        match lock_stack(layout, &path).during(|| format!("lock {}", path.display()))? {
            Attempt::HeldLock(files) => {
                layout.close_to_others();
                return Ok(HeldLock {
                    path,
                    layout: layout.clone(),
                    _files: files,
                });
            }
            Attempt::Moved if moved < MAX_RETRIES => moved += 1,
            Attempt::Moved => return Err(cannot_create(&path)),
            Attempt::HeldBy(holder) if waited >= MAX_WAIT => {
                let message = format!("{holder} is changing stack {stack}");
                return Err(CloudError::new(Class::Busy, message)
                    .hint("wait for it, or see what it does")
                    .hint(Command::clusterup("status --local")));
            }
            Attempt::HeldBy(holder) => {
                let what = format!("waiting for {holder}, which is changing stack {stack}");
                listener.on_wait(what);
                tokio::time::sleep(POLL_INTERVAL).await;
                waited += POLL_INTERVAL;
            }
        }
    }
}

/// The lock of the watchdog of this machine.
fn watch_path(layout: &Layout) -> PathBuf {
    // No stack's name begins with a dot.
    layout.locks().join(".watchdog")
}

/// Takes the watch. Returns the lock and a reference that is valid while it is held; `None` if
/// another process has it.
pub(super) fn watch(layout: &Layout) -> Result<Option<(WatchLock, Weak<()>)>, CloudError> {
    let path = watch_path(layout);
    let mut moved = 0;
    loop {
        match attempt(&path).during(|| format!("lock {}", path.display()))? {
            Attempt::Moved if moved < MAX_RETRIES => moved += 1,
            Attempt::Moved => return Err(cannot_create(&path)),
            Attempt::HeldBy(_) => return Ok(None),
            Attempt::HeldLock(file) => {
                layout.close_to_others();
                let alive = Rc::new(());
                let weak = Rc::downgrade(&alive);
                let held = HeldLock {
                    path,
                    layout: layout.clone(),
                    _files: vec![file],
                };
                return Ok(Some((
                    WatchLock {
                        _held: held,
                        _alive: alive,
                    },
                    weak,
                )));
            }
        }
    }
}

/// Whether a process holds the watch.
pub(super) fn is_watched(layout: &Layout) -> Result<bool, CloudError> {
    let path = watch_path(layout);
    is_held(&path).during(|| format!("look at {}", path.display()))
}

pub(super) struct WatchLock {
    _held: HeldLock,
    _alive: Rc<()>,
}

#[async_trait(?Send)]
impl LeaseGuard for WatchLock {
    async fn release(self: Box<Self>) -> Result<(), CloudError> {
        Ok(())
    }
}

enum Attempt<T = Locked> {
    HeldLock(T),
    /// The file was removed by its holder between opening and locking it.
    Moved,
    HeldBy(String),
}

/// Takes the stack's lock, and a shared lock on the folder of all stacks. If the disk is too full
/// to create the stack's lock, an exclusive lock on that folder takes its place, since `destroy`
/// has to be able to free space.
fn lock_stack(layout: &Layout, path: &Path) -> std::io::Result<Attempt<Vec<Locked>>> {
    let mut files = Vec::new();
    let exclusive = match attempt(path) {
        // Without the folder nothing exists that could be removed to free space.
        Err(error) if is_full(error.kind()) && layout.root().is_dir() => true,
        Err(error) => return Err(error),
        Ok(Attempt::HeldLock(file)) => {
            files.push(file);
            false
        }
        Ok(Attempt::Moved) => return Ok(Attempt::Moved),
        Ok(Attempt::HeldBy(holder)) => return Ok(Attempt::HeldBy(holder)),
    };
    let root = match File::open(layout.root()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Attempt::Moved),
        opened => opened?,
    };
    let locked = if exclusive {
        root.try_lock()
    } else {
        root.try_lock_shared()
    };
    match locked {
        Ok(()) => files.push(Locked(root)),
        Err(TryLockError::WouldBlock) => {
            return Ok(Attempt::HeldBy("another clusterup".to_owned()));
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(Attempt::HeldLock(files))
}

fn attempt(path: &Path) -> std::io::Result<Attempt> {
    if let Some(folder) = path.parent() {
        match fs::create_dir_all(folder) {
            // Another process removed the folder above it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Attempt::Moved);
            }
            made => made?,
        }
    }
    let opened = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let mut file = match opened {
        // Another process removed the folder; the next attempt creates it again.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Attempt::Moved),
        opened => opened?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            let holder = if holder.is_empty() {
                "another clusterup"
            } else {
                holder.trim()
            };
            return Ok(Attempt::HeldBy(holder.to_owned()));
        }
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    let mut file = Locked(file);
    let same = fs::metadata(path).is_ok_and(|now| {
        file.0
            .metadata()
            .is_ok_and(|ours| (ours.dev(), ours.ino()) == (now.dev(), now.ino()))
    });
    if !same {
        return Ok(Attempt::Moved);
    }
    // Best effort: a full disk has no room for the holder's name, and the lock is valid without it.
    let _ = (file.0.set_len(0))
        .and_then(|()| file.0.rewind())
        .and_then(|()| write!(file.0, "clusterup (process {})", std::process::id()));
    Ok(Attempt::HeldLock(file))
}
