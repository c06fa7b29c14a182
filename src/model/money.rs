//! Money: decimals, never floats.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// US dollars. Text: `$3`, `$0.05`, `$1250.50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(Decimal);

impl Usd {
    pub const fn new(amount: Decimal) -> Self {
        Self(amount)
    }

    pub const fn amount(self) -> Decimal {
        self.0
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
        match amount > Decimal::ZERO && amount <= Decimal::from(1_000_000_000_u64) {
            true => Ok(Self(amount)),
            false => Err(Invalid::new("more than $0 and at most $1000000000")),
        }
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.0.scale() < 2 {
            format!("${:.2}", self.0)
        } else {
            format!("${}", self.0)
        };
        f.pad(&shown)
    }
}

serde_by_text!(Usd);

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
