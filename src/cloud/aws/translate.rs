//! Conversions that every service needs: tags, times, numbers.

use crate::cloud::api::Tags;
use aws_smithy_types::DateTime as Theirs;
use chrono::{DateTime, Utc};

/// Converts a service's tags; those without a key are left out.
pub(super) fn tags<T>(
    theirs: &[T],
    key_and_value: impl Fn(&T) -> (Option<&str>, Option<&str>),
) -> Tags {
    let owned = |tag| {
        let (key, value) = key_and_value(tag);
        Some((key?.to_owned(), value.unwrap_or_default().to_owned()))
    };
    theirs.iter().filter_map(owned).collect()
}

/// Rounds to the millisecond, which is AWS's precision: more digits in JSON are rounding errors.
/// `None` for a time outside the calendar.
pub(super) fn time(theirs: &Theirs) -> Option<DateTime<Utc>> {
    let millis = i64::from(theirs.subsec_nanos().div_ceil(500_000) / 2);
    DateTime::from_timestamp_millis(theirs.secs().checked_mul(1_000)?.checked_add(millis)?)
}

pub(super) fn their_time(time: DateTime<Utc>) -> Theirs {
    Theirs::from_secs_and_nanos(time.timestamp(), time.timestamp_subsec_nanos())
}

/// Converts a count; 0 if it is absent or negative.
pub(super) fn count(theirs: Option<i32>) -> u16 {
    theirs.map_or(0, |count| u16::try_from(count.max(0)).unwrap_or(u16::MAX))
}

/// Converts a length in bytes; 0 if it is absent or negative.
pub(super) fn bytes(theirs: Option<i64>) -> u64 {
    theirs.map_or(0, |bytes| u64::try_from(bytes).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_nearest_millisecond() {
        for (seconds, nanos, expected) in [
            (1_700_000_000, 582_999_944, 1_700_000_000_583),
            (1_700_000_000, 630_000_114, 1_700_000_000_630),
            (1_700_000_000, 999_999_999, 1_700_000_001_000),
            (1_700_000_000, 0, 1_700_000_000_000),
        ] {
            let found = time(&Theirs::from_secs_and_nanos(seconds, nanos)).unwrap();
            assert_eq!(found.timestamp_millis(), expected);
        }
    }
}
