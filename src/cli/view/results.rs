//! Shows the tables among a job's downloaded results.

use super::grid;
use super::words;
use crate::disk;
use crate::model::shown::line;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// How many rows of a table are shown.
const MAX_ROWS: usize = 10;
/// How many files are named.
const MAX_FILES: usize = 8;
/// How many files are looked at.
const MAX_COLLECTED: usize = 10_000;
/// How many levels of folders below the results folder are searched.
const MAX_DEPTH: usize = 3;
/// How many levels of folders are searched for files to name.
const MAX_FILE_DEPTH: usize = 32;
/// How many characters of a cell are shown.
const MAX_CELL: usize = 300;

/// A table among the results.
pub(crate) struct ResultTable {
    pub(crate) path: PathBuf,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// How many rows of the file are not in `rows`.
    pub(crate) more: usize,
}

/// Reads the first rows of the CSV files below a folder, in order of their paths.
pub(crate) fn tables(folder: &Path) -> Vec<ResultTable> {
    let mut paths = Vec::new();
    collect(folder, MAX_DEPTH, &mut paths);
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    paths.iter().filter_map(|path| read(path)).collect()
}

/// Names the results folder, and the first of its files with their sizes.
pub(crate) fn files(folder: &Path) -> String {
    let mut files = Vec::new();
    collect(folder, MAX_FILE_DEPTH, &mut files);
    // Hadoop adds checksums and markers, such as `_SUCCESS`, to what a job writes.
    let (own, added): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        !name.starts_with(b".") && !name.starts_with(b"_")
    });
    let mut files = if own.is_empty() { added } else { own };
    files.sort();
    let sized = files.iter().map(|path| {
        let bytes = fs::symlink_metadata(path).map_or(0, |metadata| metadata.len());
        (path, bytes)
    });
    let sized: Vec<(&PathBuf, u64)> = sized.collect();
    let all = words::size(sized.iter().map(|(_, bytes)| bytes).sum());
    let count = words::count(sized.len() as u64, "file");
    let mut text = format!("results in {}: {count}, {all}", folder.display());
    for (path, bytes) in sized.iter().take(MAX_FILES) {
        let name = path.strip_prefix(folder).unwrap_or(path);
        let name = line(&name.to_string_lossy(), MAX_CELL);
        let _ = write!(text, "\n  {name} ({})", words::size(*bytes));
    }
    if sized.len() > MAX_FILES {
        let _ = write!(text, "\n  and {} more", sized.len() - MAX_FILES);
    }
    text
}

/// Adds the regular files below a folder.
fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        // clusterup's own files: unfinished downloads, and backups.
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(b".clusterup.")
        {
            continue;
        }
        let path = entry.path();
        // The entry's own type: a link may lead anywhere, and reading a FIFO never ends.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && depth > 1 {
            collect(&path, depth - 1, paths);
        } else if kind.is_file() && paths.len() < MAX_COLLECTED {
            paths.push(path);
        }
    }
}

fn read(path: &Path) -> Option<ResultTable> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(disk::open(path).ok()?);
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = cells(reader.headers().ok()?);
    let mut records = reader.records();
    let rows: Vec<_> = records
        .by_ref()
        .take(MAX_ROWS)
        .map_while(Result::ok)
        .map(|r| cells(&r))
        .collect();
    Some(ResultTable {
        path: path.to_owned(),
        header,
        rows,
        more: records.count(),
    })
}

/// Cells made safe for a terminal.
fn shown(cells: &[String]) -> impl Iterator<Item = String> {
    cells.iter().map(|cell| line(cell, MAX_CELL))
}

pub(crate) fn render(result: &ResultTable) -> String {
    let header: Vec<String> = shown(&result.header).collect();
    let rows = result.rows.iter().map(|row| shown(row).collect());
    let rows: Vec<Vec<String>> = rows.collect();
    let mut text = grid::render(&header, &rows, usize::MAX);
    if result.rows.is_empty() {
        text.push_str(" (no rows)\n");
    }
    if result.more > 0 {
        let path = line(&result.path.to_string_lossy(), MAX_CELL);
        let _ = writeln!(text, " ... and {} more in {path}", result.more);
    }
    text
}
