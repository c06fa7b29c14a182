//! Zips a folder of Python files, so that Spark can put it on Python's path. Equal content makes equal
//! bytes on every machine: nothing is compressed, and no times or owners are stored.

use super::store::Store;
use crate::cloud::files::write_whole;
use crate::disk;
use crate::model::hex::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// More is no folder of Python files.
const MAX_FILES: usize = 5_000;
const MAX_BYTES: u64 = 64 << 20;

impl Store {
    /// The zip archive of a folder, in the cache. As a package, its files are below the folder's
    /// name. Hidden files and compiled ones are left out; links to folders are not followed.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read, or if the folder has too much for Python files.
    pub fn zipped(&self, folder: &Path, as_package: bool) -> io::Result<PathBuf> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let prefix = if as_package {
            format!("{name}/")
        } else {
            String::new()
        };
        let bytes = archive(folder, &prefix)?;
        let digest = hex(&Sha256::digest(&bytes)[..8]);
        let path = self.folder().join("zips").join(digest);
        let path = path.join(format!("{name}.zip"));
        if !path.exists() {
            write_whole(&path, &bytes)?;
        }
        Ok(path)
    }
}

/// The bytes of the archive.
fn archive(folder: &Path, prefix: &str) -> io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut files = Vec::new();
    walk(folder, prefix, &mut files)?;
    files.sort();
    // Python finds a package without `__init__.py` in an archive by the entry of its folder.
    let folders: BTreeSet<String> = files
        .iter()
        .flat_map(|(name, _)| {
            name.match_indices('/')
                .map(|(end, _)| name[..=end].to_owned())
        })
        .collect();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in folders {
        zip.add_directory(name, options)?;
    }
    let mut left = MAX_BYTES;
    for (name, path) in files {
        let content = disk::bytes(&path, left).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        left -= content.len() as u64;
        zip.start_file(name, options)?;
        zip.write_all(&content)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Collects the names in the archive with the paths of the files.
fn walk(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            let message = format!("the name of {} is not valid UTF-8", path.display());
            return Err(io::Error::other(message));
        };
        if name.starts_with('.') || name == "__pycache__" || name.ends_with(".pyc") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&path, &format!("{prefix}{name}/"), files)?;
        } else if path.is_file() {
            files.push((format!("{prefix}{name}"), path));
        }
        if files.len() > MAX_FILES {
            let message = format!("it has more than {MAX_FILES} files");
            return Err(io::Error::other(message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn equal_content_makes_equal_bytes() {
        let place = tempfile::tempdir().unwrap();
        let made = |name: &str, files: &[(&str, &str)]| {
            let folder = place.path().join(name).join("lib");
            for (name, text) in files {
                write(&folder, name, text);
            }
            archive(&folder, "lib/").unwrap()
        };
        let files = [("__init__.py", ""), ("a.py", "x = 1\n"), ("b/c.py", "")];
        let more = [
            ("b/c.py", ""),
            ("__pycache__/a.pyc", "?"),
            (".hidden/x.py", "?"),
            ("old.pyc", "?"),
            ("a.py", "x = 1\n"),
            ("__init__.py", ""),
        ];
        let one = made("one", &files);
        assert_eq!(one, made("two", &more));
        assert_ne!(
            one,
            made("three", &[("__init__.py", ""), ("a.py", "x = 2\n")])
        );
        // The bytes are part of a job's identity: a new version of the crate must not change them.
        let digest = hex(&Sha256::digest(&one)[..8]);
        assert_eq!(digest, "a6ebd12f03ddca98");
        let mut zip = zip::ZipArchive::new(Cursor::new(one)).unwrap();
        let names: Vec<String> = (0..zip.len())
            .map(|n| zip.by_index(n).unwrap().name().unwrap().to_string())
            .collect();
        let files = ["lib/__init__.py", "lib/a.py", "lib/b/c.py"];
        assert_eq!(names, [&["lib/", "lib/b/"][..], &files].concat());
    }

    #[test]
    fn what_is_no_folder_of_python_files_is_refused() {
        let place = tempfile::tempdir().unwrap();
        fs::File::create(place.path().join("large.bin"))
            .unwrap()
            .set_len(MAX_BYTES + 1)
            .unwrap();
        let error = archive(place.path(), "").unwrap_err().to_string();
        assert!(error.contains("large.bin"), "{error}");
        let loops = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(loops.path(), loops.path().join("self")).unwrap();
        write(loops.path(), "a.py", "");
        assert!(archive(loops.path(), "").is_ok(), "links are not followed");
        assert!(archive(&loops.path().join("none"), "").is_err());
    }
}
