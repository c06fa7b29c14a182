//! Finds the error in a log that explains a failure: seldom the last line, and never the longest
//! trace.

use super::{java, python};

/// The length at which a message is cut, in characters.
const MAX_MESSAGE: usize = 600;

/// Returns what went wrong as one line, from the log of a driver or a daemon. `None` if the log has
/// no error.
///
/// Python's own exception comes first, with the place in the user's script. If it only wraps an
/// exception of Java's, the root cause in Java is returned.
pub fn last_error(log: &str) -> Option<String> {
    let lines: Vec<&str> = log.lines().collect();
    let found = match python::raised(&lines) {
        Some(raised) if !raised.wraps_java => Some(raised.text),
        Some(raised) => java::out_of_memory(&lines)
            .or_else(|| java::root(&lines[raised.line..]))
            .or(Some(raised.text)),
        None => java::root(&lines).or_else(|| java::jvm_start(&lines)),
    };
    found.map(|text| shortened(&text))
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
