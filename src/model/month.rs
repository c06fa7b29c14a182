//! Months of a calendar.

use super::hours::Zone;
use super::invalid::Invalid;
use super::parsed::serde_by_text;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use std::fmt;
use std::str::FromStr;

/// A month of a year. Text: `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// The first day.
    first: NaiveDate,
}

impl Month {
    /// The month of an instant in a timezone.
    pub fn of(instant: DateTime<Utc>, zone: Zone) -> Self {
        let day = zone.date(instant);
        let first = day.with_day(1).unwrap_or(day);
        Self { first }
    }

    /// The first instant in a timezone.
    pub fn begins(self, zone: Zone) -> DateTime<Utc> {
        zone.midnight(self.first)
    }

    /// The following month.
    #[must_use]
    pub fn next(self) -> Self {
        let first = self.first.checked_add_months(chrono::Months::new(1));
        Self {
            first: first.unwrap_or(self.first),
        }
    }
}

impl FromStr for Month {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        let wrong = || Invalid::new("a month such as `2026-11`");
        let month = Self {
            first: first.map_err(|_| wrong())?,
        };
        if month.to_string() == text {
            Ok(month)
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.first.format("%Y-%m").to_string())
    }
}

serde_by_text!(Month);

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(month: &str, zone: &str) -> String {
        let month: Month = month.parse().unwrap();
        month.begins(zone.parse().unwrap()).to_string()
    }

    #[test]
    fn months_begin_in_their_timezone() {
        assert_eq!(begins("2026-11", "UTC"), "2026-11-01 00:00:00 UTC");
        assert_eq!(begins("2026-11", "Asia/Seoul"), "2026-10-31 15:00:00 UTC");
        assert_eq!(
            begins("2026-11", "America/New_York"),
            "2026-11-01 04:00:00 UTC"
        );
        // There was no midnight on 1 October 2017 in Asunción: clocks went on to 01:00.
        assert_eq!(
            begins("2017-10", "America/Asuncion"),
            "2017-10-01 04:00:00 UTC"
        );
    }

    #[test]
    fn an_instant_is_in_another_month_elsewhere() {
        let instant = "2026-10-31T20:00:00Z".parse().unwrap();
        let month = |zone: &str| Month::of(instant, zone.parse().unwrap()).to_string();
        assert_eq!(month("UTC"), "2026-10");
        assert_eq!(month("Asia/Seoul"), "2026-11");
        let december: Month = "2026-12".parse().unwrap();
        assert_eq!(december.next().to_string(), "2027-01");
        for bad in ["2026-13", "2026", "26-11", "2026-1", "2026-11-01"] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
}
