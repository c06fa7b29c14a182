//! Diagnostics: what is wrong, where, what was expected, and a suggestion.

use super::odd_characters;
use super::source::{Mark, Source};
use crate::model::lint::{LintCode, Severity};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use std::collections::BTreeSet;
use std::fmt;

/// The kinds of mistakes. Their texts are stable, so that scripts can depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The text is not YAML.
    Syntax,
    /// Bytes that are not UTF-8.
    NotText,
    /// A character that is invisible or looks like a space.
    StrangeCharacter,
    /// The file is larger than allowed.
    TooLarge,
    /// The file or a value has no content.
    Empty,
    /// The file has more than one YAML document.
    SeveralDocuments,
    /// A YAML tag, such as `!!str`.
    YamlTag,
    /// A YAML alias that refers to nothing, to itself or to too much.
    Alias,
    /// YAML's merge key `<<`.
    MergeKey,
    /// A key that is empty, a list or a mapping.
    BadKey,
    /// A key that the mapping does not have.
    UnknownKey,
    /// A key that is written twice.
    DuplicateKey,
    /// A required key is missing.
    MissingKey,
    /// A key without a value.
    MissingValue,
    /// A list, mapping or single value where another kind is required.
    WrongKind,
    /// A value that is not of the field's format.
    BadValue,
    /// A number without its unit.
    NoUnit,
    /// Two items of a list with the same name.
    DuplicateName,
    /// A name that is not declared in the file.
    DanglingReference,
    /// A `${…}` with an unknown name.
    UnknownPlaceholder,
    /// A `${` without its `}`.
    UnclosedPlaceholder,
    /// Keys that exclude each other.
    Conflict,
    /// A number or duration outside its limits.
    OutOfRange,
    /// A port open to every address without `anywhere: true`.
    OpenToTheWorld,
    /// A path of `--set` that does not exist.
    UnknownPath,
    /// A CEL expression that cannot be used.
    BadExpression,
    /// Something outside the file, such as a script, that does not exist.
    NotThere,
    /// A finding of the lint.
    Lint(LintCode),
}

impl Code {
    /// The stable text of the code, such as `unknown_key`.
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
            Self::Lint(code) => code.as_str(),
        }
    }

    /// How serious it is: mistakes of a file are errors.
    pub const fn severity(self) -> Severity {
        if let Self::Lint(code) = self {
            return code.severity();
        }
        Severity::Error
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of mistake.
    pub code: Code,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// The place of the mistake.
    pub at: Mark,
    /// What should stand there; fits after the word "expected".
    pub expected: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
    /// Whether it is a quotation mark that is opened and not closed.
    pub(crate) left_open: bool,
    /// A related place, and how it is related.
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

    /// Adds "did you mean" if there is a suggestion.
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
    /// The number of further mistakes that are left out.
    pub(crate) more: usize,
}

/// Limits the time and output that a hostile text can cause.
const MAX_REPORTED: usize = 100;

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
        let mut reported = BTreeSet::new();
        list.retain(|found| reported.insert((found.at, found.code, found.message.clone())));
        list.sort_by_key(|found| (found.at, found.code));
        let more = list.len().saturating_sub(MAX_REPORTED);
        list.truncate(MAX_REPORTED);
        Self {
            sources,
            list,
            more,
        }
    }

    /// Iterates over the mistakes in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// The name of the mark's text, and the mark's line and column, from 1.
    pub fn place(&self, mark: Mark) -> (&str, usize, usize) {
        let source = &self.sources[mark.source];
        let (line, column) = source.place(mark.start);
        (&source.name, line, column)
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.iter()
            .any(|found| found.code.severity() == Severity::Error)
    }

    /// A summary such as "9 mistakes in stacks/x.yaml", or "1 error and 2 warnings in job.py".
    pub fn summary(&self) -> String {
        let is_lint = |found: &Diagnostic| matches!(found.code, Code::Lint(_));
        let what = if self.iter().any(is_lint) {
            let errors = self.iter().map(|found| found.code.severity());
            let errors = errors
                .filter(|severity| *severity == Severity::Error)
                .count();
            let warnings = self.list.len() - errors;
            let parts = [(errors, "error"), (warnings, "warning")];
            let parts = parts.into_iter().filter(|(count, _)| *count > 0);
            let parts: Vec<String> = parts.map(|(count, noun)| counted(count, noun)).collect();
            parts.join(" and ")
        } else {
            counted(self.list.len() + self.more, "mistake")
        };
        format!("{what} in {}", self.places())
    }

    /// The names of the texts with mistakes; those of settings are `--set`.
    fn places(&self) -> String {
        let mut sources: Vec<usize> = self.iter().map(|found| found.at.source).collect();
        sources.sort_unstable();
        sources.dedup();
        let names = sources
            .iter()
            .map(|source| self.sources[*source].name.as_str());
        let mut names: Vec<&str> = names
            .map(|name| {
                if name.starts_with("--set ") {
                    "--set"
                } else {
                    name
                }
            })
            .collect();
        names.dedup();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, before)) => format!("{} and {last}", before.join(", ")),
            None => String::new(),
        }
    }
}

/// As in "1 mistake", "2 mistakes".
fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

impl std::error::Error for Diagnostics {}

crate::model::parsed::schema_like!(Diagnostics, Vec<DiagnosticJson<'static>>);

impl Serialize for Diagnostics {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut seq = to.serialize_seq(Some(self.list.len()))?;
        for found in &self.list {
            seq.serialize_element(&DiagnosticJson::of(self, found))?;
        }
        seq.end()
    }
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct DiagnosticJson<'a> {
    code: &'static str,
    severity: Severity,
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

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Position {
    line: usize,
    column: usize,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
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
            severity: found.code.severity(),
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
