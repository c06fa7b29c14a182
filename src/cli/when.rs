//! An instant on the command line: a day, or how long ago.

use crate::model::span::Span;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::str::FromStr;

/// Written as `2026-11-01`, which is midnight UTC, or as `30d`, which is 30 days ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum When {
    Day(NaiveDate),
    Ago(Span),
}

impl When {
    pub(in crate::cli) fn at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
            Self::Ago(span) => now - span.delta(),
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| "expected a day such as `2026-11-01`, or how long ago: `30d`, `12h`";
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::Day(day));
        }
        Ok(text.parse().map(Self::Ago).map_err(wrong)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_midnight_and_a_length_is_ago() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let at = |text: &str| text.parse::<When>().unwrap().at(now).to_rfc3339();
        assert_eq!(at("2026-11-01"), "2026-11-01T00:00:00+00:00");
        assert_eq!(at("36h"), "2026-11-20T00:00:00+00:00");
        for bad in ["", "30", "2026-13-01", "2026-11", "yesterday"] {
            assert!(bad.parse::<When>().is_err(), "{bad}");
        }
    }
}
