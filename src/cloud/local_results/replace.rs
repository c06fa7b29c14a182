//! New entries take the places of old ones. An old one is moved aside before it is looked at, so that
//! what a person writes meanwhile is seen; it is removed where it is on record as it is, and else kept.

use super::proof::{Proof, Proofs};
use super::tree::Tree;
use super::{Marker, is_there, kept_event, remove, write_marker};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::event::Listener;
use crate::model::relative::FileName;
use crate::model::shown;
use rustix::fs::{CWD, RenameFlags};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// How the names of entries begin that are not whole: on their way in, or on their way out.
const PARTIAL: &str = ".clusterup.partial.";
/// How the names of entries begin that were moved aside and are not yet known to be ours.
const ASIDE: &str = ".clusterup.aside.";
/// How folders begin into which goes what was in the way and may be somebody's own.
const KEPT: &str = ".clusterup.kept.";

/// New entries on their way to the place of old ones.
pub(super) struct Replacing<'a> {
    pub(super) tree: &'a Tree,
    pub(super) to: &'a Path,
    /// The marker that was found.
    pub(super) old: Option<&'a Marker>,
    /// The marker that will be.
    pub(super) marker: Marker,
    pub(super) listener: &'a dyn Listener,
    /// Where that is which may be somebody's own.
    pub(super) kept: Vec<PathBuf>,
}

impl Replacing<'_> {
    /// All new entries are whole beside their places, and on record, before the first old one goes.
    /// What is kept is reported, also where something fails later.
    pub(super) fn run(&mut self, proofs: &mut Proofs) -> Result<(), CloudError> {
        let to = self.to.to_owned();
        let doing = || format!("bring results home to {}", to.display());
        let known = self.known();
        self.nothing_strange(&known)?;
        sweep(&to).during(doing)?;
        let left = aside(&to).during(doing)?;
        let done = self.copy().during(doing).and_then(|brought| {
            proofs
                .add(&brought)
                .during(|| format!("write {}", proofs.path().display()))?;
            // It may have taken its time.
            self.nothing_strange(&known)?;
            // While entries change, the marker lists old and new, and no run's results are complete.
            write_marker(&to, &self.marker.half(self.old))?;
            let moved = left.iter().try_for_each(|path| self.keep(path, None));
            moved
                .and_then(|()| self.put(proofs))
                .and_then(|()| self.clear(proofs))
                .during(doing)?;
            write_marker(&to, &self.marker)?;
            proofs
                .keep(brought)
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

    /// What earlier markers listed: entries, and what was kept of them in its place.
    fn known(&self) -> BTreeSet<FileName> {
        let old = self.old.into_iter();
        old.flat_map(|old| old.entries.iter().chain(&old.kept))
            .cloned()
            .collect()
    }

    /// Nothing is in the way but what was brought once.
    fn nothing_strange(&self, known: &BTreeSet<FileName>) -> Result<(), CloudError> {
        let strange = |new: &&FileName| is_there(&self.to.join(new)) && !known.contains(*new);
        let Some(strange) = self.marker.entries.iter().find(strange) else {
            return Ok(());
        };
        let path = self.to.join(strange);
        let message = format!(
            "{} is there already, and is no result of this stack",
            shown::line(&path.to_string_lossy(), 500)
        );
        Err(CloudError::new(Class::Input, message)
            .hint("move it away, or give job.results another folder, and apply again"))
    }

    fn beside(&self, number: usize) -> PathBuf {
        self.to.join(format!("{PARTIAL}{number}"))
    }

    /// Copies new entries beside their places; what each is like there.
    fn copy(&self) -> io::Result<Vec<Proof>> {
        let new = self.marker.entries.iter().enumerate();
        new.map(|(number, name)| {
            let beside = self.beside(number);
            self.tree.copy(name, &beside)?;
            Proof::of(name, &beside)
        })
        .collect()
    }

    /// Moves what was copied to its places.
    fn put(&mut self, proofs: &Proofs) -> io::Result<()> {
        for (number, name) in self.marker.entries.clone().iter().enumerate() {
            if is_there(&self.to.join(name)) {
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

    /// Removes old entries that the run did not write. Those that are not ours stay in their places.
    fn clear(&mut self, proofs: &Proofs) -> io::Result<()> {
        let new: BTreeSet<FileName> = self.marker.entries.iter().cloned().collect();
        let listed: BTreeSet<FileName> = self
            .old
            .into_iter()
            .flat_map(|old| old.entries.clone())
            .collect();
        for (number, name) in listed.difference(&new).enumerate() {
            if !is_there(&self.to.join(name)) {
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
        // What stayed before is still known.
        let before = self.old.into_iter().flat_map(|old| &old.kept);
        let stays = before.filter(|name| !new.contains(*name) && is_there(&self.to.join(name)));
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

    /// Moves it into a folder of its own, under its name where that is known.
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

/// Removes what is ours: first under a name by which the next run knows it, if this one dies.
fn discard(aside: &Path, home: &Path, number: usize) -> io::Result<()> {
    let gone = home.join(format!("{PARTIAL}gone.{number}"));
    rename_new(aside, &gone)?;
    remove(&gone)
}

/// Removes what killed runs left of entries that were not whole.
fn sweep(home: &Path) -> io::Result<()> {
    beginning(home, PARTIAL)?
        .iter()
        .try_for_each(|path| remove(path))
}

/// What a killed run had moved aside: nobody knows any more whose it is.
fn aside(home: &Path) -> io::Result<Vec<PathBuf>> {
    beginning(home, ASIDE)
}

fn beginning(home: &Path, prefix: &str) -> io::Result<Vec<PathBuf>> {
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

/// Renames without replacing anything, on file systems that can; on others what came in between is
/// looked for first.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !is_there(to) => {
            fs::rename(from, to)
        }
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            Err(ErrorKind::AlreadyExists.into())
        }
        renamed => Ok(renamed?),
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
