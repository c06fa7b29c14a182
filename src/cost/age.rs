//! The age of a figure, in words.

use chrono::{Datelike, NaiveDate};

/// The maximum age that is expressed in days.
const MAX_DAYS: i64 = 62;

/// The age on `today` of a figure as of `as_of`: `today`, `1 day old`, `19 months old`.
pub fn age(as_of: NaiveDate, today: NaiveDate) -> String {
    let days = (today - as_of).num_days();
    if days < MAX_DAYS {
        return match days {
            ..=0 => "today".to_owned(),
            1 => "1 day old".to_owned(),
            _ => format!("{days} days old"),
        };
    }
    let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let begun = i64::from(today.day() < as_of.day());
    format!("{} months old", months(today) - months(as_of) - begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_whole_days_and_months() {
        let today: NaiveDate = "2026-11-21".parse().unwrap();
        for (as_of, words) in [
            ("2026-12-01", "today"),
            ("2026-11-21", "today"),
            ("2026-11-20", "1 day old"),
            ("2026-10-01", "51 days old"),
            ("2026-09-21", "61 days old"),
            ("2026-09-20", "2 months old"),
            ("2026-05-21", "6 months old"),
            ("2026-05-22", "5 months old"),
            ("2025-04-04", "19 months old"),
            ("2025-04-22", "18 months old"),
            ("2024-02-01", "33 months old"),
        ] {
            assert_eq!(age(as_of.parse().unwrap(), today), words, "{as_of}");
        }
    }
}
