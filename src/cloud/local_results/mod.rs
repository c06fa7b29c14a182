//! Downloads results: each entry is copied beside its place and then moved there, so that no entry
//! ever mixes two runs. A marker file says which stack and run they are of; it is removed first and
//! written last, and nothing that it does not list is ever replaced. The marker lies where others
//! write too, so it is only trusted if each name in it is one entry of its folder, and a listed
//! entry is only removed if this machine has it on record, unchanged. Everything else is kept.

mod proof;
mod replace;
mod tree;

#[cfg(test)]
mod tests;

use super::files::{gone, write_whole};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::locked::Locked;
use crate::model::action::Results;
use crate::model::event::{Event, Listener};
use crate::model::hint::{Command, Hint};
use crate::model::name::StackName;
use crate::model::observed::{DownloadedRun, Run};
use crate::model::relative::FileName;
use crate::model::shown;
use proof::Proofs;
use replace::Replacement;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use tree::Tree;

pub(super) use tree::{Skipped, is_reserved, open};

/// The name of the marker file in a results folder.
const MARKER: &str = ".clusterup.json";
/// The largest marker that is read, in bytes.
const MAX_MARKER_BYTES: u64 = 16 << 20;
/// How many skipped entries a message names.
const MAX_NAMED: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    stack: StackName,
    /// The run that wrote the entries.
    run: Run,
    entries: Vec<FileName>,
    /// A later run that wrote nothing, so that the entries of the earlier run stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    empty: Option<Run>,
    /// Entries of earlier runs that were changed after the download, and therefore stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<FileName>,
}

/// The result of a download.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Downloaded {
    /// The entries that were left out.
    pub(super) skipped: Vec<Skipped>,
    /// Whether the run wrote nothing. Earlier results then stay.
    pub(super) empty: bool,
    /// Where entries are kept that the marker lists but that are not on record. They were reported
    /// already.
    pub(super) kept: Vec<PathBuf>,
}

impl Downloaded {
    /// The skipped entries as one line.
    pub(super) fn warning(&self) -> Option<String> {
        let named = summary(self.skipped.iter().map(Skipped::to_string))?;
        Some(format!("not downloaded: {named}"))
    }
}

/// The warning about entries that the marker lists and that were kept.
fn kept_event(kept: &[PathBuf]) -> Option<Event> {
    let shown = |path: &PathBuf| shown::line(&path.to_string_lossy(), 500);
    let named = summary(kept.iter().map(shown))?;
    let folder = kept.first().and_then(|path| path.parent())?;
    let what = format!("kept, because clusterup has no record of downloading it: {named}");
    let next = Some(list_command(folder));
    Some(Event::Warning { what, next })
}

/// Joins the first texts and the number of the others; `None` if there are none.
fn summary(texts: impl ExactSizeIterator<Item = String>) -> Option<String> {
    let more = texts.len().saturating_sub(MAX_NAMED);
    let named: Vec<String> = texts.take(MAX_NAMED).collect();
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}

/// Reads the marker of a folder; `None` if there is none.
fn marker(home: &Path) -> Result<Option<Marker>, CloudError> {
    let path = home.join(MARKER);
    let invalid = |why: &str| {
        let shown = path.display();
        let message = format!(
            "{shown} does not have the form in which clusterup writes it ({why}), so it is \
             ignored, and nothing in its folder is deleted"
        );
        let aside = home.join("not-clusterup.json");
        let from = path.to_string_lossy();
        let to = aside.to_string_lossy();
        CloudError::new(Class::Input, message)
            .hint("look at it, then move it away")
            .hint(Command::other("mv -n").arg(from).arg(to))
            .hint("or give job.results another folder, and apply again")
    };
    let file = match open(&path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(invalid(&error.to_string())),
        Ok(file) => file,
    };
    let mut text = Vec::new();
    let read = file.take(MAX_MARKER_BYTES).read_to_end(&mut text);
    read.during(|| format!("read {}", path.display()))?;
    let marker: Marker = serde_json::from_slice(&text)
        .map_err(|error| invalid(&shown::line(&error.to_string(), 200)))?;
    if marker
        .entries
        .iter()
        .any(|entry| is_reserved(entry.as_str()))
    {
        return Err(invalid("it lists itself"));
    }
    Ok(Some(marker))
}

/// Returns the run of a stack whose complete results are in `home`.
pub(super) fn observe(stack: &StackName, home: &Path) -> Option<DownloadedRun> {
    // An invalid marker is reported by the operations that depend on it; here it means no results.
    let marker = marker(home).ok().flatten()?;
    if marker.stack != *stack {
        return None;
    }
    if let Some(run) = marker.empty {
        return Some(DownloadedRun { run, empty: true });
    }
    let there = marker.entries.iter().all(|entry| exists(&home.join(entry)));
    there.then_some(DownloadedRun {
        run: marker.run,
        empty: false,
    })
}

/// Checks whether results can be downloaded to `home`; called before a job runs. `records` is the
/// folder of download records.
pub(super) fn check(
    stack: &StackName,
    home: &Path,
    records: Option<&Path>,
) -> Result<(), CloudError> {
    let refuse = |why: String| {
        let message = format!("results cannot be downloaded to {}: {why}", home.display());
        CloudError::new(Class::Input, message).hint("give job.results another folder")
    };
    if let Some(other) = marker(home)?.filter(|marker| marker.stack != *stack) {
        return Err(refuse(format!(
            "it has the results of stack {}",
            other.stack
        )));
    }
    for folder in std::iter::once(home).chain(records) {
        let there = folder.ancestors().find(|folder| folder.exists());
        let there = there.unwrap_or(Path::new("/"));
        if !there.is_dir() {
            return Err(refuse(format!("{} is not a folder", there.display())));
        }
        if rustix::fs::access(there, rustix::fs::Access::WRITE_OK).is_err() {
            return Err(refuse(format!("{} is not writable", there.display())));
        }
    }
    Ok(())
}

/// A lock that keeps other processes of this machine from downloading to the same folder.
pub(super) struct FolderLock {
    records: PathBuf,
    _lock: Locked,
}

impl FolderLock {
    /// Locks the folder `home`, which is created if it is missing. `records` is the folder of
    /// download records, in the user's state folder.
    pub(super) fn take(home: &Path, records: &Path) -> Result<Self, CloudError> {
        let doing = || format!("download results to {}", home.display());
        fs::create_dir_all(home).during(doing)?;
        let lock = File::open(home).during(doing)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(CloudError::new(
                Class::Busy,
                format!(
                    "another clusterup is downloading results to {}",
                    home.display()
                ),
            )
            .hint("run the command again when it has finished")
            .hint(Command::again())),
            // Some network file systems cannot lock folders.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self {
                records: records.to_owned(),
                _lock: Locked(lock),
            }),
        }
    }
}

/// Downloads the results in the folder `from` to where the stack wants them. If the run wrote none,
/// earlier results stay. Kept entries are reported to `listener`.
pub(super) fn download(
    from: &Path,
    stack: &StackName,
    results: &Results,
    lock: &FolderLock,
    listener: &dyn Listener,
) -> Result<Downloaded, CloudError> {
    let Results { run, to, .. } = results;
    let doing = || format!("download results to {}", to.display());
    check(stack, to, Some(&lock.records))?;
    let old = marker(to)?;
    let tree = Tree::read(from).during(doing)?;
    fs::create_dir_all(to).during(doing)?;
    let mut downloaded = Downloaded {
        skipped: tree.skipped.clone(),
        ..Downloaded::default()
    };
    if tree.files.is_empty() {
        let mut marker = old.unwrap_or_else(|| Marker::new(stack, run, Vec::new()));
        marker.empty = Some(run.clone());
        write_marker(to, &marker)?;
        downloaded.empty = true;
        return Ok(downloaded);
    }
    let mut proofs = Proofs::read(&lock.records, to).during(doing)?;
    let mut replacing = Replacement {
        tree: &tree,
        to,
        old: old.as_ref(),
        marker: Marker::new(stack, run, tree.names().into_iter().collect()),
        listener,
        kept: Vec::new(),
    };
    replacing.run(&mut proofs)?;
    downloaded.kept = replacing.kept;
    Ok(downloaded)
}

impl Marker {
    fn new(stack: &StackName, run: &Run, entries: Vec<FileName>) -> Self {
        Self {
            stack: stack.clone(),
            run: run.clone(),
            entries,
            empty: None,
            kept: Vec::new(),
        }
    }

    /// The marker while entries change: run 0, which no stack asks for, and both old and new
    /// entries.
    fn in_progress(&self, old: Option<&Self>) -> Self {
        let run = Run {
            number: 0,
            ..self.run.clone()
        };
        let (listed, kept) =
            old.map_or((&[][..], &[][..]), |old| (&old.entries[..], &old.kept[..]));
        let entries = [listed, &self.entries].concat();
        let kept = kept.to_vec();
        Self {
            kept,
            ..Self::new(&self.stack, &run, entries)
        }
    }
}

fn write_marker(home: &Path, marker: &Marker) -> Result<(), CloudError> {
    let path = home.join(MARKER);
    let doing = || format!("write {}", path.display());
    let text = serde_json::to_vec(marker)
        .map_err(io::Error::from)
        .during(doing)?;
    write_whole(&path, &text).during(doing)
}

/// Whether anything has this name, even a dangling link.
fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Removes a file, a folder and its content, or a link, but not the target of a link.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(metadata) if metadata.is_dir() => gone(fs::remove_dir_all(path)),
        Ok(_) | Err(_) => gone(fs::remove_file(path)),
    }
}

/// The command that lists the skipped entries in their original place.
pub(super) fn list_command(folder: &Path) -> Hint {
    let folder = folder.to_string_lossy();
    Command::other("ls -la").arg(folder).into()
}
