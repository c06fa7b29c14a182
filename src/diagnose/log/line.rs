//! The lines of a log, without what terminals and progress bars add to them.

use super::json;
use crate::model::evidence::LogText;
use std::borrow::Cow;

/// The length at which a line of a diagnosis is cut, in bytes. Logs may have lines of megabytes.
const MAX_LINE: usize = 16 * 1024;

/// The length at which a line is cut that is shown or watched, in bytes.
const MAX_SHOWN: usize = 64 * 1024;

/// A line of a log.
#[derive(Debug)]
pub(in crate::diagnose) struct Line<'a> {
    /// Its number from 1, if it is known.
    pub(in crate::diagnose) number: Option<u64>,
    /// Whether the lines before it are not known.
    pub(in crate::diagnose) after_gap: bool,
    /// Its text. A record in JSON is several lines of one number.
    pub(in crate::diagnose) text: Cow<'a, str>,
    /// The index of its block.
    pub(in crate::diagnose) block: usize,
}

/// How many lines of a log are read, so that empty ones cannot take a thousand times their size.
const MAX_LINES: usize = 400_000;

/// The lines of a log.
pub(super) fn lines(log: &LogText) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    for section in &log.sections {
        let from = found.len();
        let room = MAX_LINES.saturating_sub(from);
        for (index, text) in section.text.split('\n').enumerate().take(room) {
            let number = section.first_line.map(|first| first + index as u64);
            let text = clean(text);
            let line = |text| Line {
                number,
                after_gap: false,
                text,
                block: 0,
            };
            match json::lines(text) {
                Some(texts) => {
                    let texts = texts
                        .into_iter()
                        .map(|text| cut(Cow::Owned(text), MAX_LINE));
                    found.extend(texts.map(line));
                }
                None => found.push(line(cut(Cow::Borrowed(text), MAX_LINE))),
            }
        }
        if let Some(first) = found.get_mut(from) {
            first.after_gap = true;
        }
    }
    found
}

/// The beginning of a long line, with a mark where it is cut.
fn cut(line: Cow<'_, str>, max: usize) -> Cow<'_, str> {
    if line.len() <= max {
        return line;
    }
    let end = line.floor_char_boundary(max);
    Cow::Owned(format!("{}…", &line[..end]))
}

/// Passes on the lines that a line of a file shows: none if it is only a progress bar, several if it is
/// a record in JSON.
pub(in crate::diagnose) fn each_shown(line: &str, mut each: impl FnMut(&str)) {
    let text = clean(line);
    if text.is_empty() && !line.trim().is_empty() {
        return;
    }
    match json::lines(text) {
        Some(texts) => {
            let texts = texts
                .into_iter()
                .map(|text| cut(Cow::Owned(text), MAX_SHOWN));
            texts.for_each(|text| each(&text));
        }
        None => each(&cut(Cow::Borrowed(text), MAX_SHOWN)),
    }
}

/// The line as a terminal shows it: a progress bar is overwritten by what follows it, or ends where
/// a record is glued to it.
fn clean(line: &str) -> &str {
    let mut shown = line.trim_end().rsplit('\r');
    let mut line = shown.find(|part| !part.trim().is_empty()).unwrap_or("");
    while let Some(rest) = line.strip_prefix("[Stage ") {
        let Some((_, rest)) = rest.split_once(']') else {
            break;
        };
        line = rest.trim_start();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{MAX_LINE, clean, cut, each_shown, lines};
    use crate::model::evidence::{LogRole, LogText};
    use std::borrow::Cow;

    #[test]
    fn progress_bars_are_removed() {
        let record = "26/11/21 04:31:24 ERROR A: b";
        for line in [
            format!("[Stage 1:===>  (3 + 4) / 8]{record}"),
            format!("\r[Stage 1:>  (0 + 4) / 8]\r[Stage 1:=>  (1 + 4) / 8]{record}\r"),
            format!("[Stage 1:> (0 + 2) / 2][Stage 2:> (0 + 0) / 2]  {record}"),
            format!("\r                    \r{record}"),
            record.to_owned(),
        ] {
            assert_eq!(clean(&line), record, "{line:?}");
        }
        assert_eq!(clean("[Stage 1: not closed"), "[Stage 1: not closed");
        assert_eq!(clean("\r\r"), "");
    }

    #[test]
    fn a_long_record_in_json_is_read_before_it_is_cut() {
        let long = "ä".repeat(MAX_LINE);
        let mark = "…";
        let short = cut(Cow::Borrowed(&long), MAX_LINE);
        assert_eq!(short.len(), MAX_LINE + mark.len());
        let record = format!(
            r#"{{"ts":"2026-11-21T04:31:24Z","level":"ERROR","msg":"{long}","logger":"A"}}"#
        );
        let expected = format!("2026-11-21T04:31:24Z ERROR A: {long}");
        each_shown(&record, |text| assert_eq!(text, expected));
        let log = LogText::whole(LogRole::DriverLog, "log", &record);
        let found = lines(&log);
        assert!(
            found[0]
                .text
                .starts_with("2026-11-21T04:31:24Z ERROR A: ää")
        );
        assert!(found[0].text.ends_with(mark) && found[0].text.len() <= MAX_LINE + mark.len());
    }
}
