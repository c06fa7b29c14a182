//! The paths of a new stack: relative to its file's folder, and what is at them.

use crate::app::failure::Failure;
use crate::model::hint::Command;
use std::fs;
use std::path::{Component, Path};

/// The most entries of a folder that are counted.
const MAX_ENTRIES: usize = 100_000;

/// A path as seen from a folder: both are relative to the current folder, or absolute.
pub(super) fn relative(folder: &Path, path: &Path) -> String {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (from, to) = (whole(folder_or_here(folder)), whole(path));
    let from: Vec<Component<'_>> = from.components().collect();
    let to: Vec<Component<'_>> = to.components().collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // Paths with nothing in common but the root are clearer as they are.
    if path.is_absolute() && common <= 1 {
        return path.display().to_string();
    }
    let up = from.iter().skip(common).map(|_| "..".to_owned());
    let down = to.iter().skip(common);
    let down = down.map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

/// The key under which a stack has such a place.
pub(super) fn kind(place: &str) -> &'static str {
    if place.starts_with("s3://") {
        "s3"
    } else if place.starts_with("http://") || place.starts_with("https://") {
        "url"
    } else {
        "path"
    }
}

/// The name of a data set at a place: its file's name without what follows the first dot.
pub(super) fn name(place: &str) -> String {
    let parts = place.trim_end_matches('/').rsplit('/');
    let last = parts
        .clone()
        .find(|part| !part.contains('*'))
        .unwrap_or_default();
    let stem = last.split('.').next().unwrap_or_default();
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    let name: String = stem.chars().map(safe).take(60).collect();
    name.trim_matches('-').to_owned()
}

/// The bytes of a file or of all files of a folder; `None` for a pattern or a folder of very many files.
pub(super) fn bytes(path: &Path) -> Result<Option<u64>, Failure> {
    let shown = path.display();
    if shown.to_string().contains(['*', '?', '[']) {
        return Ok(None);
    }
    let metadata = fs::metadata(path).map_err(|error| {
        Failure::input(format!("there is no data at {shown}"))
            .caused_by(&error)
            .hint("see what there is")
            .hint(Command::other("ls"))
    })?;
    if metadata.is_file() {
        // A compressed file is about a fifth of its content.
        let is_packed = path.extension().is_some_and(|it| it == "gz" || it == "bz2");
        let factor = if is_packed { 5 } else { 1 };
        return Ok(metadata.len().checked_mul(factor));
    }
    let mut sum = 0_u64;
    let mut folders = vec![path.to_owned()];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            count += 1;
            if count > MAX_ENTRIES {
                return Ok(None);
            }
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => sum = sum.saturating_add(found.len()),
                Err(_) => return Ok(None),
            }
        }
    }
    Ok(Some(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_stack() {
        for (folder, path, seen) in [
            ("", "job.py", "job.py"),
            ("stacks", "job.py", "../job.py"),
            ("stacks", "stacks/jobs/a.py", "jobs/a.py"),
            ("/work/a", "/work/b/c.py", "../b/c.py"),
            ("/work/a", "/data/c.csv", "/data/c.csv"),
        ] {
            assert_eq!(
                relative(Path::new(folder), Path::new(path)),
                seen,
                "{folder} {path}"
            );
        }
    }

    #[test]
    fn data_is_named_after_its_place() {
        for (place, named, of) in [
            ("ml-1m/ratings.dat", "ratings", "path"),
            ("sales of 2026.csv.gz", "sales-of-2026", "path"),
            ("s3://bucket/logs/", "logs", "s3"),
            ("s3://bucket/logs/*.json", "logs", "s3"),
            ("https://example.com/ml-1m.zip", "ml-1m", "url"),
        ] {
            assert_eq!((name(place).as_str(), kind(place)), (named, of), "{place}");
        }
    }
}
