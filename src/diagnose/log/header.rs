//! The beginning of a log record: its time, its level and who wrote it.

use chrono::{NaiveDate, NaiveDateTime};

/// How serious a record is, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::diagnose) enum Level {
    Info,
    Warn,
    Error,
}

/// The parts of a record's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::diagnose) struct Header<'a> {
    /// In whole seconds.
    pub(in crate::diagnose) time: Option<NaiveDateTime>,
    /// The milliseconds of that second; 0 if the record has none.
    pub(in crate::diagnose) millis: u32,
    pub(in crate::diagnose) level: Level,
    /// The class that wrote it, in full or short; empty if the record does not say.
    pub(in crate::diagnose) logger: &'a str,
    pub(in crate::diagnose) message: &'a str,
}

/// Up to this many words stand between the time and the level, such as a thread's name.
const WORDS_BEFORE_LEVEL: usize = 5;

impl<'a> Header<'a> {
    /// Reads a record's first line; `None` if a record does not begin here.
    ///
    /// The forms are `26/11/21 04:31:24 LEVEL Class: message`, the same with
    /// `2026-11-21 04:31:24,123` or `2026-11-21T04:31:24.123Z`, and `LEVEL Class: message`.
    pub(in crate::diagnose) fn read(line: &'a str) -> Option<Self> {
        let (time, rest) = match stamp(line) {
            Some((time, rest)) => (Some(time), rest),
            None => (None, line),
        };
        let millis = time.map_or(0, |_| millis(rest));
        // Parts of a second, and `Z`.
        let fraction = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | 'Z');
        let rest = time.map_or(rest, |_| rest.trim_start_matches(fraction));
        let words = if time.is_some() {
            WORDS_BEFORE_LEVEL
        } else {
            1
        };
        let (level, rest) = leveled(rest, words)?;
        let (logger, message) = match rest.split_once(": ") {
            Some((logger, message)) if logger.len() <= 120 => (logger, message),
            Some(_) | None => ("", rest),
        };
        // Without a time, only `LEVEL Class: message` is a record: a program prints "ERROR" too.
        let named = !logger.is_empty() && !logger.contains(' ');
        (time.is_some() || named).then_some(Self {
            time,
            millis,
            level,
            logger,
            message,
        })
    }
}

/// The level, and what follows it.
fn leveled(text: &str, words: usize) -> Option<(Level, &str)> {
    let mut rest = text.trim_start();
    for _ in 0..words {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let level = match word.trim_matches(|c| matches!(c, '[' | ']' | ':' | '-')) {
            "TRACE" | "DEBUG" | "INFO" => Level::Info,
            "WARN" | "WARNING" => Level::Warn,
            "ERROR" | "FATAL" | "CRITICAL" => Level::Error,
            _ => {
                rest = after.trim_start();
                continue;
            }
        };
        let after = after.trim_start();
        return Some((level, after.strip_prefix("- ").unwrap_or(after)));
    }
    None
}

/// The time at the beginning of a line in whole seconds, and what follows them.
fn stamp(line: &str) -> Option<(NaiveDateTime, &str)> {
    let (year, rest) = match line.as_bytes() {
        [b'0'..=b'9', b'0'..=b'9', b'/', ..] => (2000 + number(line, 0)?, line.get(2..)?),
        [b'1'..=b'2', _, _, _, b'-', ..] => {
            (100 * number(line, 0)? + number(line, 2)?, line.get(4..)?)
        }
        _ => return None,
    };
    // `/11/21 04:31:24` or `-11-21T04:31:24`.
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, number(rest, 1)?, number(rest, 4)?)?;
    if !matches!(rest.as_bytes().get(6), Some(b' ' | b'T')) {
        return None;
    }
    let time = date.and_hms_opt(number(rest, 7)?, number(rest, 10)?, number(rest, 13)?)?;
    Some((time, rest.get(15..)?))
}

/// The milliseconds in `,123` or `.123456Z`.
fn millis(after_seconds: &str) -> u32 {
    let digits = after_seconds
        .strip_prefix([',', '.'])
        .and_then(|rest| rest.get(..3));
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The number that two digits form.
fn number(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 2)?;
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Header, Level};

    fn read(line: &str) -> Option<(String, Level, &str, &str)> {
        let header = Header::read(line)?;
        let time = header.time.map(|time| time.to_string());
        let time = time.unwrap_or_default();
        Some((time, header.level, header.logger, header.message))
    }

    #[test]
    fn every_form_of_a_record() {
        let time = "2026-11-21 04:31:24";
        let all = [
            "26/11/21 04:31:24 ERROR YarnScheduler: Lost it: now",
            "2026-11-21 04:31:24,123 ERROR YarnScheduler: Lost it: now",
            "2026-11-21T04:31:24.123Z ERROR YarnScheduler: Lost it: now",
            "2026-11-21 04:31:24 [main] ERROR YarnScheduler: Lost it: now",
            "2026-11-21 04:31:24,123 [main] FATAL YarnScheduler: Lost it: now",
        ];
        for line in all {
            let found = read(line);
            let expected = (
                time.to_owned(),
                Level::Error,
                "YarnScheduler",
                "Lost it: now",
            );
            assert_eq!(found, Some(expected), "{line}");
        }
        let found = read("2026-11-21T04:31:24.123Z INFO startExec 'hadoop jar x'");
        let expected = (time.to_owned(), Level::Info, "", "startExec 'hadoop jar x'");
        assert_eq!(found, Some(expected));
        let found = read("WARN NativeCodeLoader: Unable to load");
        let expected = (
            String::new(),
            Level::Warn,
            "NativeCodeLoader",
            "Unable to load",
        );
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn what_programs_print_is_no_record() {
        for line in [
            "",
            "26/11/21",
            "26/13/41 04:31:24 ERROR A: b",
            "26/11/21 04:31:24 done",
            "2026-11-21 04:31:2",
            "ERROR while reading: x",
            "INFO",
            "1 2 3",
            "2äöü-11-21 04:31:24 ERROR A: b",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
