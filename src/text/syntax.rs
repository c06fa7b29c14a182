//! Explains the YAML parser's errors.

use super::diag::{Code, Diagnostic};
use super::open::unclosed;
use super::source::Mark;
use serde_saphyr::granit_parser::{ErrorKind, ScanError};

/// What is wrong, and the usual fix.
type Words = (&'static str, &'static str);

pub(crate) fn diagnostic(
    error: &ScanError,
    text: &str,
    source: usize,
    at: usize,
    depth: usize,
) -> Diagnostic {
    let marker = error.marker();
    let nth = || {
        text.char_indices()
            .nth(marker.index())
            .map(|(byte, _)| byte)
    };
    let start = marker
        .byte_offset()
        .or_else(nth)
        .unwrap_or(text.len())
        .min(text.len());
    let one = text.get(start..).and_then(|rest| rest.chars().next());
    let end = start + one.map_or(0, char::len_utf8);
    let mark = Mark::new(source, at + start..at + end);
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        let message = format!("lists and mappings are nested deeper than {depth}");
        return Diagnostic::new(Code::TooLarge, mark, message);
    }
    if let Some(found) = left_open(error.kind(), &text[..start], source, at) {
        return found;
    }
    let rest = text[start..].lines().next().unwrap_or_default().len();
    let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let blank = text[line..].len() - text[line..].trim_start().len();
    let (words, range) = match words(error.kind()) {
        COLON if deeper(&text[line..start]) => (DEEPER, line + blank..start),
        NO_COLON => (NO_COLON, start..start + rest),
        words => (words, start..end),
    };
    let mark = Mark::new(source, at + range.start..at + range.end);
    let left_open = words == QUOTE;
    Diagnostic {
        left_open,
        ..Diagnostic::new(Code::Syntax, mark, words.0).help(words.1)
    }
}

/// A quotation mark or bracket that is left open is the actual mistake.
fn left_open(kind: &ErrorKind, before: &str, source: usize, at: usize) -> Option<Diagnostic> {
    let (open, character) = unclosed(before)?;
    let ((message, help), quote) = match character {
        '"' | '\'' => (QUOTE, true),
        _ => (BRACKET, false),
    };
    let words = words(kind);
    if !(quote && words != ESCAPE || matches!(words, COLON | INDENT | BRACKET | DASH | UNKNOWN)) {
        return None;
    }
    let mark = Mark::new(source, at + open..at + open + 1);
    Some(Diagnostic {
        left_open: quote,
        ..Diagnostic::new(Code::Syntax, mark, message).help(help)
    })
}

/// Whether the first `:` of a line cannot be a key's, because the line above continues into it.
fn deeper(line: &str) -> bool {
    line.starts_with(' ') && !line.contains(": ")
}

const TAB: Words = ("YAML requires spaces here, not a tab", "indent with spaces");
const INDENT: Words = (
    "the indentation of this line fits no line above it",
    "indent all keys of a mapping by the same number of spaces",
);
const DEEPER: Words = (
    "this line is indented deeper than the one above it",
    "indent all keys of a mapping by the same number of spaces",
);
const QUOTE: Words = (
    "a quotation mark is not closed",
    "close it, or put the whole value in the other kind of quotes",
);
const BRACKET: Words = (
    "a bracket is not closed, or is closed by a bracket of another kind",
    "a list is written `[a, b]`, a mapping `{ a: 1, b: 2 }`",
);
const COMMA: Words = (
    "a comma or the closing bracket is missing before this",
    "a list is written `[a, b]`, a mapping `{ a: 1, b: 2 }`; \
     a value with one of `,[]{}` in it has to be in quotes",
);
const COLON: Words = (
    "a `:` is not allowed here",
    "a key and its value are written `key: value`, on a line of their own; \
     a value with `: ` in it has to be in quotes",
);
const NO_COLON: Words = (
    "a key without its `:`",
    "a key and its value are written `key: value`, with a space after the colon",
);
const DASH: Words = (
    "a `-` is not allowed here",
    "each item of a list is on a line of its own, `- item`, all with the same indentation",
);
const ESCAPE: Words = (
    "this backslash in double quotes does not begin a YAML escape",
    "write `\\\\` for a backslash, or put the value in single quotes",
);
const AFTER_QUOTE: Words = (
    "something follows the closing quotation mark",
    "put the whole value in quotes",
);
const BLOCK: Words = (
    "the text after `|` or `>` does not have the indentation that YAML requires",
    "indent every line of the block by the same number of spaces",
);
const TAG: Words = (
    "YAML reads a word that begins with `!` as a tag, and this is not a valid tag",
    "write the value in quotes",
);
const DIRECTIVE: Words = (
    "a line that begins with `%` or follows `...` is read as a directive of YAML",
    "remove the directive; if this is a value, write it in quotes",
);
const CHARACTER: Words = (
    "a value cannot begin with this character in YAML",
    "write the value in quotes",
);
const SPACE: Words = (
    "a space is missing here",
    "write a space after `:` and `-`, and before `#`",
);
const UNKNOWN: Words = ("this is not YAML", "the mistake may be a line or two above");

fn words(kind: &ErrorKind) -> Words {
    use ErrorKind as E;
    match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => TAB,
        E::InvalidIndentation
        | E::InvalidQuotedScalarIndent
        | E::InvalidFlowScalarIndent
        | E::ExpectedBlockSequenceEntry
        | E::ExpectedBlockMappingKey => INDENT,
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => QUOTE,
        E::UnclosedFlowCollection { .. }
        | E::MismatchedFlowCollectionEnd { .. }
        | E::MisplacedFlowCollectionEnd
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofImplicitFlowMapping => BRACKET,
        E::ExpectedFlowMappingSeparator
        | E::ExpectedFlowSequenceSeparator
        | E::PlainScalarStartsWithDashFlowIndicator => COMMA,
        E::MappingValueNotAllowed
        | E::MappingKeyNotAllowed
        | E::InvalidColonPlacement
        | E::FlowMappingValueAdjacentCollection => COLON,
        E::SimpleKeyExpected | E::InvalidSimpleKey => NO_COLON,
        E::BlockEntryInFlowCollection | E::BlockSequenceEntryNotAllowed => DASH,
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => ESCAPE,
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => AFTER_QUOTE,
        E::InvalidBlockScalarHeader | E::InvalidBlockScalarIndent | E::ZeroBlockScalarIndent => {
            BLOCK
        }
        E::UndeclaredTagHandle
        | E::ExpectedTagBang
        | E::InvalidTagTerminator
        | E::MissingTagUri
        | E::UnclosedVerbatimTag
        | E::InvalidTagEscape => TAG,
        E::MissingDirectiveName
        | E::InvalidDirectiveName
        | E::InvalidDirectiveTerminator
        | E::ExpectedDocumentStart
        | E::InvalidDocumentEnd
        | E::MissingDocumentEndBeforeDirective
        | E::MissingYamlVersion
        | E::UnsupportedYamlMajorVersion => DIRECTIVE,
        E::UnexpectedCharacter { .. } | E::MissingAnchorOrAliasName => CHARACTER,
        E::ExpectedWhitespace
        | E::CommentNotSeparated
        | E::InvalidBlockEntryWhitespace
        | E::InvalidMappingValueWhitespace => SPACE,
        // Internal errors of the parser, and features that stacks do not use.
        E::UnexpectedEof | E::ExpectedNodeContent | _ => UNKNOWN,
    }
}
