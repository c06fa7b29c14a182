//! Tables that fit: their text columns become narrower, and where not even that fits, each row becomes
//! a block of names and values.

use super::width::{columns, fold};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

/// What is between two columns, in characters, at most.
const PADDING: usize = 2;

/// Renders rows below a header, whose columns from `figures` on are aligned to the right. Each line
/// ends with a line feed.
pub(super) fn render(header: &[String], rows: &[Vec<String>], figures: usize) -> String {
    match table(header, rows, figures) {
        Some(lines) => lines.iter().map(|line| format!("{line}\n")).collect(),
        None => blocks(header, rows, columns()),
    }
}

/// The lines of a table; `None` if there is no room for its columns.
pub(super) fn table(
    header: &[String],
    rows: &[Vec<String>],
    figures: usize,
) -> Option<Vec<String>> {
    let room = columns();
    let least: Vec<usize> = (0..header.len())
        .map(|at| least(at, header, rows))
        .collect();
    let needed: usize = least.iter().map(|width| width + PADDING).sum();
    if needed > room {
        return None;
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(room).unwrap_or(u16::MAX))
        .set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        let width = least.get(at).map_or(0, |width| width + PADDING);
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        if at >= figures {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    Some(lines.collect())
}

/// The longest word of a column: narrower, it would be cut.
fn least(at: usize, header: &[String], rows: &[Vec<String>]) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(at));
    let words = cells.chain(header.get(at)).flat_map(|cell| cell.split(' '));
    words.map(|word| word.chars().count()).max().unwrap_or(0)
}

/// Each row as its first value, and its other values by their names.
fn blocks(header: &[String], rows: &[Vec<String>], room: usize) -> String {
    let mut text = String::new();
    for row in rows {
        let mut cells = header.iter().zip(row);
        if let Some((name, value)) = cells.next() {
            text.push_str(&fold(format!("{name}: {value}").trim_end(), room));
            text.push('\n');
        }
        text.push_str(&fold(&named(cells), room));
        text.push('\n');
    }
    text
}

/// Values by their names in one line, indented; those that are empty are left out.
pub(super) fn named<'a>(cells: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let some = cells.filter(|(_, value)| !value.is_empty());
    let some = some.map(|(name, value)| format!("{name}: {value}"));
    format!("  {}", some.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn rows_that_do_not_fit_become_blocks() {
        let header = strings(&["team", "clusters", "bootstrapping"]);
        let rows = [
            strings(&["recsys", "2", "$1.20"]),
            strings(&["etl", "", "$0.10"]),
        ];
        assert_eq!(
            blocks(&header, &rows, 80),
            "team: recsys\n  clusters: 2, bootstrapping: $1.20\nteam: etl\n  bootstrapping: $0.10\n"
        );
        let narrow = blocks(&header, &rows, 24);
        assert!(
            narrow.contains("  clusters: 2,\n    bootstrapping: $1.20\n"),
            "{narrow}"
        );
    }
}
