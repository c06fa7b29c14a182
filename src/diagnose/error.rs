//! The error that matters in a log: seldom the last line, and never the longest trace.

use super::{java, python};

/// As much of a message as somebody reads.
const LONGEST: usize = 600;

/// What went wrong, in a line, by the log of a driver or a daemon. None where the log holds no
/// error.
///
/// Python's own exception comes first, with the place in the user's script: it is nearest to what
/// the user wrote. Where it only passes on what Java said, the root of Java's causes is told.
pub fn last_error(log: &str) -> Option<String> {
    let lines: Vec<&str> = log.lines().collect();
    let found = match python::raised(&lines) {
        Some(raised) if !raised.passed_on => Some(raised.text),
        Some(raised) => java::out_of_memory(&lines)
            .or_else(|| java::root(&lines[raised.line..]))
            .or(Some(raised.text)),
        None => java::root(&lines).or_else(|| java::machine(&lines)),
    };
    found.map(|text| shortened(&text))
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
