//! The error that matters in a log.
pub fn last_error(log: &str) -> Option<String> {
    log.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .map(str::to_owned)
}
