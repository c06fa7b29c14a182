//! What is wrong, where, what was expected instead, and what was perhaps meant.

use super::odd_characters;
use super::source::{Mark, Source};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use std::collections::BTreeSet;
use std::fmt;

/// The kinds of mistakes. Their texts are stable: scripts may ask for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    Syntax,
    /// Bytes that are no UTF-8.
    NotText,
    /// One that is not seen, or looks like a space.
    StrangeCharacter,
    TooLarge,
    Empty,
    SeveralDocuments,
    YamlTag,
    Alias,
    MergeKey,
    BadKey,
    UnknownKey,
    DuplicateKey,
    MissingKey,
    MissingValue,
    WrongKind,
    BadValue,
    NoUnit,
    DuplicateName,
    DanglingReference,
    UnknownPlaceholder,
    UnclosedPlaceholder,
    Conflict,
    OutOfRange,
    OpenToTheWorld,
    UnknownPath,
    BadExpression,
    NotThere,
}

impl Code {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::NotText => "not-text",
            Self::StrangeCharacter => "strange-character",
            Self::TooLarge => "too-large",
            Self::Empty => "empty",
            Self::SeveralDocuments => "several-documents",
            Self::YamlTag => "yaml-tag",
            Self::Alias => "alias",
            Self::MergeKey => "merge-key",
            Self::BadKey => "bad-key",
            Self::UnknownKey => "unknown-key",
            Self::DuplicateKey => "duplicate-key",
            Self::MissingKey => "missing-key",
            Self::MissingValue => "missing-value",
            Self::WrongKind => "wrong-kind",
            Self::BadValue => "bad-value",
            Self::NoUnit => "no-unit",
            Self::DuplicateName => "duplicate-name",
            Self::DanglingReference => "dangling-reference",
            Self::UnknownPlaceholder => "unknown-placeholder",
            Self::UnclosedPlaceholder => "unclosed-placeholder",
            Self::Conflict => "conflict",
            Self::OutOfRange => "out-of-range",
            Self::OpenToTheWorld => "open-to-the-world",
            Self::UnknownPath => "unknown-path",
            Self::BadExpression => "bad-expression",
            Self::NotThere => "not-there",
        }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub message: String,
    pub at: Mark,
    /// What should stand there; fits after the word "expected".
    pub expected: Option<String>,
    /// How it can be mended.
    pub help: Option<String>,
    /// Whether it is a quotation mark that is opened and not closed.
    pub(crate) left_open: bool,
    /// Another place that has to do with it, and how.
    pub related: Option<(Mark, String)>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, at: Mark, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            at,
            expected: None,
            help: None,
            left_open: false,
            related: None,
        }
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Asks whether `meant` was meant, where there is something to ask.
    pub(crate) fn meant(mut self, meant: Option<impl fmt::Display>) -> Self {
        if let Some(meant) = meant {
            self.help = Some(format!("did you mean `{meant}`?"));
        }
        self
    }

    pub(crate) fn related(mut self, at: Mark, text: impl Into<String>) -> Self {
        self.related = Some((at, text.into()));
        self
    }
}

/// Every mistake of a file, in the order of the text. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    pub(crate) sources: Vec<Source>,
    list: Vec<Diagnostic>,
    /// How many more there were.
    pub(crate) more: usize,
}

/// As many as anyone reads; a text made to have more shall not cost more.
const MOST: usize = 100;

impl Diagnostics {
    pub(crate) fn new(sources: Vec<Source>, mut list: Vec<Diagnostic>) -> Self {
        for found in &mut list {
            found.at = sources[found.at.source].clip(found.at);
            if let Some((at, _)) = &mut found.related {
                *at = sources[at.source].clip(*at);
            }
            if found.help.is_none() {
                found.help =
                    odd_characters::hidden(&sources[found.at.source].text[found.at.range()]);
            }
        }
        // An alias repeats the mistakes of its anchor at the anchor's own place.
        let mut told = BTreeSet::new();
        list.retain(|found| told.insert((found.at, found.code, found.message.clone())));
        list.sort_by_key(|found| (found.at, found.code));
        let more = list.len().saturating_sub(MOST);
        list.truncate(MOST);
        Self {
            sources,
            list,
            more,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The name of the text that a mark lies in, and the mark's line and column, from 1.
    pub fn place(&self, mark: Mark) -> (&str, usize, usize) {
        let source = &self.sources[mark.source];
        let (line, column) = source.place(mark.start);
        (&source.name, line, column)
    }

    /// Such as "9 mistakes in stacks/x.yaml".
    pub fn summary(&self) -> String {
        let count = self.list.len() + self.more;
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        let set = self.list.iter().any(|found| found.at.source > 0);
        let file = self.list.iter().any(|found| found.at.source == 0);
        let name = self
            .sources
            .first()
            .map_or("", |source| source.name.as_str());
        match (file, set) {
            (true, true) => format!("{count} {noun} in {name} and --set"),
            (false, true) => format!("{count} {noun} in --set"),
            _ => format!("{count} {noun} in {name}"),
        }
    }
}

impl std::error::Error for Diagnostics {}

impl Serialize for Diagnostics {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut seq = to.serialize_seq(Some(self.list.len()))?;
        for found in &self.list {
            seq.serialize_element(&DiagnosticJson::of(self, found))?;
        }
        seq.end()
    }
}

#[derive(serde::Serialize)]
struct DiagnosticJson<'a> {
    code: &'static str,
    file: &'a str,
    line: usize,
    column: usize,
    end: Position,
    message: &'a str,
    expected: Option<&'a str>,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<Related<'a>>,
}

#[derive(serde::Serialize)]
struct Position {
    line: usize,
    column: usize,
}

#[derive(serde::Serialize)]
struct Related<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
}

impl<'a> DiagnosticJson<'a> {
    fn of(all: &'a Diagnostics, found: &'a Diagnostic) -> Self {
        let (file, line, column) = all.place(found.at);
        let (end_line, end_column) = all.sources[found.at.source].place(found.at.end);
        Self {
            code: found.code.as_str(),
            file,
            line,
            column,
            end: Position {
                line: end_line,
                column: end_column,
            },
            message: &found.message,
            expected: found.expected.as_deref(),
            help: found.help.as_deref(),
            related: found.related.as_ref().map(|(at, message)| {
                let (file, line, column) = all.place(*at);
                Related {
                    file,
                    line,
                    column,
                    message,
                }
            }),
        }
    }
}
