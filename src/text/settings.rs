//! The user's settings, a file in TOML with one line per setting. Only this file knows TOML.

use super::diag::{Code, Diagnostic, Diagnostics};
use super::nearest::{any_of, nearest, quote};
use super::source::{Mark, Source};
use crate::model::Invalid;
use crate::model::colour::ColourMode;
use crate::model::name::Region;
use crate::model::span::Span;
use std::str::FromStr;
use toml_edit::{Document, Item};

/// The names of the settings, in the order in which they are shown.
const SETTINGS: [&str; 6] = ["region", "profile", "policies", "notify", "poll", "color"];

/// A value, and its line in the file, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// The line, from 1.
    pub line: usize,
}

/// The settings of a file; `None` where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsFile {
    /// The region of commands that no stack's file and no flag gives one.
    pub region: Option<At<Region>>,
    /// The profile of AWS's configuration.
    pub profile: Option<At<String>>,
    /// The place of the policies: a folder, or `s3://bucket/prefix`.
    pub policies: Option<At<String>>,
    /// Where the watchdog sends notices, separated by spaces.
    pub notify: Option<At<String>>,
    /// The time between two looks at a cluster on AWS.
    pub poll: Option<At<Span>>,
    /// When output is coloured.
    pub color: Option<At<ColourMode>>,
}

/// Parses the settings of the file `name`.
///
/// # Errors
/// Returns every mistake in the text.
pub fn settings(name: &str, text: &str) -> Result<SettingsFile, Diagnostics> {
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let at = Mark::new(0, error.span().unwrap_or(0..0));
            let message = format!("this is not TOML: {}", error.message());
            let found = Diagnostic::new(Code::Syntax, at, message).help(EXAMPLE);
            return Err(Diagnostics::new(vec![source], vec![found]));
        }
    };
    let mut reader = Reader {
        source: &source,
        found: Vec::new(),
    };
    let mut read = SettingsFile::default();
    for (key, item) in document.as_table() {
        match key {
            "region" => read.region = reader.value(item),
            "profile" => read.profile = reader.text(item),
            "policies" => read.policies = reader.text(item),
            "notify" => read.notify = reader.text(item),
            "poll" => read.poll = reader.value(item),
            "color" => read.color = reader.value(item),
            _ => {
                let at = document.as_table().key(key).and_then(|key| key.span());
                reader.unknown(key, at.unwrap_or(0..0));
            }
        }
    }
    let found = reader.found;
    if found.is_empty() {
        Ok(read)
    } else {
        Err(Diagnostics::new(vec![source], found))
    }
}

const EXAMPLE: &str = "write one setting per line, such as region = \"us-east-1\"";

struct Reader<'a> {
    source: &'a Source,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn unknown(&mut self, key: &str, at: std::ops::Range<usize>) {
        let message = format!("unknown setting {}", quote(key));
        let found = Diagnostic::new(Code::UnknownKey, Mark::new(0, at), message);
        let found = match nearest(key, SETTINGS) {
            Some(meant) => found.meant(Some(meant)),
            None => found.expected(any_of(SETTINGS)),
        };
        self.found.push(found);
    }

    fn text(&mut self, item: &Item) -> Option<At<String>> {
        let mark = Mark::new(0, item.span().unwrap_or(0..0));
        match item.as_str() {
            Some("") => {
                let found = Diagnostic::new(Code::Empty, mark, "the value is empty");
                self.found.push(found.help("remove the line"));
                None
            }
            Some(text) => Some(At {
                value: text.to_owned(),
                line: self.source.place(mark.start).0,
            }),
            None => {
                let found = Diagnostic::new(Code::WrongKind, mark, "this is not text");
                self.found.push(found.expected("text in quotation marks"));
                None
            }
        }
    }

    fn value<T: FromStr<Err = Invalid>>(&mut self, item: &Item) -> Option<At<T>> {
        let At { value, line } = self.text(item)?;
        match value.parse() {
            Ok(value) => Some(At { value, line }),
            Err(Invalid { expected }) => {
                let mark = Mark::new(0, item.span().unwrap_or(0..0));
                let message = format!("{} is not valid here", quote(&value));
                let found = Diagnostic::new(Code::BadValue, mark, message);
                self.found.push(found.expected(expected));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_its_type_and_line() {
        let text = "# mine\nregion = \"eu-west-1\"\nprofile = 'work'\npolicies = \"p\"\n\
                    notify = \"arn:aws:sns:eu-west-1:1:t\"\npoll = \"10s\"\ncolor = \"never\"\n";
        let read = settings("c.toml", text).unwrap();
        let region = read.region.unwrap();
        assert_eq!((region.value.as_str(), region.line), ("eu-west-1", 2));
        assert_eq!(read.profile.unwrap().value, "work");
        assert_eq!(read.policies.unwrap().line, 4);
        assert_eq!(read.notify.unwrap().line, 5);
        assert_eq!(read.poll.unwrap().value.as_secs(), 10);
        assert_eq!(read.color.unwrap().value, ColourMode::Never);
        assert_eq!(settings("c.toml", "").unwrap(), SettingsFile::default());
    }

    #[test]
    fn mistakes_have_their_place_and_what_is_meant() {
        for (text, line, code, says) in [
            (
                "\nregoin = \"x\"\n",
                2,
                Code::UnknownKey,
                "did you mean `region`?",
            ),
            ("telemetry = \"on\"\n", 1, Code::UnknownKey, "`policies`"),
            (
                "[aws]\nregion = \"us-east-1\"\n",
                1,
                Code::UnknownKey,
                "`aws`",
            ),
            (
                "region = \"mars\"\n",
                1,
                Code::BadValue,
                "`mars` is not valid",
            ),
            ("poll = 30\n", 1, Code::WrongKind, "text in quotation marks"),
            ("poll = \"30\"\n", 1, Code::BadValue, "with its unit"),
            ("color = \"blue\"\n", 1, Code::BadValue, "`never`"),
            ("profile = \"\"\n", 1, Code::Empty, "remove the line"),
            (
                "profile = 'a'\nregion = us-east-1\n",
                2,
                Code::Syntax,
                "not TOML",
            ),
            ("poll = '1s'\npoll = '2s'\n", 2, Code::Syntax, "not TOML"),
        ] {
            let wrong = settings("c.toml", text).unwrap_err();
            let first = wrong.iter().next().unwrap();
            let (_, at, _) = wrong.place(first.at);
            assert_eq!((at, first.code), (line, code), "{text}\n{wrong}");
            let shown = wrong.to_string();
            let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(shown.contains(says), "{text}\n{wrong}");
        }
        let both = settings("c.toml", "a = 1\nregion = 1\n").unwrap_err();
        assert_eq!(both.iter().count(), 2);
    }
}
