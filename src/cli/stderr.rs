//! Standard error, where no screen is at hand.

use crate::model::shown::lines;
use std::io::{IsTerminal, Write};

/// Prints a message to standard error without a screen.
pub(super) fn aside(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A progress bar may be on this line.
    let clear = if stderr.is_terminal() { "\r\x1b[K" } else { "" };
    let _ = writeln!(stderr, "{clear}{}", lines(text));
}
