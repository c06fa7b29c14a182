//! How many columns text has, and how lines are broken to fit.

use super::tone;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The columns of text that goes to no terminal.
const DEFAULT: usize = 80;
/// Narrower terminals get lines of this length, which they break themselves.
const MIN: usize = 40;
/// Longer lines are hard to read.
const MAX: usize = 100;

static COLUMNS: AtomicUsize = AtomicUsize::new(DEFAULT);

/// The columns that text may have. They belong to the process, as its terminal does.
pub(in crate::cli) fn columns() -> usize {
    COLUMNS.load(Ordering::Relaxed)
}

/// Sets the columns that text may have. Views that are already rendered keep theirs.
pub(in crate::cli) fn set(columns: usize) {
    COLUMNS.store(columns.clamp(MIN, MAX), Ordering::Relaxed);
}

/// What a line begins with that is a command to paste.
const COMMAND: &str = "next: ";

/// Breaks lines that are longer than `columns` at spaces, with a hanging indent. A word that is
/// longer than a line, such as a path, stays whole on a line of its own. A command stays on one line,
/// so that it can be pasted, and so does a line that is quoted from a file.
pub(in crate::cli) fn fold(text: &str, columns: usize) -> String {
    let lines = text.split('\n').map(|line| folded(line, columns));
    lines.collect::<Vec<_>>().join("\n")
}

fn folded(line: &str, columns: usize) -> String {
    let plain: String = tone::visible(line).collect();
    let begin = plain.trim_start();
    let is_whole = begin.starts_with(COMMAND) || is_quoted(begin);
    if is_whole || plain.chars().count() <= columns {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    // Deeper indents would leave no room for words.
    let hang = (indent + 2).min(columns / 2);
    let mut out = " ".repeat(indent);
    let mut column = indent;
    let mut is_first = true;
    // Several spaces, as in tables, stay unless the line is broken at them.
    let mut gap = 0;
    for word in line[indent..].split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let length = tone::length(word);
        if !is_first && column + gap + length > columns {
            out.push('\n');
            out.push_str(&" ".repeat(hang));
            column = hang;
        } else {
            out.push_str(&" ".repeat(gap));
            column += gap;
        }
        out.push_str(word);
        column += length;
        (is_first, gap) = (false, 1);
    }
    out
}

/// Whether it is a line of a file with its number, or a mark below one, as diagnostics have them.
fn is_quoted(begin: &str) -> bool {
    let begin = begin.trim_start_matches(|c: char| c.is_ascii_digit());
    begin.trim_start().starts_with('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_at_words_and_hang() {
        let text = "short\n  error: a sentence that is longer than thirty columns\n";
        assert_eq!(
            fold(text, 30),
            "short\n  error: a sentence that is\n    longer than thirty columns\n"
        );
        assert_eq!(fold("a  b      c", 40), "a  b      c");
        assert_eq!(
            fold("name      12.00      13.00", 20),
            "name      12.00\n  13.00"
        );
    }

    #[test]
    fn long_words_commands_and_quoted_lines_stay_whole() {
        let path = "/a/path/that/is/longer/than/a/line.yaml";
        assert_eq!(
            fold(&format!("see {path} now"), 20),
            format!("see\n  {path}\n  now")
        );
        for whole in [
            "  next: clusterup plan t.yaml --local",
            "12 | cluster: { release: emr-7.x }",
            "   |            ^^^^^^^ this is not it",
        ] {
            assert_eq!(fold(whole, 20), whole);
        }
    }

    #[test]
    fn nothing_is_lost_or_cut_at_any_width() {
        let text = "  - some words of a list, and more of them\n    /one/long/word/of/a/path\n\n";
        let words = |text: &str| {
            let words = text.split_whitespace();
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        for columns in 8..60 {
            let folded = fold(text, columns);
            assert_eq!(words(&folded), words(text), "{columns}");
            for line in folded.lines() {
                let is_word = line.trim().split(' ').count() == 1;
                let fits = line.chars().count() <= columns || is_word;
                assert!(fits, "{columns}: {line:?}");
            }
        }
    }
}
