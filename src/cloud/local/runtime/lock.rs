//! A lock across processes, so that one installer runs at a time. The kernel frees it when its
//! holder dies.

use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::locked::Locked;
use crate::model::event::Listener;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Waits for the lock and reports what its holder does.
pub(super) async fn take(
    folder: &Path,
    name: &str,
    holder: &str,
    listener: &dyn Listener,
) -> Result<Locked, CloudError> {
    let created = fs::create_dir_all(folder).during(|| format!("make {}", folder.display()));
    created.map_err(|error| {
        if error.hints.is_empty() {
            error.hint("set XDG_CACHE_HOME to a folder that you may write to")
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
            Ok(()) => return Ok(Locked(file)),
            Err(TryLockError::Error(error)) => return Err(error).during(doing),
            Err(TryLockError::WouldBlock) => {
                let what = format!("waiting for another clusterup, which is {holder}");
                listener.on_wait(what);
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }
}

/// Removes what interrupted installs left in a folder. The caller holds the lock.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with('.') {
            // Best effort: the rest only uses disk space, and the next install tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
