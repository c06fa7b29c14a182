//! Locks of the kernel on files, which it also frees when their holder dies.

use std::fs::File;

/// A file that this process has locked. Dropping it unlocks the file.
///
/// Closing the file is not enough: the lock belongs to the open file, and each process that this
/// one is just starting has a copy until it runs its program (`flock(2)`). So a lock that is only
/// closed can outlive its holder for an instant, in which another process is refused.
#[derive(Debug)]
pub(super) struct Locked(pub(super) File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Best effort: closing the file frees it a little later.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A copy stands for the one that a process has while it starts.
    #[test]
    fn a_copy_of_the_file_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let open = || {
            let mut options = File::options();
            options.write(true).create(true).truncate(false);
            options.open(&path).unwrap()
        };
        let file = open();
        file.lock().unwrap();
        let _copy = file.try_clone().unwrap();
        let locked = Locked(file);
        assert!(open().try_lock().is_err());
        drop(locked);
        open().try_lock().unwrap();
    }
}
