//! One installer at a time, across processes. A dead holder frees the lock.

use crate::cloud::error::{CloudError, IoContext};
use crate::model::event::{Event, Listener};
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(200);

/// Waits for the lock, saying what its holder is doing.
pub(super) async fn take(
    folder: &Path,
    name: &str,
    holder: &str,
    listener: &dyn Listener,
) -> Result<File, CloudError> {
    let made = fs::create_dir_all(folder).during(|| format!("make {}", folder.display()));
    made.map_err(|error| {
        if error.hints.is_empty() {
            error.hint("name a folder that is yours to write in, by XDG_CACHE_HOME")
        } else {
            error
        }
    })?;
    let path = folder.join(name);
    let doing = || format!("lock {}", path.display());
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .during(doing)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error).during(doing),
            Err(TryLockError::WouldBlock) => {
                let what = format!("waiting for another clusterup, which is {holder}");
                listener.on_event(&Event::Progress {
                    what,
                    done: 0,
                    total: 0,
                });
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Removes what broken-off installs left in a folder; the caller holds its lock.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with('.') {
            // Best effort: what stays is tried again next time, and harms nothing but the disk.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
