//! A share of the input, such as `5%`.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use super::quantity::Share;
use rust_decimal::Decimal;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// A share of the lines of a data file, in millionths. Text: `5%`, `0.5%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sample {
    millionths: u32,
}

impl Sample {
    /// The share in millionths.
    pub const fn millionths(self) -> u32 {
        self.millionths
    }
}

/// What is staged of a data file whose lines are sampled.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
pub struct Sampling {
    /// The share of its lines.
    pub share: Sample,
    /// Whether the first line is always kept, because it names the columns.
    pub header: bool,
}

/// Whether a file of this name contains lines that can be sampled. Compressed and binary files cannot
/// be cut at line ends.
pub fn has_lines(name: &str) -> bool {
    const OTHERS: [&str; 17] = [
        "gz", "bz2", "zst", "zip", "lz4", "lzo", "xz", "snappy", "deflate", "tar", "tgz",
        "parquet", "orc", "avro", "pkl", "xls", "xlsx",
    ];
    !extension(name).is_some_and(|end| OTHERS.contains(&end.as_str()))
}

/// Whether a file of this name usually has a first line that names its columns.
pub fn usually_has_header(name: &str) -> bool {
    extension(name).is_some_and(|end| ["csv", "tsv"].contains(&end.as_str()))
}

fn extension(name: &str) -> Option<String> {
    let (start, end) = name.rsplit_once('.')?;
    (!start.is_empty()).then(|| end.to_ascii_lowercase())
}

impl FromStr for Sample {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("a share above 0% and at most 100%, such as `5%`");
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || whole.len() > 3 || !digits(part) || part.len() > 4 {
            return Err(wrong());
        }
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        let part: u32 = format!("{part:0<4}").parse().map_err(|_| wrong())?;
        match whole * 10_000 + part {
            millionths @ 1..=1_000_000 => Ok(Self { millionths }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.millionths / 10_000;
        let part = self.millionths % 10_000;
        let part = format!("{part:04}");
        match part.trim_end_matches('0') {
            "" => f.pad(&format!("{whole}%")),
            part => f.pad(&format!("{whole}.{part}%")),
        }
    }
}

serde_by_text!(
    Sample,
    in documents Share = |sample| Share::of(Decimal::new(sample.millionths.into(), 4).normalize())
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_shares() {
        for (text, millionths) in [
            ("5%", 50_000),
            ("0.5%", 5_000),
            ("100%", 1_000_000),
            ("0.0001%", 1),
        ] {
            let sample: Sample = text.parse().unwrap();
            assert_eq!(
                (sample.millionths(), sample.to_string().as_str()),
                (millionths, text)
            );
        }
        for bad in ["5", "0%", "101%", "-5%", "%", "5.%", "1e1%", "0.00001%"] {
            assert!(bad.parse::<Sample>().is_err(), "{bad}");
        }
    }
}
