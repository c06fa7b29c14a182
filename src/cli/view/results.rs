//! The tables among a job's results, shown where they have come home.

use crate::disk;
use crate::model::shown::line;
use comfy_table::{ContentArrangement, Table, presets};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// A table longer than this is not for the screen as a whole.
const ROWS: usize = 10;
/// How deep below the results' folder tables are looked for.
const DEPTH: usize = 3;
const WIDTH: u16 = 80;
/// So much of a cell is shown.
const CELL: usize = 300;

/// A table that was found.
pub(crate) struct ResultTable {
    pub(crate) path: PathBuf,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Rows of the file that are not among `rows`.
    pub(crate) more: usize,
}

/// The CSV files below a folder, in order of their paths, each by its first rows.
pub(crate) fn tables(folder: &Path) -> Vec<ResultTable> {
    let mut paths = Vec::new();
    collect(folder, DEPTH, &mut paths);
    paths.sort();
    paths.iter().filter_map(|path| read(path)).collect()
}

fn collect(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        // clusterup's own: what is not whole yet, and what was kept.
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(b".clusterup.")
        {
            continue;
        }
        let path = entry.path();
        // Of the entry itself: a link may lead anywhere, and a FIFO has no end.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && depth > 1 {
            collect(&path, depth - 1, paths);
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "csv") {
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
        .take(ROWS)
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

/// Cells as they may stand on a screen.
fn shown(cells: &[String]) -> impl Iterator<Item = String> {
    cells.iter().map(|cell| line(cell, CELL))
}

pub(crate) fn render(found: &ResultTable) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(shown(&found.header));
    for row in &found.rows {
        table.add_row(shown(row));
    }
    let mut text: String = table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    if found.rows.is_empty() {
        text.push_str(" (no rows)\n");
    }
    if found.more > 0 {
        let path = line(&found.path.to_string_lossy(), CELL);
        let _ = writeln!(text, " ... and {} more in {path}", found.more);
    }
    text
}
