//! Names of files and paths below a folder, as others wrote them: a marker, a key of a bucket, a
//! request. One that is read stays below its folder, because it is checked where it comes in.

use super::invalid::Invalid;
use super::shown;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// No file system of Linux takes a longer name, in bytes (limits.h, NAME_MAX).
const LONGEST_NAME: usize = 255;
/// Nor a longer path (limits.h, PATH_MAX); some is left for the folder that it is below.
const LONGEST_PATH: usize = 3_000;

/// One name in a folder: not empty, not `.` or `..`, without `/` and NUL. Shown in one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(String);

/// Names with `/` between them: neither absolute nor out of its folder by `..`. Shown in one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelativePath(String);

impl FileName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RelativePath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The paths of the folders that it lies in, the outermost first.
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
    !matches!(text, "" | "." | "..") && text.len() <= LONGEST_NAME && !text.contains(['/', '\0'])
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
        if text.len() <= LONGEST_PATH && text.split('/').all(is_name) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("a path below a folder, without `..`"))
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&shown::line(&self.0, LONGEST_NAME))
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&shown::line(&self.0, LONGEST_NAME))
    }
}

/// Serde by the true text, which is not the shown one.
macro_rules! serde_by_true_text {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
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
