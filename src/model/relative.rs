//! Untrusted file names and relative paths: in a marker, a bucket's key or a request. They are
//! validated when they are read, so that they stay below their folder.

use super::invalid::Invalid;
use super::shown;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The maximum length of a file name on Linux in bytes (limits.h, NAME_MAX).
const MAX_NAME: usize = 255;
/// Less than the maximum length of a path (limits.h, PATH_MAX), to leave room for the folder.
const MAX_PATH: usize = 3_000;

/// A file name: not empty, not `.` or `..`, without `/` and NUL. Displayed on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(String);

/// File names separated by `/`: neither absolute nor with `..`. Displayed on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelativePath(String);

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RelativePath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The paths of its parent folders, outermost first.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

impl AsRef<Path> for FileName {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl AsRef<Path> for RelativePath {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && text.len() <= MAX_NAME && !text.contains(['/', '\0'])
}

impl FromStr for FileName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("the name of one file, without `/`"))
        }
    }
}

impl FromStr for RelativePath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() <= MAX_PATH && text.split('/').all(is_name) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("a path below a folder, without `..`"))
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&shown::line(&self.0, MAX_NAME))
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&shown::line(&self.0, MAX_NAME))
    }
}

/// Implements serde by the true text, which differs from the displayed one.
macro_rules! serde_by_true_text {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
        $crate::model::parsed::schema_like!($name, String);
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_by_true_text!(FileName);
serde_by_true_text!(RelativePath);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_name() {
        let long = "x".repeat(255);
        for good in [
            "a",
            "part-0.csv",
            " ",
            "...",
            "a b\n",
            "é",
            "-rf",
            "a\\b",
            &long,
        ] {
            assert_eq!(good.parse::<FileName>().unwrap().as_str(), good);
        }
        let long = "x".repeat(256);
        for bad in [
            "", ".", "..", "/", "a/b", "../a", "/etc", "a\0b", "a/", &long,
        ] {
            assert!(bad.parse::<FileName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_path_stays_below() {
        for good in ["a", "a/b", "a/.../b", "similar/part-0.csv", "..a/b.."] {
            assert_eq!(good.parse::<RelativePath>().unwrap().as_str(), good);
        }
        let long = "x/".repeat(1_500) + "x";
        let bad = [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../x",
            "a/..",
            "./a",
            "a/./b",
            "a//b",
            "a/",
            "a/\0",
            &long,
        ];
        for bad in bad {
            assert!(bad.parse::<RelativePath>().is_err(), "{bad:?}");
            let json = serde_json::to_string(bad).unwrap();
            assert!(
                serde_json::from_str::<RelativePath>(&json).is_err(),
                "{bad:?}"
            );
        }
        let path: RelativePath = "a/b/c".parse().unwrap();
        assert_eq!(path.folders().collect::<Vec<_>>(), ["a", "a/b"]);
    }

    #[test]
    fn what_is_written_is_the_true_text() {
        let name: FileName = "a\nb".parse().unwrap();
        assert_eq!(name.to_string(), "a b");
        assert_eq!(serde_json::to_string(&name).unwrap(), r#""a\nb""#);
    }
}
