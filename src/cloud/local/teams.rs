//! Teams' accounts of this machine: one file each, changed under a lock of the kernel.

use super::lock;
use super::place::Place;
use crate::cloud::error::IoContext;
use crate::cloud::files::write_whole;
use crate::cloud::locked::Locked;
use crate::cloud::{CloudError, StoredAccount};
use crate::disk;
use crate::model::hex::hex;
use crate::model::name::{StackName, TeamName};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

fn file(place: &Place, team: &TeamName) -> PathBuf {
    place.teams().join(format!("{team}.json"))
}

pub(super) fn read(place: &Place, team: &TeamName) -> Result<Option<StoredAccount>, CloudError> {
    let path = file(place, team);
    stored(&path).during(|| format!("read {}", path.display()))
}

fn stored(path: &Path) -> io::Result<Option<StoredAccount>> {
    match disk::bytes(path, disk::RECORD) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(|content| {
            let version = hex(&Sha256::digest(&content));
            Some(StoredAccount { content, version })
        }),
    }
}

/// Writes an account if its version is still `was`; returns false if it is not.
pub(super) fn write(
    place: &Place,
    team: &TeamName,
    content: &[u8],
    was: Option<&str>,
) -> Result<bool, CloudError> {
    let path = file(place, team);
    let write = || {
        fs::create_dir_all(place.teams())?;
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.with_extension("lock"))?;
        // Held only while a small file is written.
        lock.lock()?;
        let _locked = Locked(lock);
        let now = stored(&path)?.map(|stored| stored.version);
        if now.as_deref() != was {
            return Ok(false);
        }
        write_whole(&path, content)?;
        Ok(true)
    };
    write().during(|| format!("write {}", path.display()))
}

/// Whether a process holds the stack's lock.
pub(super) fn holds(place: &Place, stack: &StackName) -> Result<bool, CloudError> {
    let path = lock::path(place, stack);
    lock::is_held(&path).during(|| format!("look at {}", path.display()))
}
