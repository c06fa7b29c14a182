//! Standard error: messages where no screen is at hand, and the block of lines at its end that is drawn
//! again and again on a terminal.

use crate::model::shown::lines;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The block that is drawn now: every message has to know it, since it is erased before.
static DRAWN: Mutex<Block> = Mutex::new(Block::new());

/// Lines that are drawn at the end of a terminal.
struct Block(Vec<String>);

/// Prints a message to standard error without a screen.
pub(super) fn aside(text: &str) {
    let clear = if std::io::stderr().is_terminal() {
        // A progress bar may be on this line.
        "\r\x1b[K"
    } else {
        ""
    };
    print(&format!("{clear}{}", lines(text)));
}

/// Prints a message, which may contain colour codes. A block that is drawn is erased first.
pub(super) fn print(text: &str) {
    let mut block = drawn();
    let erased = block.erase(width());
    let _ = writeln!(std::io::stderr().lock(), "{erased}{text}");
}

/// Draws lines, of which none is wider than the terminal, in place of those that are drawn.
pub(super) fn draw(lines: Vec<String>) {
    let change = drawn().change(lines, width());
    if !change.is_empty() {
        let mut stderr = std::io::stderr().lock();
        let _ = stderr
            .write_all(change.as_bytes())
            .and_then(|()| stderr.flush());
    }
}

/// Erases the lines that are drawn.
pub(super) fn erase() {
    let erased = drawn().erase(width());
    if !erased.is_empty() {
        let mut stderr = std::io::stderr().lock();
        let _ = stderr
            .write_all(erased.as_bytes())
            .and_then(|()| stderr.flush());
    }
}

/// Rings the bell of the terminal, if there is one.
pub(super) fn bell() {
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        let _ = stderr.write_all(b"\x07").and_then(|()| stderr.flush());
    }
}

/// The columns and rows of the terminal.
pub(super) fn size() -> (usize, usize) {
    const USUAL: (usize, usize) = (80, 24);
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    let size = size.ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    size.map_or(USUAL, |size| (size.ws_col.into(), size.ws_row.into()))
}

fn width() -> usize {
    size().0
}

fn drawn() -> MutexGuard<'static, Block> {
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Block {
    const fn new() -> Self {
        Self(Vec::new())
    }

    /// What moves to the first of the lines that are drawn. Those that no longer fit, since the
    /// terminal has become narrower, take several rows.
    fn up(&self, width: usize) -> String {
        let rows = self
            .0
            .iter()
            .map(|line| line.chars().count().max(1).div_ceil(width.max(1)));
        match rows.sum::<usize>() {
            0 => String::new(),
            rows => format!("\r\x1b[{rows}A"),
        }
    }

    fn erase(&mut self, width: usize) -> String {
        let up = self.up(width);
        self.0.clear();
        if up.is_empty() {
            return up;
        }
        format!("{up}\x1b[J")
    }

    /// What replaces the lines that are drawn by others; nothing if they are the same.
    fn change(&mut self, lines: Vec<String>, width: usize) -> String {
        if self.0 == lines {
            return String::new();
        }
        let mut change = self.up(width);
        // Where each line has one row, those that stay are not drawn again.
        let fits = self.0.iter().all(|line| line.chars().count() <= width);
        for (index, line) in lines.iter().enumerate() {
            if fits && self.0.get(index) == Some(line) {
                change.push('\n');
                continue;
            }
            // Writing to a string never fails.
            let _ = writeln!(change, "\r{line}\x1b[K");
        }
        change.push_str("\x1b[J");
        self.0 = lines;
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|&line| line.to_owned()).collect()
    }

    #[test]
    fn a_block_is_drawn_over_the_one_before() {
        let mut drawn = Block::new();
        assert_eq!(
            drawn.change(block(&["a", "b"]), 80),
            "\ra\x1b[K\n\rb\x1b[K\n\x1b[J"
        );
        assert_eq!(
            drawn.change(block(&["a", "b"]), 80),
            "",
            "nothing is drawn twice"
        );
        assert_eq!(
            drawn.change(block(&["a", "c"]), 80),
            "\r\x1b[2A\n\rc\x1b[K\n\x1b[J",
            "a line that stays is not drawn again"
        );
        assert_eq!(
            drawn.change(block(&["c"]), 80),
            "\r\x1b[2A\rc\x1b[K\n\x1b[J"
        );
        assert_eq!(drawn.erase(80), "\r\x1b[1A\x1b[J");
        assert_eq!(drawn.erase(80), "", "nothing is left to erase");
    }

    #[test]
    fn a_narrower_terminal_has_more_rows() {
        let mut drawn = Block::new();
        drawn.change(block(&["0123456789", ""]), 80);
        assert_eq!(drawn.erase(4), "\r\x1b[4A\x1b[J");
    }
}
