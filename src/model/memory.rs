//! Memory as Spark writes it, in whole MiB: `512m`, `1g`.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use super::quantity::Bytes;
use std::fmt;
use std::str::FromStr;

/// An amount of memory in MiB. Text: a whole number with `m`, `g` or `t` (Spark's binary units).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    mib: u64,
}

impl Memory {
    /// An amount in MiB.
    pub const fn from_mib(mib: u64) -> Self {
        Self { mib }
    }

    /// The amount in MiB.
    pub const fn mib(self) -> u64 {
        self.mib
    }
}

impl FromStr for Memory {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("memory with its unit, such as `512m` or `1g`");
        let lower = text.to_ascii_lowercase();
        let short = lower.strip_suffix('b').unwrap_or(&lower);
        let (digits, factor) = [("m", 1), ("g", 1 << 10), ("t", 1 << 20)]
            .iter()
            .find_map(|(unit, factor)| Some((short.strip_suffix(unit)?, *factor)))
            .ok_or_else(wrong)?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        match number.checked_mul(factor) {
            Some(mib @ 1..=0x1000_0000) => Ok(Self { mib }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mib {
            mib if mib > 0 && mib % 1024 == 0 => f.pad(&format!("{}g", mib / 1024)),
            mib => f.pad(&format!("{mib}m")),
        }
    }
}

serde_by_text!(Memory, in documents Bytes = |memory| Bytes { bytes: memory.mib << 20 });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sparks_units() {
        for (text, mib) in [
            ("512m", 512),
            ("1g", 1024),
            ("2048M", 2048),
            ("1gb", 1024),
            ("1t", 1 << 20),
        ] {
            assert_eq!(text.parse::<Memory>().unwrap().mib(), mib, "{text}");
        }
    }

    #[test]
    fn texts_that_spark_refuses_or_reads_as_bytes_are_refused() {
        for bad in [
            "1",
            "1.5g",
            "g",
            "",
            "0m",
            "-1g",
            "1k",
            "99999999999999t",
            "+1g",
        ] {
            assert!(bad.parse::<Memory>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shows_the_largest_whole_unit() {
        assert_eq!(Memory::from_mib(1024).to_string(), "1g");
        assert_eq!(Memory::from_mib(1536).to_string(), "1536m");
    }
}
