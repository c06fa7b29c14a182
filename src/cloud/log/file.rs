//! One log as a file, which is unpacked as it is read.

use super::excerpt::is_packed;
use super::input::Input;
use super::tail::Tail;
use crate::cloud::local_results;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// How much of its first line distinguishes a log from another, in bytes.
const BEGINNING: usize = 256;

/// The first bytes of a log, which distinguish it from another.
pub(super) fn beginning(bytes: &[u8]) -> Option<Vec<u8>> {
    let kept = bytes.get(..BEGINNING).unwrap_or(bytes);
    let is_whole = kept.len() == BEGINNING || kept.ends_with(b"\n");
    is_whole.then(|| kept.to_vec())
}

/// A log that can be read from its beginning, plain or packed with gzip.
#[derive(Debug, Clone)]
pub struct LogFile(Place);

#[derive(Debug, Clone)]
enum Place {
    /// In a folder of logs, in which a job may have replaced it by a link.
    Inside(PathBuf),
    /// A file that the user names.
    Given(PathBuf),
    /// A file of a temporary folder, which is deleted with the last of its logs.
    Fetched(Arc<TempDir>, String),
    Input,
}

impl LogFile {
    /// A log in a folder of logs.
    pub(in crate::cloud) const fn inside(path: PathBuf) -> Self {
        Self(Place::Inside(path))
    }

    /// A log that is downloaded into a temporary folder under this name.
    pub(in crate::cloud) const fn fetched(folder: Arc<TempDir>, name: String) -> Self {
        Self(Place::Fetched(folder, name))
    }

    /// A log that the user names.
    pub const fn given(path: PathBuf) -> Self {
        Self(Place::Given(path))
    }

    /// Standard input. It can be read once.
    pub const fn input() -> Self {
        Self(Place::Input)
    }

    /// Whether it is standard input. Reading it fails with `WouldBlock` while nothing is written to it.
    pub(super) const fn is_input(&self) -> bool {
        matches!(self.0, Place::Input)
    }

    /// How it begins: its first line, up to a limit. `None` if that has no end yet, or cannot be read.
    pub fn beginning(&self) -> Option<Vec<u8>> {
        let opened = self.open(0).ok()??;
        let mut line = Vec::new();
        opened
            .take(BEGINNING as u64)
            .read_until(b'\n', &mut line)
            .ok()?;
        beginning(&line)
    }

    /// Whether it has all of what was read of a log, or more.
    pub fn holds(&self, read: &Tail) -> bool {
        self.open(read.read()).is_ok_and(|opened| opened.is_some())
    }

    /// Opens it after its first `skipped` bytes, unpacked; `None` if it is shorter.
    pub(super) fn open(&self, skipped: u64) -> io::Result<Option<Box<dyn BufRead + Send>>> {
        let file = match &self.0 {
            Place::Inside(path) => local_results::open(path)?,
            Place::Fetched(folder, name) => local_results::open(&folder.path().join(name))?,
            Place::Given(path) => crate::disk::open(path)?,
            Place::Input => return after(BufReader::new(Input::open()?), skipped),
        };
        let mut file = BufReader::new(file);
        if is_packed(&mut file)? {
            return after(file, skipped);
        }
        plain_after(file, skipped)
    }
}

fn after(
    mut from: impl BufRead + Send + 'static,
    skipped: u64,
) -> io::Result<Option<Box<dyn BufRead + Send>>> {
    let mut opened: Box<dyn BufRead + Send> = if is_packed(&mut from)? {
        Box::new(BufReader::new(MultiGzDecoder::new(from)))
    } else {
        Box::new(from)
    };
    match io::copy(&mut (&mut opened).take(skipped), &mut io::sink()) {
        Ok(read) if read == skipped => Ok(Some(opened)),
        // What is broken before that point was shorter once.
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
        Ok(_) | Err(_) => Ok(None),
    }
}

fn plain_after(
    mut file: BufReader<File>,
    skipped: u64,
) -> io::Result<Option<Box<dyn BufRead + Send>>> {
    if file.get_ref().metadata()?.len() < skipped {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(skipped))?;
    Ok(Some(Box::new(file)))
}
