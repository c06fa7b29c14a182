//! Durations as people write them, in whole seconds: `10m`, `1h30m`, `7d`.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use super::quantity::Seconds;
use chrono::TimeDelta;
use std::fmt;
use std::str::FromStr;

/// A duration in whole seconds. Text: numbers with units `d`, `h`, `m`, `s`, largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    seconds: u64,
}

/// The units of the text form, largest first, with their seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Ten years: longer than any cluster lives, and short enough that no date arithmetic overflows.
const MAX_SECONDS: u64 = 3_650 * 86_400;

impl Span {
    /// A duration of this many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self { seconds }
    }

    /// The number of seconds.
    pub const fn as_secs(self) -> u64 {
        self.seconds
    }

    /// The duration as a time difference.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::seconds(i64::try_from(self.seconds).unwrap_or(i64::MAX / 1_000))
    }

    /// The duration of a time difference; zero if it is negative.
    pub fn from_delta(delta: TimeDelta) -> Self {
        Self {
            seconds: u64::try_from(delta.num_seconds()).unwrap_or(0),
        }
    }
}

impl FromStr for Span {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            Invalid::new(
                "a length of time with its unit, such as `90s`, `10m`, `2h`, `1h30m` or `7d`",
            )
        };
        let mut rest = text;
        let mut seconds: u64 = 0;
        let mut units = UNITS.iter();
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
            let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
            let (_, size) = units
                .by_ref()
                .find(|(name, _)| *name == unit)
                .ok_or_else(wrong)?;
            seconds = number
                .checked_mul(*size)
                .and_then(|s| s.checked_add(seconds))
                .ok_or_else(wrong)?;
            rest = &rest[digits + unit.len_utf8()..];
        }
        match seconds {
            0 => Err(wrong()),
            _ if seconds > MAX_SECONDS => Err(Invalid::new("at most ten years (`3650d`)")),
            _ => Ok(Self { seconds }),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.seconds;
        let mut text = String::new();
        for (unit, size) in UNITS {
            if rest >= size {
                text.push_str(&(rest / size).to_string());
                text.push(unit);
                rest %= size;
            }
        }
        f.pad(if text.is_empty() { "0s" } else { &text })
    }
}

serde_by_text!(Span, in documents Seconds = |span| Seconds::of(span.seconds));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("2h", 7200),
            ("1h30m", 5400),
            ("7d", 604_800),
        ] {
            assert_eq!(text.parse::<Span>().unwrap().as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn refuses_a_number_without_its_unit() {
        for bad in [
            "10",
            "",
            "m",
            "1.5h",
            "10 m",
            "m10",
            "1m1h",
            "-5m",
            "0m",
            "99999999999999999999d",
            "1é",
        ] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back(seconds in 1..MAX_SECONDS) {
            let span = Span::from_secs(seconds);
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
    }
}
