//! One clusterup at a time works on a stack. The lock is the kernel's: a dead holder frees it.

use super::place::Place;
use crate::cloud::Hold;
use crate::cloud::error::{Class, CloudError, IoContext, is_full};
use crate::model::event::{Event, Listener};
use crate::model::hint::Command;
use crate::model::name::StackName;
use async_trait::async_trait;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Duration;

/// Longer than one pass over a stack takes, unless that has to install something first.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(100);

/// How often others may take a folder away that a lock is just made in; more often it is one that
/// cannot be made.
const MOVES: u32 = 1_000;

fn unmade(lock: &Path) -> CloudError {
    let folder = lock.parent().unwrap_or(lock).display();
    let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
    CloudError::new(Class::Failed, format!("cannot make {folder}"))
        .caused_by(gone)
        .hint("name a folder that is there and yours to write in, by XDG_STATE_HOME")
}

/// A held lock. The file goes with it, so that nothing is left of a stack that is destroyed.
pub(super) struct HeldLock {
    path: PathBuf,
    place: Place,
    _files: Vec<File>,
}

#[async_trait(?Send)]
impl Hold for HeldLock {
    /// Dropping it is all there is to it.
    async fn release(self: Box<Self>) -> Result<(), CloudError> {
        Ok(())
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // Removed while it is still held: who waits for it finds another file and tries again.
        let _ = fs::remove_file(&self.path);
        self.place.tidy_root();
    }
}

pub(super) fn path(place: &Place, stack: &StackName) -> PathBuf {
    place.locks().join(stack.as_str())
}

/// Whether a process holds it; nothing is made.
pub(super) fn is_held(path: &Path) -> std::io::Result<bool> {
    let opened = File::open(path);
    match opened {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        opened => match opened?.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
            Ok(()) => Ok(false),
        },
    }
}

pub(super) async fn take(
    place: &Place,
    stack: &StackName,
    listener: &dyn Listener,
) -> Result<HeldLock, CloudError> {
    let path = path(place, stack);
    let (mut waited, mut moved) = (Duration::ZERO, 0);
    loop {
        match both(place, &path).during(|| format!("lock {}", path.display()))? {
            Attempt::HeldLock(files) => {
                place.close_to_others();
                return Ok(HeldLock {
                    path,
                    place: place.clone(),
                    _files: files,
                });
            }
            Attempt::Moved if moved < MOVES => moved += 1,
            Attempt::Moved => return Err(unmade(&path)),
            Attempt::By(holder) if waited >= PATIENCE => {
                let message = format!("{holder} is at work on stack {stack}");
                return Err(CloudError::new(Class::Busy, message)
                    .hint("wait for it, or see what it does")
                    .hint(Command::clusterup("status --local")));
            }
            Attempt::By(holder) => {
                let what = format!("waiting for {holder}, which is at work on stack {stack}");
                listener.on_event(&Event::Progress {
                    what,
                    done: 0,
                    total: 0,
                });
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
        }
    }
}

/// The lock of who watches all clusters of this machine.
fn watch_path(place: &Place) -> PathBuf {
    // No stack's name begins so.
    place.locks().join(".watchdog")
}

/// That lock, with something that lives as long; none where another has it.
pub(super) fn watch(place: &Place) -> Result<Option<(Watching, Weak<()>)>, CloudError> {
    let (path, mut moved) = (watch_path(place), 0);
    loop {
        match attempt(&path).during(|| format!("lock {}", path.display()))? {
            Attempt::Moved if moved < MOVES => moved += 1,
            Attempt::Moved => return Err(unmade(&path)),
            Attempt::By(_) => return Ok(None),
            Attempt::HeldLock(file) => {
                place.close_to_others();
                let alive = Rc::new(());
                let weak = Rc::downgrade(&alive);
                let held = HeldLock {
                    path,
                    place: place.clone(),
                    _files: vec![file],
                };
                return Ok(Some((
                    Watching {
                        _held: held,
                        _alive: alive,
                    },
                    weak,
                )));
            }
        }
    }
}

/// Whether anybody watches.
pub(super) fn is_watched(place: &Place) -> Result<bool, CloudError> {
    let path = watch_path(place);
    is_held(&path).during(|| format!("look at {}", path.display()))
}

pub(super) struct Watching {
    _held: HeldLock,
    _alive: Rc<()>,
}

#[async_trait(?Send)]
impl Hold for Watching {
    async fn release(self: Box<Self>) -> Result<(), CloudError> {
        Ok(())
    }
}

enum Attempt<T = File> {
    HeldLock(T),
    /// The file was removed by its holder between our opening and locking it.
    Moved,
    By(String),
}

/// The stack's lock and a part of that of the folder of all stacks. Where the disk is too full for
/// the stack's own, the whole of the folder's stands for it: `destroy` has to be able to make room.
fn both(place: &Place, path: &Path) -> std::io::Result<Attempt<Vec<File>>> {
    let mut files = Vec::new();
    let alone = match attempt(path) {
        // Where there is no folder yet, nothing can be made and nothing has to go.
        Err(error) if is_full(error.kind()) && place.root().is_dir() => true,
        Err(error) => return Err(error),
        Ok(Attempt::HeldLock(file)) => {
            files.push(file);
            false
        }
        Ok(Attempt::Moved) => return Ok(Attempt::Moved),
        Ok(Attempt::By(holder)) => return Ok(Attempt::By(holder)),
    };
    let root = match File::open(place.root()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Attempt::Moved),
        opened => opened?,
    };
    let locked = if alone {
        root.try_lock()
    } else {
        root.try_lock_shared()
    };
    match locked {
        Ok(()) => files.push(root),
        Err(TryLockError::WouldBlock) => return Ok(Attempt::By("another clusterup".to_owned())),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(Attempt::HeldLock(files))
}

fn attempt(path: &Path) -> std::io::Result<Attempt> {
    if let Some(folder) = path.parent() {
        match fs::create_dir_all(folder) {
            // Another's clean-up took the folder above it away.
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
        // Another's clean-up took the folder away; the next attempt makes it again.
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
            return Ok(Attempt::By(holder.to_owned()));
        }
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    let same = fs::metadata(path).is_ok_and(|now| {
        file.metadata()
            .is_ok_and(|ours| (ours.dev(), ours.ino()) == (now.dev(), now.ino()))
    });
    if !same {
        return Ok(Attempt::Moved);
    }
    // Best effort: a full disk has no room for a name, and the lock is as good without.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| write!(file, "clusterup (process {})", std::process::id()));
    Ok(Attempt::HeldLock(file))
}
