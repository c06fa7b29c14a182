//! The logs in a folder of this machine: a local cluster's, or a copy of what EMR uploaded.

use super::excerpt;
use super::file::LogFile;
use super::listing::LogVersion;
use crate::cloud::local_results;
use crate::diagnose::search::Search;
use crate::model::evidence::Section;
use chrono::DateTime;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// How many entries of a folder are listed.
const MAX_ENTRIES: usize = 50_000;

/// The files of a folder, by their names as logs: relative, without `.gz`.
#[derive(Debug)]
pub struct FolderLogs {
    files: BTreeMap<String, (PathBuf, LogVersion)>,
}

impl FolderLogs {
    /// Lists the regular files of a folder, the nearest first, up to a limit. Links are left out: they
    /// lead outside.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read. A folder inside it that cannot is left out.
    pub fn list(root: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        let mut folders = VecDeque::from([root.to_owned()]);
        let mut left = MAX_ENTRIES;
        while let Some(folder) = folders.pop_front() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if folder == root => return Err(error),
                Err(_) => continue,
                Ok(entries) => entries,
            };
            for entry in entries.flatten().take(left) {
                left -= 1;
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                let path = entry.path();
                if kind.is_dir() {
                    folders.push_back(path);
                } else if kind.is_file()
                    && let Some(name) = name(root, &path)
                    && let Ok(metadata) = entry.metadata()
                {
                    files.insert(name, (path, version(&metadata)));
                }
            }
        }
        Ok(Self { files })
    }

    /// The names of the logs, such as `steps/01-load/stderr`.
    pub fn names(&self) -> BTreeSet<String> {
        self.files.keys().cloned().collect()
    }

    /// The logs with their sizes, by their names.
    pub(in crate::cloud) fn versions(&self) -> BTreeMap<String, LogVersion> {
        let files = self.files.iter();
        files
            .map(|(name, (_, version))| (name.clone(), *version))
            .collect()
    }

    /// A log, to read it from its beginning; `None` if there is none of this name.
    pub fn file(&self, name: &str) -> Option<LogFile> {
        let (path, _) = self.files.get(name)?;
        Some(LogFile::inside(path.clone()))
    }

    /// Reads head and tail of a log.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or is no regular file any more.
    pub fn sections(&self, name: &str) -> io::Result<Vec<Section>> {
        let (path, _) = self.files.get(name).ok_or(ErrorKind::NotFound)?;
        excerpt::of_file(local_results::open(path)?)
    }

    /// Reads the logs that a search asks for. One that cannot be read counts as empty.
    pub fn serve(&self, search: &mut Search) {
        while let Some(name) = search.next_log() {
            let sections = self.sections(&name).unwrap_or_default();
            search.add(name, sections);
        }
    }
}

fn version(metadata: &fs::Metadata) -> LogVersion {
    let bytes = metadata.len();
    let modified = metadata.modified().ok().map(DateTime::from);
    LogVersion { bytes, modified }
}

fn name(root: &Path, path: &Path) -> Option<String> {
    let name = path.strip_prefix(root).ok()?.to_string_lossy();
    Some(name.strip_suffix(".gz").unwrap_or(&name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::search::Subject;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_regular_files_inside_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "secret").unwrap();
        let root = folder.path().join("logs");
        fs::create_dir_all(root.join("steps/01-a")).unwrap();
        fs::write(root.join("steps/01-a/stderr"), "text").unwrap();
        symlink(&secret, root.join("steps/01-a/stdout")).unwrap();
        symlink(folder.path(), root.join("containers")).unwrap();
        let logs = FolderLogs::list(&root).unwrap();
        assert_eq!(
            logs.names(),
            BTreeSet::from(["steps/01-a/stderr".to_owned()])
        );
        // Replaced after the listing.
        fs::remove_file(root.join("steps/01-a/stderr")).unwrap();
        symlink(&secret, root.join("steps/01-a/stderr")).unwrap();
        assert!(logs.sections("steps/01-a/stderr").is_err());
        let mut search = Search::new(Subject::Step("01-a".to_owned()), logs.names());
        logs.serve(&mut search);
        assert_eq!(search.evidence(Vec::new()).logs[0].sections, []);
        assert!(FolderLogs::list(&root.join("none")).is_err());
    }
}
