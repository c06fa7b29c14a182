//! Reads a folder of results: regular files and folders. Everything else is skipped and reported,
//! and never opened, since a FIFO has no end and a link may lead anywhere.

use crate::model::relative::{FileName, RelativePath};
use crate::model::shown;
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The prefix of clusterup's own names in a results folder: the marker, and incomplete entries.
pub(super) const RESERVED: &str = ".clusterup.";

/// The regular files and folders below a folder, in order.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) folders: Vec<RelativePath>,
    /// Each file, with the path of its content: its own, or that of a link's target within the
    /// tree.
    pub(super) files: Vec<(RelativePath, PathBuf)>,
    pub(super) skipped: Vec<Skipped>,
}

/// An entry that is not downloaded, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cloud) struct Skipped {
    pub(in crate::cloud) name: String,
    pub(in crate::cloud) why: &'static str,
}

impl Skipped {
    pub(in crate::cloud) fn new(name: &str, why: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            why,
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", shown::line(&self.name, 80), self.why)
    }
}

impl Tree {
    /// Reads a folder; a missing one is empty.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(root.join(&folder)) {
                Err(error) if error.kind() == ErrorKind::NotFound && folder.is_empty() => break,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let path = match path_of(&folder, &entry.file_name()) {
                    Ok(path) => path,
                    Err(skipped) => {
                        tree.skipped.push(skipped);
                        continue;
                    }
                };
                match source(root, &entry.path(), entry.file_type()?) {
                    Ok(Kind::File(from)) => tree.files.push((path, from)),
                    Ok(Kind::Folder) => {
                        folders.push(format!("{}/", path.as_str()));
                        tree.folders.push(path);
                    }
                    Err(why) => tree.skipped.push(Skipped::new(path.as_str(), why)),
                }
            }
        }
        tree.folders.sort();
        tree.files.sort();
        tree.skipped
            .sort_by(|left, right| left.name.cmp(&right.name));
        Ok(tree)
    }

    /// The names directly below the root.
    pub(super) fn names(&self) -> BTreeSet<FileName> {
        let paths = self.files.iter().map(|(path, _)| path);
        let top = |path: &RelativePath| path.as_str().split('/').next()?.parse().ok();
        paths.chain(&self.folders).filter_map(top).collect()
    }

    /// Copies the entry with this name directly below the root.
    pub(super) fn copy(&self, name: &FileName, to: &Path) -> io::Result<()> {
        let below = |path: &RelativePath| {
            let suffix = path.as_str().strip_prefix(name.as_str())?;
            match suffix.strip_prefix('/') {
                Some(suffix) => Some(to.join(suffix)),
                None => suffix.is_empty().then(|| to.to_owned()),
            }
        };
        for place in self.folders.iter().filter_map(below) {
            fs::create_dir(place)?;
        }
        for (path, from) in &self.files {
            if let Some(place) = below(path) {
                copy(from, &place)?;
            }
        }
        Ok(())
    }
}

/// Returns the path of an entry, or why it is skipped.
fn path_of(folder: &str, name: &OsStr) -> Result<RelativePath, Skipped> {
    let shown = format!("{folder}{}", name.to_string_lossy());
    let skip = |why| Skipped::new(&shown, why);
    let text = name.to_str().ok_or_else(|| skip("its name is not UTF-8"))?;
    if folder.is_empty() && is_reserved(text) {
        return Err(skip("names with this prefix are reserved for clusterup"));
    }
    let path = format!("{folder}{text}").parse();
    path.map_err(|_| skip("its path is too long"))
}

/// Whether this name directly below a results folder is reserved for clusterup.
pub(in crate::cloud) fn is_reserved(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with(RESERVED)
}

enum Kind {
    File(PathBuf),
    Folder,
}

/// Returns what an entry is, or why it is skipped.
fn source(root: &Path, path: &Path, kind: FileType) -> Result<Kind, &'static str> {
    if kind.is_dir() {
        return Ok(Kind::Folder);
    }
    if kind.is_file() {
        return Ok(Kind::File(path.to_owned()));
    }
    if kind.is_symlink() {
        return linked(root, path).map(Kind::File);
    }
    Err(if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    })
}

/// Returns the regular file in the same tree that a link leads to.
fn linked(root: &Path, link: &Path) -> Result<PathBuf, &'static str> {
    let to = fs::canonicalize(link).map_err(|_| "a link to a missing file")?;
    let root = fs::canonicalize(root).map_err(|_| "a link to a missing file")?;
    if !to.starts_with(root) {
        return Err("a link out of the results");
    }
    match fs::symlink_metadata(&to) {
        Ok(metadata) if metadata.is_file() => Ok(to),
        Ok(_) | Err(_) => Err("a link to something that is not a file"),
    }
}

/// Opens a regular file without following links. Anything else in its place is an error.
pub(in crate::cloud) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is not a regular file",
        ))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = open(from)?;
    // Results never carry the setuid, setgid or sticky bits.
    let mode = from.metadata()?.permissions().mode() & 0o777;
    let mut new = OpenOptions::new();
    let mut into = new.write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut from, &mut into)?;
    into.set_permissions(fs::Permissions::from_mode(mode | 0o600))
}
