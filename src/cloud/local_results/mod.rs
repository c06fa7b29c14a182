//! Results come home: copied beside their place, then moved there entry by entry, so that no entry
//! ever holds parts of two runs. A marker says whose they are and which; it is removed first and
//! written last, and nothing that it does not list is ever replaced. The marker lies where others
//! write too, so it counts only where every name in it is that of one entry beside it, and what it
//! lists is removed only where this machine has it on record as it is. All else is kept.

mod proof;
mod replace;
mod tree;

#[cfg(test)]
mod tests;

use super::files::{gone, write_whole};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::action::Results;
use crate::model::event::{Event, Listener};
use crate::model::hint::{Command, Hint};
use crate::model::name::StackName;
use crate::model::observed::{DownloadedRun, Run};
use crate::model::relative::FileName;
use crate::model::shown;
use proof::Proofs;
use replace::Replacing;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use tree::Tree;

pub(super) use tree::{Skipped, is_reserved, open};

/// Says whose the results beside it are.
const MARKER: &str = ".clusterup.json";
/// More than any marker has, in bytes.
const LONGEST_MARKER: u64 = 16 << 20;
/// So many entries that were left out are named.
const NAMED: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    stack: StackName,
    /// The run whose results are in the entries.
    run: Run,
    entries: Vec<FileName>,
    /// A later run, which wrote nothing, so that the entries of the earlier one stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    empty: Option<Run>,
    /// Entries of earlier runs that are not as they were brought, and so stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<FileName>,
}

/// What came of bringing results home.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Brought {
    /// What was left out.
    pub(super) skipped: Vec<Skipped>,
    /// The run wrote nothing; what was at home before is still there.
    pub(super) empty: bool,
    /// Where that is which the marker lists and clusterup cannot prove its own; reported already.
    pub(super) kept: Vec<PathBuf>,
}

impl Brought {
    /// What was left out, in a line.
    pub(super) fn warning(&self) -> Option<String> {
        let named = first(self.skipped.iter().map(Skipped::to_string))?;
        Some(format!("not brought home: {named}"))
    }
}

/// What was kept though the marker lists it, as it is reported.
fn kept_event(kept: &[PathBuf]) -> Option<Event> {
    let shown = |path: &PathBuf| shown::line(&path.to_string_lossy(), 500);
    let named = first(kept.iter().map(shown))?;
    let folder = kept.first().and_then(|path| path.parent())?;
    let what = format!("kept, because it is not on record as a result of clusterup: {named}");
    let next = Some(stays_in(folder));
    Some(Event::Warning { what, next })
}

/// The first of some texts, and how many there are besides; none where there are none.
fn first(texts: impl ExactSizeIterator<Item = String>) -> Option<String> {
    let more = texts.len().saturating_sub(NAMED);
    let named: Vec<String> = texts.take(NAMED).collect();
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}

/// The marker in a folder, if there is one.
fn marker(home: &Path) -> Result<Option<Marker>, CloudError> {
    let path = home.join(MARKER);
    let broken = |why: &str| {
        let shown = path.display();
        let message = format!(
            "{shown} is not as clusterup writes it ({why}), so nothing beside it is taken for \
             results of clusterup, and nothing there is deleted"
        );
        let aside = home.join("not-clusterup.json");
        let (from, to) = (path.to_string_lossy(), aside.to_string_lossy());
        CloudError::new(Class::Input, message)
            .hint("look at it, then move it away")
            .hint(Command::other("mv -n").arg(from).arg(to))
            .hint("or give job.results another folder, and apply again")
    };
    let file = match open(&path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(broken(&error.to_string())),
        Ok(file) => file,
    };
    let mut text = Vec::new();
    let read = file.take(LONGEST_MARKER).read_to_end(&mut text);
    read.during(|| format!("read {}", path.display()))?;
    let marker: Marker = serde_json::from_slice(&text)
        .map_err(|error| broken(&shown::line(&error.to_string(), 200)))?;
    if marker
        .entries
        .iter()
        .any(|entry| is_reserved(entry.as_str()))
    {
        return Err(broken("it lists itself"));
    }
    Ok(Some(marker))
}

/// The run of a stack whose results are in `home`, all of them.
pub(super) fn observe(stack: &StackName, home: &Path) -> Option<DownloadedRun> {
    // A marker that is broken is reported where something depends on it: no run's results are here.
    let marker = marker(home).ok().flatten()?;
    if marker.stack != *stack {
        return None;
    }
    if let Some(run) = marker.empty {
        return Some(DownloadedRun { run, empty: true });
    }
    let there = marker
        .entries
        .iter()
        .all(|entry| is_there(&home.join(entry)));
    there.then_some(DownloadedRun {
        run: marker.run,
        empty: false,
    })
}

/// Whether results could be brought to `home`: seen before a job runs, not after it.
/// `records` is where what is brought goes on record.
pub(super) fn check(
    stack: &StackName,
    home: &Path,
    records: Option<&Path>,
) -> Result<(), CloudError> {
    let no = |why: String| {
        let message = format!("results cannot be brought to {}: {why}", home.display());
        CloudError::new(Class::Input, message).hint("give job.results another folder")
    };
    if let Some(other) = marker(home)?.filter(|marker| marker.stack != *stack) {
        return Err(no(format!("those of stack {} are there", other.stack)));
    }
    for folder in std::iter::once(home).chain(records) {
        let there = folder.ancestors().find(|folder| folder.exists());
        let there = there.unwrap_or(Path::new("/"));
        if !there.is_dir() {
            return Err(no(format!("{} is no folder", there.display())));
        }
        if rustix::fs::access(there, rustix::fs::Access::WRITE_OK).is_err() {
            return Err(no(format!("{} is not writable", there.display())));
        }
    }
    Ok(())
}

/// Keeps others of this machine from bringing results to the same folder.
pub(super) struct Hold {
    records: PathBuf,
    _lock: File,
}

impl Hold {
    /// Of the folder `home`, which is made where it is not there. `records`, in the user's state
    /// folder, has on record what was brought.
    pub(super) fn of(home: &Path, records: &Path) -> Result<Self, CloudError> {
        let doing = || format!("bring results home to {}", home.display());
        fs::create_dir_all(home).during(doing)?;
        let lock = File::open(home).during(doing)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(CloudError::new(
                Class::Busy,
                format!(
                    "another clusterup is bringing results to {}",
                    home.display()
                ),
            )
            .hint("when it is done, do the same once more")
            .hint(Command::again())),
            // Some file systems of other machines have no locks for folders.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self {
                records: records.to_owned(),
                _lock: lock,
            }),
        }
    }
}

/// Brings the results that lie in the folder `from` to where the stack wants them. Where there are
/// none, what is there already stays. What is kept of somebody's own is reported to `hear`.
pub(super) fn bring(
    from: &Path,
    stack: &StackName,
    results: &Results,
    hold: &Hold,
    listener: &dyn Listener,
) -> Result<Brought, CloudError> {
    let Results { run, to, .. } = results;
    let doing = || format!("bring results home to {}", to.display());
    check(stack, to, Some(&hold.records))?;
    let old = marker(to)?;
    let tree = Tree::read(from).during(doing)?;
    fs::create_dir_all(to).during(doing)?;
    let mut brought = Brought {
        skipped: tree.skipped.clone(),
        ..Brought::default()
    };
    if tree.files.is_empty() {
        let mut marker = old.unwrap_or_else(|| Marker::new(stack, run, Vec::new()));
        marker.empty = Some(run.clone());
        write_marker(to, &marker)?;
        brought.empty = true;
        return Ok(brought);
    }
    let mut proofs = Proofs::read(&hold.records, to).during(doing)?;
    let mut replacing = Replacing {
        tree: &tree,
        to,
        old: old.as_ref(),
        marker: Marker::new(stack, run, tree.names().into_iter().collect()),
        listener,
        kept: Vec::new(),
    };
    replacing.run(&mut proofs)?;
    brought.kept = replacing.kept;
    Ok(brought)
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

    /// The marker of results that are on their way: of a run that nobody asks for.
    fn half(&self, old: Option<&Self>) -> Self {
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

/// Whether there is anything of this name, be it a link to nothing.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Removes a file, a folder with all that is in it, or a link, but not what a link leads to.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(metadata) if metadata.is_dir() => gone(fs::remove_dir_all(path)),
        Ok(_) | Err(_) => gone(fs::remove_file(path)),
    }
}

/// The command that shows what was left out, where it still is.
pub(super) fn stays_in(folder: &Path) -> Hint {
    let folder = folder.to_string_lossy();
    Command::other("ls -la").arg(folder).into()
}
