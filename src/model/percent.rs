//! Percentages.

use super::invalid::Invalid;
use super::money::Usd;
use super::parsed::serde_by_text;
use super::quantity::Share;
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// A whole percentage from 1 to 100. Text: `50%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

impl Percent {
    /// 100%.
    pub const WHOLE: Self = Self(100);

    /// 50%.
    pub const HALF: Self = Self(50);

    /// The percentage as a number from 1 to 100.
    pub const fn value(self) -> u8 {
        self.0
    }

    /// This share of an amount.
    pub fn of(self, usd: Usd) -> Usd {
        usd.times(Decimal::new(self.0.into(), 2))
    }
}

impl FromStr for Percent {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_suffix('%').unwrap_or_default();
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(share @ 1..=100) if plain => Ok(Self(share)),
            _ => Err(Invalid::new("a share from `1%` to `100%`, such as `80%`")),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}%", self.0))
    }
}

serde_by_text!(Percent, in documents Share = |percent| Share::of(percent.0.into()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_a_sign_and_limits() {
        let half: Percent = "50%".parse().unwrap();
        assert_eq!(half.of("$3".parse().unwrap()).to_string(), "$1.50");
        assert_eq!(half.to_string(), "50%");
        for bad in ["50", "0%", "101%", "%", "+5%", "1.5%", "50 %"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }
}
