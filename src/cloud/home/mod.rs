//! Results come home: copied beside their place, then moved there entry by entry, so that no entry
//! ever holds parts of two runs. A marker says whose they are and which; it is removed first and
//! written last, and nothing that it does not list is ever replaced. The marker lies where others
//! write too, so it counts only where every name in it is that of one entry beside it, and what it
//! lists is removed only where this machine has it on record as it is. All else is kept.

mod proof;
mod tree;

#[cfg(test)]
mod tests;

use super::files::{gone, write_whole};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::action::Results;
use crate::model::event::Event;
use crate::model::hint::{Command, Hint};
use crate::model::name::StackName;
use crate::model::observed::{AtHome, Run};
use crate::model::relative::FileName;
use crate::model::shown;
use proof::{Proof, Proofs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use tree::Tree;

pub(super) use tree::{Skipped, is_reserved, open};

/// Says whose the results beside it are.
const MARKER: &str = ".clusterup.json";
/// How the names of entries begin that are not whole yet.
const PARTIAL: &str = ".clusterup.partial.";
/// How folders begin into which goes what was in the way and may be somebody's own.
const KEPT: &str = ".clusterup.kept.";
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
}

/// What came of bringing results home.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Brought {
    /// What was left out.
    pub(super) skipped: Vec<Skipped>,
    /// The run wrote nothing; what was at home before is still there.
    pub(super) empty: bool,
    /// Where that is which the marker lists and clusterup cannot prove its own.
    kept: Vec<PathBuf>,
}

impl Brought {
    /// What was left out, in a line.
    pub(super) fn warning(&self) -> Option<String> {
        let named = first(self.skipped.iter().map(Skipped::to_string))?;
        Some(format!("not brought home: {named}"))
    }

    /// What was kept though the marker lists it.
    pub(super) fn kept(&self) -> Option<Event> {
        let shown = |path: &PathBuf| shown::line(&path.to_string_lossy(), 500);
        let named = first(self.kept.iter().map(shown))?;
        let folder = self.kept.first().and_then(|path| path.parent())?;
        let what = format!("kept, because it is not on record as a result of clusterup: {named}");
        let next = Some(stays_in(folder));
        Some(Event::Warning { what, next })
    }
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
        let (from, to) = (quoted(&path), quoted(&home.join("not-clusterup.json")));
        CloudError::new(Class::Input, message)
            .hint("look at it, then move it away")
            .hint(Command::other(&format!("mv -n {from} {to}")))
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
pub(super) fn observe(stack: &StackName, home: &Path) -> Option<AtHome> {
    // A marker that is broken is reported where something depends on it: no run's results are here.
    let marker = marker(home).ok().flatten()?;
    if marker.stack != *stack {
        return None;
    }
    if let Some(run) = marker.empty {
        return Some(AtHome { run, empty: true });
    }
    let there = marker
        .entries
        .iter()
        .all(|entry| is_there(&home.join(entry)));
    there.then_some(AtHome {
        run: marker.run,
        empty: false,
    })
}

/// Whether results could be brought to `home`: seen before a job runs, not after it.
pub(super) fn check(stack: &StackName, home: &Path) -> Result<(), CloudError> {
    let no = |why: String| {
        let message = format!("results cannot be brought to {}: {why}", home.display());
        CloudError::new(Class::Input, message).hint("give job.results another folder")
    };
    if let Some(other) = marker(home)?.filter(|marker| marker.stack != *stack) {
        return Err(no(format!("those of stack {} are there", other.stack)));
    }
    let there = home
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("/"));
    if !there.is_dir() {
        return Err(no(format!("{} is no folder", there.display())));
    }
    let writable = rustix::fs::access(there, rustix::fs::Access::WRITE_OK).is_ok();
    if writable {
        Ok(())
    } else {
        Err(no(format!("{} is not writable", there.display())))
    }
}

/// Brings the results that lie in the folder `from` to where the stack wants them. Where there are
/// none, what is there already stays. What was brought is on record below `records`, in the user's
/// state folder.
pub(super) fn bring(
    from: &Path,
    stack: &StackName,
    results: &Results,
    records: &Path,
) -> Result<Brought, CloudError> {
    let Results { run, to, .. } = results;
    let doing = || format!("bring results home to {}", to.display());
    check(stack, to)?;
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
    let replacing = Replacing {
        tree: &tree,
        to,
        old: &old.map(|marker| marker.entries).unwrap_or_default(),
        marker: &Marker::new(stack, run, tree.names().into_iter().collect()),
    };
    let mut proofs = Proofs::read(records, to).during(doing)?;
    brought.kept = replacing.replace(&mut proofs)?;
    Ok(brought)
}

/// New entries on their way to the place of old ones.
struct Replacing<'a> {
    tree: &'a Tree,
    to: &'a Path,
    /// What the marker lists that was found.
    old: &'a [FileName],
    /// The marker that will be.
    marker: &'a Marker,
}

impl Replacing<'_> {
    fn doing(&self) -> String {
        format!("bring results home to {}", self.to.display())
    }

    fn beside(&self, number: usize) -> PathBuf {
        self.to.join(format!("{PARTIAL}{number}"))
    }

    /// All new entries are whole beside their places, and on record, before the first old one goes.
    /// Gives where what may be somebody's own is now.
    fn replace(&self, proofs: &mut Proofs) -> Result<Vec<PathBuf>, CloudError> {
        let (to, new) = (self.to, &self.marker.entries);
        let in_the_way = |new: &&FileName| is_there(&to.join(new)) && !self.old.contains(new);
        if let Some(strange) = new.iter().find(in_the_way) {
            let path = to.join(strange);
            let message = format!(
                "{} is there already and is no result of ours",
                shown::line(&path.to_string_lossy(), 500)
            );
            return Err(CloudError::new(Class::Input, message)
                .hint("move it away, or give job.results another folder, and apply again"));
        }
        // A forged marker may list one twice.
        let listed: BTreeSet<&FileName> = self.old.iter().collect();
        let there = listed.into_iter().filter(|old| is_there(&to.join(old)));
        let (ours, strange): (Vec<&FileName>, Vec<&FileName>) =
            there.partition(|old| proofs.has(old, &to.join(old)));
        let brought = self.copy().during(|| self.doing())?;
        proofs.add(&brought).during(|| self.doing())?;
        // While entries change, the marker lists old and new, and no run's results are complete.
        write_marker(to, &self.marker.half(self.old))?;
        let kept = self.keep(&strange).during(|| self.doing())?;
        let gone: Vec<_> = ours.into_iter().filter(|old| !new.contains(old)).collect();
        self.put(&gone).during(|| self.doing())?;
        write_marker(to, self.marker)?;
        proofs.keep(brought).during(|| self.doing())?;
        Ok(kept)
    }

    /// Copies new entries beside their places; what each is like there.
    fn copy(&self) -> io::Result<Vec<Proof>> {
        let new = &self.marker.entries;
        let copied = new.iter().enumerate().map(|(number, name)| {
            let beside = self.beside(number);
            remove(&beside)?;
            self.tree.copy(name, &beside)?;
            Proof::of(name, &beside)
        });
        let copied: io::Result<Vec<_>> = copied.collect();
        if copied.is_err() {
            for number in 0..new.len() {
                // What stays is hidden, and is removed by the next that brings results.
                let _ = remove(&self.beside(number));
            }
        }
        copied
    }

    /// Moves what was copied to its places; what was there before is proved to be ours.
    fn put(&self, gone: &[&FileName]) -> io::Result<()> {
        for (number, name) in self.marker.entries.iter().enumerate() {
            remove(&self.to.join(name))?;
            fs::rename(self.beside(number), self.to.join(name))?;
        }
        gone.iter().try_for_each(|name| remove(&self.to.join(name)))
    }

    /// Moves those that are in the way of new entries into a folder of their own, and lets the others
    /// lie where they are.
    fn keep(&self, strange: &[&FileName]) -> io::Result<Vec<PathBuf>> {
        let in_the_way = |name: &&FileName| self.marker.entries.contains(name);
        let (moved, stay): (Vec<&FileName>, Vec<&FileName>) =
            strange.iter().partition(|name| in_the_way(name));
        let mut kept: Vec<PathBuf> = Vec::new();
        if !moved.is_empty() {
            let folder = new_folder(self.to)?;
            for name in moved {
                fs::rename(self.to.join(name), folder.join(name))?;
                kept.push(folder.join(name));
            }
        }
        kept.extend(stay.into_iter().map(|name| self.to.join(name)));
        Ok(kept)
    }
}

/// A new folder for what is kept.
fn new_folder(home: &Path) -> io::Result<PathBuf> {
    for number in 1_u32.. {
        let folder = home.join(format!("{KEPT}{number}"));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

impl Marker {
    fn new(stack: &StackName, run: &Run, entries: Vec<FileName>) -> Self {
        Self {
            stack: stack.clone(),
            run: run.clone(),
            entries,
            empty: None,
        }
    }

    /// The marker of results that are on their way: of a run that nobody asks for.
    fn half(&self, old: &[FileName]) -> Self {
        let run = Run {
            number: 0,
            ..self.run.clone()
        };
        Self::new(&self.stack, &run, [old, &self.entries].concat())
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

/// A path as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=@%,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// The command that shows what was left out, where it still is.
pub(super) fn stays_in(folder: &Path) -> Hint {
    Command::other(&format!("ls -la {}", quoted(folder))).into()
}
