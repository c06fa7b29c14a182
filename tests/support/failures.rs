//! The examples of failures in `examples/failures`, and what is expected of each.
//!
//! `tests/diagnose/failures/NAME.txt` begins with lines of a word and its text: `teaches` for README.md;
//! `lint`, the code of the lint's error, which `--no-lint` leaves out; the `rule`, `cause`, `class`,
//! `owner` and kinds of `remedies` of the diagnosis; `fix`, and `fix-on-emr` where it differs; `edit FILE |
//! OLD | NEW` for a fix that a person makes. `…` stands for any text. The logs of the failure follow.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What is expected of an example.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) name: String,
    lines: Vec<(String, String)>,
}

impl Expected {
    /// What is expected of all, in the order of their names.
    pub(crate) fn all() -> Vec<Self> {
        let entries = fs::read_dir(folder()).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let head = text.split("\n=== ").next().unwrap();
        let line = |line: &str| {
            let (word, text) = line.split_once(' ').unwrap();
            (word.to_owned(), text.to_owned())
        };
        Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            lines: head.lines().map(line).collect(),
        }
    }

    /// The texts of the lines with this word.
    pub(crate) fn each(&self, word: &str) -> impl Iterator<Item = &str> {
        let of_word = self.lines.iter().filter(move |(first, _)| first == word);
        of_word.map(|(_, text)| text.as_str())
    }

    /// The text of the line with this word; empty without it.
    pub(crate) fn one(&self, word: &str) -> &str {
        self.each(word).next().unwrap_or_default()
    }

    /// Fails unless a diagnosis in JSON is as expected.
    pub(crate) fn check(&self, found: &Value) {
        let name = &self.name;
        for word in ["rule", "class", "owner"] {
            assert_eq!(found[word], self.one(word), "{name}: {word} in {found:#}");
        }
        let remedies = found["remedies"].as_array().unwrap().iter();
        let kinds: Vec<&str> = remedies.map(|it| it["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds.join(" "), self.one("remedies"), "{name}: {found:#}");
        let cause = found["cause"].as_str().unwrap();
        let is_told = match self.one("cause").split_once('…') {
            Some((start, end)) => cause.starts_with(start) && cause.ends_with(end),
            None => cause == self.one("cause"),
        };
        assert!(is_told, "{name}: {cause}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnose/failures")
}
