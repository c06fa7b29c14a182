//! Recognizes statements of Python 2.

use ruff_python_ast::ModModule;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::Parsed;
use std::ops::Range;

/// A statement of Python 2.
pub(super) struct Old {
    pub(super) at: Range<usize>,
    /// What it is.
    pub(super) what: &'static str,
    pub(super) help: &'static str,
}

/// A token that is neither a comment nor a line's end within a statement.
struct Word<'a> {
    kind: TokenKind,
    text: &'a str,
    at: Range<usize>,
}

/// Finds the first statement of Python 2 in a script that does not parse.
pub(super) fn find(text: &str, tree: &Parsed<ModModule>) -> Option<Old> {
    let tokens = tree.tokens().iter().map(|token| {
        let at = token.as_tuple().1.to_std_range();
        (token.kind(), at)
    });
    let tokens = tokens.filter(|(kind, _)| {
        !matches!(
            kind,
            TokenKind::Comment
                | TokenKind::NonLogicalNewline
                | TokenKind::Indent
                | TokenKind::Dedent
        )
    });
    let words: Vec<Word<'_>> = tokens
        .map(|(kind, at)| Word {
            kind,
            text: text.get(at.clone()).unwrap_or_default(),
            at,
        })
        .collect();
    let starts = |n: usize| {
        n == 0
            || matches!(
                words[n - 1].kind,
                TokenKind::Newline | TokenKind::Semi | TokenKind::Colon
            )
    };
    (0..words.len()).find_map(|n| statement(&words[n..], starts(n)))
}

fn statement(words: &[Word<'_>], starts: bool) -> Option<Old> {
    let [first, rest @ ..] = words else {
        return None;
    };
    let next = rest.first();
    let old = |last: &Word<'_>, what, help| {
        let at = first.at.start..last.at.end;
        Some(Old { at, what, help })
    };
    let is_operand = |word: &Word<'_>| {
        matches!(
            word.kind,
            TokenKind::Name
                | TokenKind::String
                | TokenKind::FStringStart
                | TokenKind::Int
                | TokenKind::Float
                | TokenKind::RightShift
                | TokenKind::Not
                | TokenKind::Lambda
        )
    };
    match (first.text, next) {
        ("print", Some(next)) if starts && is_operand(next) => old(
            next,
            "`print` without parentheses",
            "write `print(…)`; `2to3 -w` converts a script",
        ),
        ("exec", Some(next)) if starts && is_operand(next) => old(
            next,
            "`exec` without parentheses",
            "write `exec(…)`; `2to3 -w` converts a script",
        ),
        ("except", Some(_)) if starts => {
            let line = rest.iter().take_while(|word| word.kind != TokenKind::Colon);
            let mut line: Vec<&Word<'_>> = line.collect();
            let name = line.pop()?;
            let comma = line.pop()?;
            let is_old = comma.kind == TokenKind::Comma
                && name.kind == TokenKind::Name
                && line
                    .iter()
                    .all(|word| matches!(word.kind, TokenKind::Name | TokenKind::Dot));
            let help = "write `except Error as name:`; `2to3 -w` converts a script";
            is_old
                .then(|| old(name, "`except Error, name`", help))
                .flatten()
        }
        ("raise", Some(class)) if starts && class.kind == TokenKind::Name => {
            let comma = rest.get(1).filter(|word| word.kind == TokenKind::Comma)?;
            old(
                comma,
                "`raise Error, text`",
                "write `raise Error(text)`; `2to3 -w` converts a script",
            )
        }
        ("`", Some(_)) => old(
            first,
            "a backtick",
            "write `repr(…)`; `2to3 -w` converts a script",
        ),
        ("<", Some(next)) if next.text == ">" && next.at.start == first.at.end => {
            old(next, "`<>`", "write `!=`; `2to3 -w` converts a script")
        }
        _ => None,
    }
}
