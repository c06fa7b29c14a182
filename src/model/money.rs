//! Money as decimals.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use super::quantity::{Dollars, Exact};
use rust_decimal::{Decimal, RoundingStrategy};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::str::FromStr;

/// US dollars. Text: `$3`, `$0.05`, `$1250.50`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(Decimal);

impl Usd {
    /// $0.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// An amount in dollars.
    pub const fn new(amount: Decimal) -> Self {
        Self(amount)
    }

    /// The amount in dollars.
    pub const fn amount(self) -> Decimal {
        self.0
    }

    /// The amount multiplied by a factor.
    #[must_use]
    pub fn times(self, factor: Decimal) -> Self {
        Self(self.0 * factor)
    }

    /// Whether it is $0, which has no text form.
    pub const fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// The amount rounded up to a number of decimals.
    #[must_use]
    pub fn up_to(self, decimals: u32) -> Self {
        let rounding = RoundingStrategy::ToPositiveInfinity;
        Self(
            self.0
                .round_dp_with_strategy(decimals, rounding)
                .normalize(),
        )
    }
}

impl Usd {
    /// The amount rounded down to a number of decimals.
    #[must_use]
    pub fn down_to(self, decimals: u32) -> Self {
        Self::ZERO - (Self::ZERO - self).up_to(decimals)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl FromStr for Usd {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("dollars with their sign, such as `$3` or `$0.50`");
        let digits = text.strip_prefix('$').ok_or_else(wrong)?;
        let plain = |b: u8| b.is_ascii_digit() || b == b'.';
        if !digits.bytes().all(plain) || !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(wrong());
        }
        let amount: Decimal = digits.parse().map_err(|_| wrong())?;
        if amount > Decimal::ZERO && amount <= Decimal::from(1_000_000_000_u64) {
            Ok(Self(amount))
        } else {
            Err(Invalid::new("more than $0 and at most $1000000000"))
        }
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, amount) = if self.0 < Decimal::ZERO {
            ("-", self.0.abs())
        } else {
            ("", self.0)
        };
        let shown = if amount.scale() < 2 {
            format!("{sign}${amount:.2}")
        } else {
            format!("{sign}${amount}")
        };
        f.pad(&shown)
    }
}

serde_by_text!(Usd, in documents Dollars = |usd| Dollars { usd: Exact(usd.0) });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dollars_and_keeps_every_cent() {
        assert_eq!("$3".parse::<Usd>().unwrap().to_string(), "$3.00");
        assert_eq!("$0.05".parse::<Usd>().unwrap().amount(), Decimal::new(5, 2));
        assert_eq!("$0.0125".parse::<Usd>().unwrap().to_string(), "$0.0125");
    }

    #[test]
    fn rounds_up_and_adds() {
        let third = Usd::new(Decimal::ONE / Decimal::from(3));
        assert_eq!(third.up_to(4).to_string(), "$0.3334");
        assert_eq!("$0.5".parse::<Usd>().unwrap().up_to(2).to_string(), "$0.50");
        let sum: Usd = [third.up_to(1), third.up_to(2)].into_iter().sum();
        assert_eq!(sum.to_string(), "$0.74");
        assert_eq!((Usd::ZERO - sum).to_string(), "-$0.74");
    }

    #[test]
    fn refuses_a_bare_number_and_nothing() {
        for bad in [
            "3",
            "3$",
            "$",
            "$-1",
            "$0",
            "$1e3",
            "$1,000",
            "€3",
            "$99999999999999999999999999999999",
        ] {
            assert!(bad.parse::<Usd>().is_err(), "{bad}");
        }
    }
}
