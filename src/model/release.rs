//! EMR release labels.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use std::fmt;
use std::str::FromStr;

/// An EMR release in a stack: a label, or a line that stands for its newest label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// A label: `emr-7.12.0`, or `emr-spark-8.0.0` for Spark 4.
    Label(String),
    /// A line: `emr-7.x` stands for the newest `emr-7.*` that AWS offers.
    Line {
        /// The family before the number, such as `emr` or `emr-spark`.
        family: String,
        /// The major number.
        major: u32,
    },
}

impl Release {
    /// The major number: 7 for `emr-7.12.0` and `emr-7.x`.
    pub fn major(&self) -> u32 {
        match self {
            Self::Line { major, .. } => *major,
            Self::Label(label) => {
                let digits = label.rsplit('-').next().unwrap_or_default();
                digits
                    .split('.')
                    .next()
                    .and_then(|major| major.parse().ok())
                    .unwrap_or(0)
            }
        }
    }
}

impl Release {
    /// Whether it stands for this label.
    pub fn admits(&self, label: &str) -> bool {
        match self {
            Self::Label(own) => own == label,
            Self::Line { .. } => label.starts_with(&self.prefix()),
        }
    }

    /// The common prefix of its labels: `emr-7.` for `emr-7.x`.
    pub fn prefix(&self) -> String {
        match self {
            Self::Label(label) => label.clone(),
            Self::Line { family, major } => format!("{family}{major}."),
        }
    }

    /// The newest of the labels that it stands for, compared by number.
    pub fn newest<'a>(&self, labels: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let numbers = |label: &str| {
            let version = label.rsplit('-').next().unwrap_or_default();
            let parts = version.split('.').map(str::parse::<u32>);
            parts.collect::<Result<Vec<_>, _>>().ok()
        };
        labels
            .filter(|label| self.admits(label))
            .filter_map(|label| Some((numbers(label)?, label)))
            .max()
            .map(|(_, label)| label)
    }
}

impl FromStr for Release {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            Invalid::new(
                "an EMR release such as `emr-7.12.0`, or `emr-7.x` for the newest of a line",
            )
        };
        let family = if text.starts_with("emr-spark-") {
            "emr-spark-"
        } else {
            "emr-"
        };
        let version = text.strip_prefix(family).ok_or_else(wrong)?;
        let number = |part: &str| {
            let digits = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            if digits {
                part.parse::<u32>().ok()
            } else {
                None
            }
        };
        match version.split('.').collect::<Vec<_>>().as_slice() {
            [major, "x"] => {
                let major = number(major).ok_or_else(wrong)?;
                Ok(Self::Line {
                    family: family.to_owned(),
                    major,
                })
            }
            [a, b, c] if [a, b, c].iter().all(|part| number(part).is_some()) => {
                Ok(Self::Label(text.to_owned()))
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => f.pad(label),
            Self::Line { family, major } => f.pad(&format!("{family}{major}.x")),
        }
    }
}

serde_by_text!(Release);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels_and_lines() {
        for (text, major) in [
            ("emr-7.12.0", 7),
            ("emr-7.x", 7),
            ("emr-spark-8.0.0", 8),
            ("emr-6.15.0", 6),
        ] {
            let release: Release = text.parse().unwrap();
            assert_eq!(
                (release.to_string().as_str(), release.major()),
                (text, major)
            );
        }
    }

    #[test]
    fn the_newest_of_a_line_is_so_by_number() {
        let labels = ["emr-7.9.0", "emr-7.14.0", "emr-6.15.0", "emr-7.14.1-beta"];
        let newest = |text: &str| {
            let release: Release = text.parse().unwrap();
            release.newest(labels.into_iter())
        };
        assert_eq!(newest("emr-7.x"), Some("emr-7.14.0"));
        assert_eq!(newest("emr-6.15.0"), Some("emr-6.15.0"));
        assert_eq!(newest("emr-8.x"), None);
    }

    #[test]
    fn invalid_releases_are_refused() {
        for bad in [
            "7.12.0",
            "emr-7",
            "emr-7.12",
            "emr-7.12.x",
            "emr-x",
            "EMR-7.x",
            "emr-7.12.0.0",
        ] {
            assert!(bad.parse::<Release>().is_err(), "{bad}");
        }
    }
}
