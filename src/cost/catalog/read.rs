//! Reads the text form of a catalog, which the head of `prices.txt` explains.

use super::{Catalog, DefaultVolumes, Family, FeeRule, Figure, Item, Source};
use crate::model::money::Usd;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// A line of a price list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} of the prices: expected {expected}")]
pub struct BadLine {
    /// The line number, from 1.
    pub number: usize,
    /// What the line should contain; completes "expected …".
    pub expected: &'static str,
}

/// What a line should contain.
type Expected = &'static str;

/// More than the hourly price of anything.
const MAX_USD: u32 = 100_000;

#[derive(Default)]
struct Reader {
    sources: BTreeMap<String, Arc<Source>>,
    catalog: Catalog,
}

impl FromStr for Catalog {
    type Err = BadLine;

    fn from_str(text: &str) -> Result<Self, BadLine> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            reader.line(line).map_err(|expected| BadLine {
                number: index + 1,
                expected,
            })?;
        }
        Ok(reader.catalog)
    }
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), Expected> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["source", name, as_of, says @ ..] => self.source(name, as_of, says),
            ["family", name, disks, fee, source, sizes @ ..] => {
                let family = self.family(disks, fee, source, sizes)?;
                let known = self.catalog.families.insert((*name).to_owned(), family);
                known.map_or(Ok(()), |_| Err("each family once"))
            }
            ["volumes", size, count, gib, source] => {
                let volumes = DefaultVolumes {
                    count: count.parse().map_err(|_| "a count of volumes")?,
                    gib: gib.parse().map_err(|_| "GiB of a volume")?,
                    source: self.known(source)?,
                };
                self.catalog.volumes.insert((*size).to_owned(), volumes);
                Ok(())
            }
            [item, name, usd, source, regions @ ..] if !regions.is_empty() => {
                self.figure(item, name, usd, source, regions)
            }
            _ => Err("source, family, ec2, emr, ebs, volumes, ipv4 or s3 and what belongs to it"),
        }
    }

    fn source(&mut self, name: &str, as_of: &str, says: &[&str]) -> Result<(), Expected> {
        let source = Source {
            name: name.to_owned(),
            as_of: as_of
                .parse::<NaiveDate>()
                .map_err(|_| "a date such as 2026-07-20")?,
            says: says.join(" "),
        };
        let known = self.sources.insert(name.to_owned(), Arc::new(source));
        known.map_or(Ok(()), |_| Err("each source once"))
    }

    fn known(&self, source: &str) -> Result<Arc<Source>, Expected> {
        let source = self.sources.get(source);
        source.cloned().ok_or("a source that a line above states")
    }

    fn family(
        &self,
        disks: &str,
        fee: &str,
        source: &str,
        sizes: &[&str],
    ) -> Result<Family, Expected> {
        Ok(Family {
            own_disks: match disks {
                "own" => true,
                "ebs" => false,
                _ => return Err("`own` or `ebs`"),
            },
            fee: match fee {
                "capped" => FeeRule::Capped,
                "exact" => FeeRule::Exact,
                "newer" => FeeRule::Newer,
                "older" => FeeRule::Older,
                "old" => FeeRule::Old,
                _ => return Err("`capped`, `exact`, `newer`, `older` or `old`"),
            },
            source: self.known(source)?,
            sizes: sizes
                .iter()
                .map(|size| factor(size).ok_or("a size such as `2xlarge` or `large=0.5`"))
                .collect::<Result<_, _>>()?,
        })
    }

    fn figure(
        &mut self,
        item: &str,
        name: &str,
        usd: &str,
        source: &str,
        regions: &[&str],
    ) -> Result<(), Expected> {
        let item = match item {
            "ec2" => Item::Ec2,
            "emr" => Item::Emr,
            "ebs" => Item::Ebs,
            "ipv4" => Item::Ipv4,
            "s3" => Item::S3,
            _ => return Err("ec2, emr, ebs, ipv4 or s3 where a price is stated"),
        };
        let usd = match usd {
            "none" => None,
            usd => Some(Usd::new(
                positive(usd).ok_or("dollars above 0, without their sign")?,
            )),
        };
        let source = self.known(source)?;
        let places = self.catalog.figures.entry((item, name.to_owned()));
        let places = places.or_default();
        for region in regions {
            let source = Arc::clone(&source);
            let known = places.insert((*region).to_owned(), Figure { usd, source });
            if known.is_some() {
                return Err("one price for a name in a region");
            }
        }
        Ok(())
    }
}

/// A size and its factor: `2xlarge` has the factor 2, `large=0.5` has 0.5.
fn factor(text: &str) -> Option<(String, Decimal)> {
    let (size, factor) = match text.split_once('=') {
        Some((size, factor)) => (size, positive(factor)?),
        None if text == "xlarge" => (text, Decimal::ONE),
        None => (text, positive(text.strip_suffix("xlarge")?)?),
    };
    Some((size.to_owned(), factor))
}

/// A price of $0 would be a mistake.
fn positive(text: &str) -> Option<Decimal> {
    let plain = |b: u8| b.is_ascii_digit() || b == b'.';
    let number: Decimal = text.bytes().all(plain).then(|| text.parse().ok())??;
    (number > Decimal::ZERO && number <= Decimal::from(MAX_USD)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# prices\n\nsource mine 2026-01-01 somebody told me\n";

    #[test]
    fn bad_lines_are_reported_by_number() {
        for bad in [
            "ec2 m5 0.192 yours us-east-1",
            "ec2 m5 0 mine us-east-1",
            "ec2 m5 -1 mine us-east-1",
            "ec2 m5 1e9 mine us-east-1",
            "ec2 m5 0.192 mine",
            "ec2 m5 0.192 mine us-east-1 us-east-1",
            "rds m5 0.192 mine us-east-1",
            "source mine 2026-01-02",
            "source other 2026-13-01",
            "family m5 ebs capped mine huge",
            "family m5 ebs capped mine xlarge=0",
            "family m5 tape capped mine xlarge",
            "family m5 ebs free mine xlarge",
            "volumes xlarge two 32 mine",
        ] {
            let read = format!("{HEAD}{bad}\n").parse::<Catalog>();
            assert_eq!(read.unwrap_err().number, 4, "{bad}");
        }
    }

    #[test]
    fn sizes_have_factors() {
        let half = Decimal::new(5, 1);
        assert_eq!(factor("large=0.5"), Some(("large".to_owned(), half)));
        assert_eq!(factor("24xlarge").unwrap().1, Decimal::from(24));
        assert_eq!(factor("xlarge").unwrap().1, Decimal::ONE);
        assert_eq!(factor("large"), None);
    }
}
