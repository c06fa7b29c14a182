//! Chooses records by what they say.

use super::{Record, Severity};
use crate::diagnose::log::TRACEBACK;
use regex::{Regex, RegexBuilder};
use std::collections::VecDeque;

/// How much memory a regular expression may take, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// How many accepted blocks of a log may still get pieces: records interrupt tracebacks.
const MAX_ACCEPTED: usize = 16;

/// Which records to show. The default is all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pattern: Option<Regex>,
    only_errors: bool,
}

/// The blocks of one log that were accepted last: later pieces of them are accepted too.
#[derive(Debug, Clone, Default)]
pub struct Accepted(VecDeque<usize>);

/// A regular expression that is not valid, or takes too much memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(String);

impl Filter {
    /// Records in which the regular expression matches, if there is one; and with `only_errors` of those
    /// only errors and tracebacks.
    ///
    /// # Errors
    /// Returns an error if the regular expression is not valid.
    pub fn new(pattern: Option<&str>, only_errors: bool) -> Result<Self, BadPattern> {
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(MAX_REGEX)
                .dfa_size_limit(MAX_REGEX)
                .multi_line(true)
                .build()
        };
        let pattern = pattern.map(compile).transpose();
        Ok(Self {
            pattern: pattern.map_err(|error| BadPattern(error.to_string()))?,
            only_errors,
        })
    }

    /// Whether a record is to be shown, or a piece of one of which a piece was accepted before.
    pub fn accepts(&self, record: &Record, before: &mut Accepted) -> bool {
        if self.pattern.is_none() && !self.only_errors {
            return true;
        }
        let is_piece = |block: usize| before.0.contains(&block);
        if record.block.is_some_and(is_piece) {
            return true;
        }
        let pattern = self.pattern.as_ref();
        let is_accepted = (!self.only_errors || is_error(record))
            && pattern.is_none_or(|pattern| pattern.is_match(&record.text));
        if let Some(block) = record.block.filter(|_| is_accepted) {
            before.0.truncate(MAX_ACCEPTED - 1);
            before.0.push_front(block);
        }
        is_accepted
    }
}

/// Whether a record is an error, or has a traceback. Programs print errors without a time, as pip
/// does: `ERROR: No matching distribution found`.
fn is_error(record: &Record) -> bool {
    let text = record.text.as_str();
    match record.severity {
        Some(Severity::Error) => true,
        Some(Severity::Info | Severity::Warn) => text.contains(TRACEBACK),
        None => ["ERROR", "FATAL"].iter().any(|word| text.starts_with(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(
        pattern: Option<&str>,
        only_errors: bool,
        severity: Option<Severity>,
        text: &str,
    ) -> bool {
        let filter = Filter::new(pattern, only_errors).unwrap();
        let text = text.to_owned();
        let block = None;
        let record = Record {
            time: None,
            severity,
            block,
            text,
        };
        filter.accepts(&record, &mut Accepted::default())
    }

    #[test]
    fn later_pieces_of_an_accepted_record_are_accepted() {
        let filter = Filter::new(Some("broken"), true).unwrap();
        let mut before = Accepted::default();
        let mut accepts = |block: Option<usize>, text: &str| {
            let record = Record {
                time: None,
                severity: Some(Severity::Error),
                block,
                text: text.to_owned(),
            };
            filter.accepts(&record, &mut before)
        };
        assert!(accepts(Some(3), "26/11/21 04:31:24 ERROR A: broken"));
        assert!(!accepts(Some(4), "26/11/21 04:31:24 ERROR A: b"));
        assert!(accepts(Some(3), "\tat a.B.c(B.scala:7)"));
        assert!(!accepts(Some(4), "\tat a.B.c(B.scala:7)"));
        assert!(!accepts(None, "printed"));
        for block in 5..5 + MAX_ACCEPTED {
            assert!(accepts(Some(block), "broken"));
        }
        assert!(!accepts(Some(3), "\tat a.B.c(B.scala:7)"));
    }

    #[test]
    fn errors_are_records_tracebacks_and_what_programs_print_as_such() {
        let task = "26/11/21 04:31:24 WARN TaskSetManager: Lost task\n\
            Traceback (most recent call last):\nKeyError: 1";
        for (severity, text, is_shown) in [
            (Some(Severity::Error), "26/11/21 04:31:24 ERROR A: b", true),
            (Some(Severity::Warn), "26/11/21 04:31:24 WARN A: b", false),
            (Some(Severity::Warn), task, true),
            (None, "ERROR: No matching distribution found", true),
            (None, "no ERROR", false),
        ] {
            assert_eq!(accepts(None, true, severity, text), is_shown, "{text}");
            assert!(accepts(None, false, severity, text));
        }
    }

    #[test]
    fn a_pattern_matches_any_line_of_a_record() {
        let text = "26/11/21 04:31:24 ERROR A: b\n\tat a.B.c(B.scala:7)";
        let error = Some(Severity::Error);
        for (pattern, is_shown) in [
            ("^\\tat a", true),
            ("(?i)b: b$", false),
            ("(?i)a: B$", true),
        ] {
            assert_eq!(
                accepts(Some(pattern), false, error, text),
                is_shown,
                "{pattern}"
            );
        }
        assert!(!accepts(Some("A"), true, Some(Severity::Info), text));
    }

    #[test]
    fn bad_and_huge_patterns_are_refused() {
        for pattern in ["(", "a{1000}{1000}", "\\p{Greek}{9999}"] {
            assert!(Filter::new(Some(pattern), false).is_err(), "{pattern}");
        }
    }
}
