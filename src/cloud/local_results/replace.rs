//! Replaces old entries by new ones. An old entry is moved aside before it is compared with the
//! record, so that concurrent changes are noticed; it is removed if it is unchanged, and otherwise
//! kept.

use super::proof::{Proof, Proofs};
use super::tree::Tree;
use super::{Marker, exists, kept_event, remove, write_marker};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::event::Listener;
use crate::model::relative::FileName;
use crate::model::shown;
use rustix::fs::{CWD, RenameFlags};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The prefix of incomplete entries: being copied in, or being deleted.
const PARTIAL: &str = ".clusterup.partial.";
/// The prefix of entries that were moved aside and are not yet compared with the record.
const ASIDE: &str = ".clusterup.aside.";
/// The prefix of folders for entries that were in the way and may be the user's own.
const KEPT: &str = ".clusterup.kept.";

/// A replacement of old entries by new ones.
pub(super) struct Replacement<'a> {
    pub(super) tree: &'a Tree,
    pub(super) to: &'a Path,
    /// The earlier marker.
    pub(super) old: Option<&'a Marker>,
    /// The new marker.
    pub(super) marker: Marker,
    pub(super) listener: &'a dyn Listener,
    /// Where entries are kept that may be the user's own.
    pub(super) kept: Vec<PathBuf>,
}

impl Replacement<'_> {
    /// Carries out the replacement. All new entries are complete beside their places, and on
    /// record, before the first old one is removed. Kept entries are reported, also if something
    /// fails later.
    pub(super) fn run(&mut self, proofs: &mut Proofs) -> Result<(), CloudError> {
        let to = self.to.to_owned();
        let doing = || format!("download results to {}", to.display());
        let listed_before = self.listed_before();
        self.check_conflicts(&listed_before)?;
        sweep(&to).during(doing)?;
        let leftovers = aside(&to).during(doing)?;
        let done = self.copy().during(doing).and_then(|downloaded| {
            proofs
                .add(&downloaded)
                .during(|| format!("write {}", proofs.path().display()))?;
            // Checked again: copying may have taken long.
            self.check_conflicts(&listed_before)?;
            // While entries change, the marker lists old and new, and no run's results are complete.
            write_marker(&to, &self.marker.in_progress(self.old))?;
            let moved = leftovers.iter().try_for_each(|path| self.keep(path, None));
            moved
                .and_then(|()| self.put(proofs))
                .and_then(|()| self.remove_old(proofs))
                .during(doing)?;
            write_marker(&to, &self.marker)?;
            proofs
                .replace(downloaded)
                .during(|| format!("write {}", proofs.path().display()))
        });
        if let Some(kept) = kept_event(&self.kept) {
            self.listener.on_event(&kept);
        }
        if done.is_err() {
            let _ = sweep(&to);
        }
        done
    }

    /// All names that earlier markers list: entries, and entries that were kept in place.
    fn listed_before(&self) -> BTreeSet<FileName> {
        let old = self.old.into_iter();
        old.flat_map(|old| old.entries.iter().chain(&old.kept))
            .cloned()
            .collect()
    }

    /// Returns an error if a new entry would replace something that no marker lists.
    fn check_conflicts(&self, listed_before: &BTreeSet<FileName>) -> Result<(), CloudError> {
        let conflict =
            |new: &&FileName| exists(&self.to.join(new)) && !listed_before.contains(*new);
        let Some(conflict) = self.marker.entries.iter().find(conflict) else {
            return Ok(());
        };
        let path = self.to.join(conflict);
        let message = format!(
            "{} exists already and is not a result of this stack",
            shown::line(&path.to_string_lossy(), 500)
        );
        Err(CloudError::new(Class::Input, message)
            .hint("move it away, or give job.results another folder, and apply again"))
    }

    fn beside(&self, number: usize) -> PathBuf {
        self.to.join(format!("{PARTIAL}{number}"))
    }

    /// Copies new entries beside their places and returns their proofs.
    fn copy(&self) -> io::Result<Vec<Proof>> {
        let new = self.marker.entries.iter().enumerate();
        new.map(|(number, name)| {
            let beside = self.beside(number);
            self.tree.copy(name, &beside)?;
            Proof::of(name, &beside)
        })
        .collect()
    }

    /// Moves the copied entries to their places.
    fn put(&mut self, proofs: &Proofs) -> io::Result<()> {
        for (number, name) in self.marker.entries.clone().iter().enumerate() {
            if exists(&self.to.join(name)) {
                let aside = self.move_aside(number, name)?;
                if proofs.has(name, &aside) {
                    discard(&aside, self.to, number)?;
                } else {
                    self.keep(&aside, Some(name))?;
                }
            }
            rename_new(&self.beside(number), &self.to.join(name))?;
        }
        Ok(())
    }

    /// Removes old entries that the run did not write. Those that were changed stay in their
    /// places.
    fn remove_old(&mut self, proofs: &Proofs) -> io::Result<()> {
        let new: BTreeSet<FileName> = self.marker.entries.iter().cloned().collect();
        let listed: BTreeSet<FileName> = self
            .old
            .into_iter()
            .flat_map(|old| old.entries.clone())
            .collect();
        for (number, name) in listed.difference(&new).enumerate() {
            if !exists(&self.to.join(name)) {
                continue;
            }
            let aside = self.move_aside(number, name)?;
            if proofs.has(name, &aside) {
                discard(&aside, self.to, number)?;
                continue;
            }
            rename_new(&aside, &self.to.join(name))?;
            self.kept.push(self.to.join(name));
            self.marker.kept.push(name.clone());
        }
        // Entries that were kept earlier are still listed.
        let before = self.old.into_iter().flat_map(|old| &old.kept);
        let stays = before.filter(|name| !new.contains(*name) && exists(&self.to.join(name)));
        let stays: Vec<FileName> = stays.cloned().collect();
        self.marker.kept.extend(stays);
        self.marker.kept.sort();
        self.marker.kept.dedup();
        Ok(())
    }

    fn move_aside(&self, number: usize, name: &FileName) -> io::Result<PathBuf> {
        let aside = self.to.join(format!("{ASIDE}{number}"));
        rename_new(&self.to.join(name), &aside)?;
        Ok(aside)
    }

    /// Moves an entry into a new folder, under its name if that is known.
    fn keep(&mut self, path: &Path, name: Option<&FileName>) -> io::Result<()> {
        let folder = new_folder(self.to)?;
        let place = match name {
            Some(name) => folder.join(name),
            None => folder.join("results"),
        };
        fs::rename(path, &place)?;
        self.kept.push(place);
        Ok(())
    }
}

/// Removes a downloaded entry. It is first renamed, so that the next run recognises it if this one
/// dies.
fn discard(aside: &Path, home: &Path, number: usize) -> io::Result<()> {
    let gone = home.join(format!("{PARTIAL}gone.{number}"));
    rename_new(aside, &gone)?;
    remove(&gone)
}

/// Removes incomplete entries of interrupted runs.
fn sweep(home: &Path) -> io::Result<()> {
    with_prefix(home, PARTIAL)?
        .iter()
        .try_for_each(|path| remove(path))
}

/// Returns entries that an interrupted run moved aside; it is unknown whether they are the user's
/// own.
fn aside(home: &Path) -> io::Result<Vec<PathBuf>> {
    with_prefix(home, ASIDE)
}

fn with_prefix(home: &Path, prefix: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(prefix.as_bytes()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Renames without replacing anything. On file systems that cannot do that atomically, the target
/// is checked first.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !exists(to) => {
            fs::rename(from, to)
        }
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            Err(ErrorKind::AlreadyExists.into())
        }
        renamed => Ok(renamed?),
    }
}

/// Creates a new folder for kept entries.
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
