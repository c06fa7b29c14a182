//! Patterns of names, as in shells.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use std::fmt;
use std::str::FromStr;
use wildmatch::WildMatch;

/// A name, or a pattern with `*` (any characters, or none) and `?` (any one character). Text:
/// `m5.*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glob(String);

/// Whether the whole name matches a pattern with `*` and `?`.
pub fn matches(pattern: &str, name: &str) -> bool {
    WildMatch::new(pattern).matches(name)
}

impl Glob {
    /// Whether the whole name matches.
    pub fn fits(&self, name: &str) -> bool {
        matches(&self.0, name)
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Glob {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let odd = |c: char| c.is_control() || c.is_whitespace() || "[]{}\\".contains(c);
        match text {
            "" => Err(Invalid::new("a name or a pattern such as `m5.*`")),
            _ if text.contains(odd) => Err(Invalid::new(
                "a name or a pattern with no wildcards but `*` and `?`, such as `m5.*`",
            )),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_by_text!(Glob);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_whole_names() {
        let glob: Glob = "m5.*".parse().unwrap();
        assert!(glob.fits("m5.xlarge"));
        assert!(!glob.fits("m5d.xlarge") && !glob.fits("m5") && !glob.fits("am5.xlarge"));
        let glob: Glob = "r?.*large".parse().unwrap();
        assert!(glob.fits("r5.xlarge") && !glob.fits("r5a.xlarge"));
        for bad in ["", "m[56].*", "m5 .*", "{a,b}"] {
            assert!(bad.parse::<Glob>().is_err(), "{bad}");
        }
    }
}
