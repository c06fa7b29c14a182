//! The files of a data set that is a folder, or a pattern of names.

use super::error::{Class, CloudError, IoContext};
use crate::model::glob::matches;
use crate::model::staged::{is_skipped, unread};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The most files of one data set. Each is a request to S3.
const MAX_FILES: usize = 100_000;

/// The most folders within folders.
const MAX_DEPTH: usize = 32;

/// The files of a data set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The folder that contains them all.
    pub(crate) folder: PathBuf,
    /// Each file's name below it, with `/` between its parts, and its path; in order.
    pub(crate) files: Vec<(String, PathBuf)>,
}

/// The files that Hadoop would read below a folder, or whose paths match a pattern with `*`, `?` and
/// `**`. `None` if the path is neither. `what` names the data set in errors.
///
/// # Errors
/// Returns an error if a folder cannot be read, if there are no files or too many, or if Hadoop could
/// not read one of them by its name.
pub(crate) fn find(path: &Path, what: &str) -> Result<Option<Found>, CloudError> {
    let (folder, pattern) = if path.is_dir() {
        (path.to_owned(), vec!["**".to_owned()])
    } else if !path.exists() && is_pattern(path) {
        split(path)
    } else {
        return Ok(None);
    };
    let mut walk = Walk {
        what,
        files: Vec::new(),
    };
    let reading = || format!("read {what} in {}", folder.display());
    if folder.is_dir() {
        walk.visit(&folder, "", &pattern, 0).during(reading)?;
    }
    let mut files = walk.files;
    files.sort();
    files.dedup();
    if files.is_empty() {
        let message = if path.is_dir() {
            format!("{what} is a folder without files: {}", path.display())
        } else {
            format!("no file of {what} matches {}", path.display())
        };
        let hint = "Hadoop skips names that begin with `_` or `.`";
        return Err(CloudError::new(Class::Input, message).hint(hint));
    }
    if files.len() > MAX_FILES {
        let message = format!("{what} has more than {MAX_FILES} files: {}", path.display());
        let hint = "combine them into larger files, or copy them to S3 and name them with s3:";
        return Err(CloudError::new(Class::Input, message).hint(hint));
    }
    for (name, path) in &files {
        readable(name).map_err(|why| {
            let message = format!("Spark would not read {}: {why}", path.display());
            CloudError::new(Class::Input, message).hint("rename the file")
        })?;
    }
    Ok(Some(Found { folder, files }))
}

/// Whether a path contains the wildcards `*` or `?`.
fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?'])
}

/// The folder before the first part with a wildcard, and the parts from there.
fn split(path: &Path) -> (PathBuf, Vec<String>) {
    let mut folder = PathBuf::new();
    let mut pattern = Vec::new();
    for part in path.components() {
        let text = part.as_os_str().to_string_lossy();
        if pattern.is_empty() && !is_pattern(Path::new(part.as_os_str())) {
            folder.push(part);
        } else if part != Component::CurDir {
            pattern.push(text.into_owned());
        }
    }
    if folder.as_os_str().is_empty() {
        folder.push(".");
    }
    (folder, pattern)
}

/// Why Hadoop does not read a file by this name below a folder.
fn readable(name: &str) -> Result<(), String> {
    if name.chars().any(char::is_control) {
        return Err("its name contains a control character".to_owned());
    }
    name.split('/').find_map(unread).map_or(Ok(()), Err)
}

struct Walk<'a> {
    what: &'a str,
    files: Vec<(String, PathBuf)>,
}

impl Walk<'_> {
    /// Adds the files of `folder` whose names match what is left of the pattern.
    fn visit(
        &mut self,
        folder: &Path,
        prefix: &str,
        pattern: &[String],
        depth: usize,
    ) -> io::Result<()> {
        let Some((part, rest)) = pattern.split_first() else {
            return Ok(());
        };
        if depth > MAX_DEPTH {
            return Err(io::Error::other(format!(
                "more than {MAX_DEPTH} folders deep"
            )));
        }
        let any_depth = part == "**";
        if any_depth && !rest.is_empty() {
            self.visit(folder, prefix, rest, depth)?;
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(own) = entry.file_name().into_string() else {
                let path = entry.path();
                let what = format!("the name of {} is not UTF-8", path.display());
                return Err(io::Error::other(what));
            };
            if is_skipped(&own) || !(any_depth || matches(part, &own)) {
                continue;
            }
            let name = format!("{prefix}{own}");
            let path = entry.path();
            let metadata = fs::metadata(&path)?;
            if !metadata.is_dir() {
                if rest.is_empty() {
                    self.add(name, path)?;
                }
                continue;
            }
            // A linked folder may contain itself.
            if entry.file_type()?.is_symlink() {
                let what = format!("{} is a link to a folder", path.display());
                return Err(io::Error::other(what));
            }
            let left = if any_depth { pattern } else { rest };
            let left = if left.is_empty() {
                &["**".to_owned()]
            } else {
                left
            };
            self.visit(&path, &format!("{name}/"), left, depth + 1)?;
        }
        Ok(())
    }

    fn add(&mut self, name: String, path: PathBuf) -> io::Result<()> {
        // One more than allowed is enough to know.
        if self.files.len() > MAX_FILES {
            return Err(io::Error::other(format!(
                "{} has too many files",
                self.what
            )));
        }
        self.files.push((name, path));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn names(folder: &Path, path: &str) -> Vec<String> {
        let found = find(&folder.join(path), "data.a").unwrap().unwrap();
        found.files.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_folder_is_all_files_that_hadoop_reads() {
        let all = [
            "b.csv",
            "a.csv",
            "d=1/_date=2/x.csv",
            "_SUCCESS",
            ".a.crc",
            "_old/c.csv",
        ];
        let room = folder(&all);
        assert_eq!(
            names(room.path(), ""),
            ["a.csv", "b.csv", "d=1/_date=2/x.csv"]
        );
        assert_eq!(find(&room.path().join("a.csv"), "data.a").unwrap(), None);
        assert_eq!(find(&room.path().join("missing"), "data.a").unwrap(), None);
    }

    #[test]
    fn a_pattern_selects_by_each_part_of_the_path() {
        let room = folder(&[
            "2024/a.csv",
            "2024/b.txt",
            "2025/c.csv",
            "2025/deep/d.csv",
            "e.csv",
        ]);
        for (pattern, want) in [
            ("*.csv", vec!["e.csv"]),
            ("*/?.csv", vec!["2024/a.csv", "2025/c.csv"]),
            ("2025/*", vec!["c.csv", "deep/d.csv"]),
            (
                "**/*.csv",
                vec!["2024/a.csv", "2025/c.csv", "2025/deep/d.csv", "e.csv"],
            ),
            (
                "202?/**",
                vec!["2024/a.csv", "2024/b.txt", "2025/c.csv", "2025/deep/d.csv"],
            ),
        ] {
            assert_eq!(names(room.path(), pattern), want, "{pattern}");
        }
        for nothing in ["*.orc", "missing/*.csv", "_*"] {
            let error = find(&room.path().join(nothing), "data.a").unwrap_err();
            assert!(
                error.to_string().contains("no file of data.a matches"),
                "{nothing}: {error}"
            );
        }
    }

    #[test]
    fn files_that_spark_could_not_read_are_refused_by_name() {
        for odd in [
            "a:b.csv",
            "a,b.csv",
            "a[1].csv",
            "d{x}/a.csv",
            "new\nline.csv",
        ] {
            let room = folder(&[odd, "good.csv"]);
            let error = find(room.path(), "data.a").unwrap_err().to_string();
            assert!(error.contains("Spark would not read"), "{odd:?}: {error}");
        }
    }

    #[test]
    fn links_to_folders_are_refused_and_links_to_files_are_read() {
        let room = folder(&["a.csv"]);
        std::os::unix::fs::symlink(room.path().join("a.csv"), room.path().join("b.csv")).unwrap();
        assert_eq!(names(room.path(), ""), ["a.csv", "b.csv"]);
        std::os::unix::fs::symlink(room.path(), room.path().join("circle")).unwrap();
        let error = find(room.path(), "data.a").unwrap_err();
        let cause = error.source.map(|source| source.to_string());
        assert!(cause.is_some_and(|cause| cause.contains("is a link to a folder")));
    }
}
