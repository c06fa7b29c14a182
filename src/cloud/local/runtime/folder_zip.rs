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
use std::time::{Duration, SystemTime};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// More is no folder of Python files.
const MAX_FILES: usize = 5_000;
const MAX_BYTES: u64 = 64 << 20;

/// How long an archive is kept after its last use.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

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
        let all = self.folder().join("zips");
        let path = all.join(digest).join(format!("{name}.zip"));
        // Written at each use, so that its time is that of its last use.
        match write_whole(&path, &bytes).and_then(|()| fs::metadata(&path)?.modified()) {
            Ok(now) => remove_old(&all, now),
            Err(_) if path.exists() => {}
            Err(error) => return Err(error),
        }
        Ok(path)
    }
}

/// Removes archives that were last used [`KEPT`] ago, and what interrupted runs left: each change of a
/// folder makes another archive. Best effort: the next use tries again.
fn remove_old(zips: &Path, now: SystemTime) {
    let is_old = |path: &Path| {
        let used = fs::symlink_metadata(path).and_then(|it| it.modified());
        used.is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age > KEPT))
    };
    let inside = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in inside(zips) {
        let (folder, name) = (entry.path(), entry.file_name());
        let is_digest =
            |name: &str| name.len() == 16 && name.chars().all(|c| c.is_ascii_hexdigit());
        let is_ours = name.to_str().is_some_and(is_digest);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let all_old = || is_old(&folder) && inside(&folder).all(|file| is_old(&file.path()));
        if is_ours && is_folder && all_old() {
            let _ = fs::remove_dir_all(&folder);
        }
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

    #[test]
    fn archives_that_nobody_uses_are_removed_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::new(place.path().join("cache"), None);
        let lib = place.path().join("lib");
        let zip = |text: &str| {
            write(&lib, "a.py", text);
            store.zipped(&lib, false).unwrap()
        };
        let age = |path: &Path, days: u64| {
            let file = fs::File::open(path).unwrap();
            let now = fs::metadata(place.path()).unwrap().modified().unwrap();
            let then = now - Duration::from_secs(days * 86_400);
            file.set_modified(then).unwrap();
        };
        let [used, unused, young] = ["1", "2", "3"].map(zip);
        let zips = place.path().join("cache/zips");
        write(&zips, "0123456789abcdef/.lib.zip.77", "cut off");
        write(&zips, "notes/mine.txt", "a person's");
        write(&zips, "0123456789abcdeg/mine.txt", "a person's");
        for (name, days) in [
            (used.as_path(), 31),
            (&unused, 31),
            (&young, 29),
            (&zips.join("0123456789abcdef/.lib.zip.77"), 31),
            (&zips.join("notes/mine.txt"), 90),
            (&zips.join("0123456789abcdeg/mine.txt"), 90),
        ] {
            age(name, days);
            age(name.parent().unwrap(), days.max(31));
        }
        assert_eq!(zip("1"), used);
        assert!(used.exists() && young.exists());
        assert!(!unused.parent().unwrap().exists());
        assert!(!zips.join("0123456789abcdef").exists());
        assert!(zips.join("notes/mine.txt").exists());
        assert!(zips.join("0123456789abcdeg/mine.txt").exists());
    }
}
