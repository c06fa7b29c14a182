//! Chooses records by what they say.

use super::{Record, Severity};
use crate::diagnose::log::TRACEBACK;
use regex::{Regex, RegexBuilder};

/// How much memory a regular expression may take, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// Which records to show. The default is all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pattern: Option<Regex>,
    only_errors: bool,
}

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

    /// Whether a record is to be shown.
    pub fn accepts(&self, record: &Record) -> bool {
        let pattern = self.pattern.as_ref();
        (!self.only_errors || is_error(record))
            && pattern.is_none_or(|pattern| pattern.is_match(&record.text))
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
        filter.accepts(&Record {
            time: None,
            severity,
            text,
        })
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
