//! The record of the results that this machine downloaded to a folder. Others can write the marker
//! in that folder, so it alone does not justify removing anything: an entry counts as clusterup's
//! own only while it is unchanged since the download, according to this record in the user's state
//! folder.

use crate::cloud::files::write_whole;
use crate::disk;
use crate::model::hex::hex;
use crate::model::relative::FileName;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The record of one folder of results.
#[derive(Debug)]
pub(super) struct Proofs {
    path: PathBuf,
    known: BTreeSet<Proof>,
}

/// An entry and a digest of its state after the download.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Proof {
    entry: FileName,
    print: String,
}

impl Proofs {
    /// Reads the record of the folder `home`, which must exist, from the folder `records`. A
    /// missing or invalid record proves nothing.
    pub(super) fn read(records: &Path, home: &Path) -> io::Result<Self> {
        let home = fs::canonicalize(home)?;
        let name = hex(&Sha256::digest(home.as_os_str().as_encoded_bytes())[..16]);
        let path = records.join(format!("{name}.json"));
        let text = disk::bytes(&path, disk::RECORD).unwrap_or_default();
        let known = serde_json::from_slice(&text).unwrap_or_default();
        Ok(Self { path, known })
    }

    /// Whether the file or folder at `path` is the downloaded entry, unchanged.
    pub(super) fn has(&self, entry: &FileName, path: &Path) -> bool {
        Proof::of(entry, path).is_ok_and(|proof| self.known.contains(&proof))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds proofs to the record.
    pub(super) fn add(&mut self, proofs: &[Proof]) -> io::Result<()> {
        self.known.extend(proofs.iter().cloned());
        self.write()
    }

    /// Replaces the record by these proofs.
    pub(super) fn replace(&mut self, proofs: Vec<Proof>) -> io::Result<()> {
        self.known = proofs.into_iter().collect();
        self.write()
    }

    /// A record above the size limit could not be read back and is refused.
    fn write(&self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.known)?;
        if text.len() as u64 > disk::RECORD {
            let why = "one folder contains too many results to record them";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        write_whole(&self.path, &text)
    }
}

impl Proof {
    /// The proof of the file or folder at `path` as this entry: a digest of the names in it, their
    /// lengths, and the modification time of each file. A move changes none of these.
    pub(super) fn of(entry: &FileName, path: &Path) -> io::Result<Self> {
        let mut digest = Sha256::new();
        let mut pending = vec![path.to_owned()];
        while let Some(next) = pending.pop() {
            let below = next.strip_prefix(path).unwrap_or(&next);
            let metadata = fs::symlink_metadata(&next)?;
            let kind = metadata.mode() >> 12;
            let file = metadata.is_file();
            let bytes = metadata.len();
            let seconds = metadata.mtime();
            let nanos = metadata.mtime_nsec();
            let name = below.as_os_str().as_encoded_bytes();
            digest.update((name.len() as u64).to_le_bytes());
            digest.update(name);
            digest.update(kind.to_le_bytes());
            if file {
                digest.update(bytes.to_le_bytes());
                digest.update(seconds.to_le_bytes());
                digest.update(nanos.to_le_bytes());
            }
            if metadata.is_dir() {
                let entries = fs::read_dir(&next)?.map(|entry| Ok(entry?.path()));
                let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
                entries.sort();
                pending.extend(entries);
            }
        }
        Ok(Self {
            entry: entry.clone(),
            print: hex(&digest.finalize()),
        })
    }
}
