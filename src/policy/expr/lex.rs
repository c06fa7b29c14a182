//! Splits a rule's text into tokens. It accepts a little less than CEL does and explains each flaw.

use super::flaw::Flaw;
use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Class,
    pub(super) range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Name,
    Bool,
    Int,
    Double,
    Text,
    /// An operator or a bracket, or `in`.
    Mark,
    End,
}

/// Longer operators come first.
const MARKS: [&str; 22] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "(", ")", ".", ",", "-", "!", "?", ":",
    "+", "*", "/", "%",
];

/// The tokens, ended by `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Flaw> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at = skip(text, at);
        let token = token(text, at)?;
        at = token.range.end;
        let over = token.kind == Class::End;
        tokens.push(token);
        if over {
            return Ok(tokens);
        }
    }
}

/// Skips blanks and comments.
fn skip(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text[at..].trim_start_matches(['\t', ' ', '\r', '\n', '\u{c}']);
        at = text.len() - rest.len();
        if !rest.starts_with("//") {
            return at;
        }
        at += rest.find('\n').unwrap_or(rest.len());
    }
}

fn token(text: &str, at: usize) -> Result<Token, Flaw> {
    let rest = &text[at..];
    let made = |kind, length| {
        Ok(Token {
            kind,
            range: at..at + length,
        })
    };
    let Some(first) = rest.chars().next() else {
        return made(Class::End, 0);
    };
    if let Some(length) = quoted(rest, at)? {
        return made(Class::Text, length);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        return word(rest, at);
    }
    let fraction = |c: &str| c.starts_with(|c: char| c.is_ascii_digit());
    if first.is_ascii_digit() || rest.strip_prefix('.').is_some_and(fraction) {
        return number(rest, at);
    }
    if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        return made(Class::Mark, mark.len());
    }
    let wrong = Flaw::new(
        at..at + first.len_utf8(),
        format!("a rule cannot contain `{}`", first.escape_debug()),
    );
    Err(match first {
        '=' => wrong.expected("`==`"),
        '&' => wrong.expected("`&&`"),
        '|' => wrong.expected("`||`"),
        '$' => wrong.help("dollars are plain numbers: `5`, not `$5`"),
        '{' => wrong.help("rules compare values with lists, such as `[\"a\", \"b\"]`"),
        '`' | '\u{201c}' | '\u{201d}' => wrong.help("text is written between `\"` and `\"`"),
        _ => wrong,
    })
}

fn word(rest: &str, at: usize) -> Result<Token, Flaw> {
    let length = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let range = at..at + length;
    let kind = match &rest[..length] {
        "true" | "false" => Class::Bool,
        "in" => Class::Mark,
        "null" => {
            let wrong = Flaw::new(range, "nothing in a stack is `null`");
            return Err(wrong.help("what is missing is empty or 0; `has(…)` checks for it"));
        }
        _ => Class::Name,
    };
    Ok(Token { kind, range })
}

fn number(rest: &str, at: usize) -> Result<Token, Flaw> {
    let digits = |from: usize| {
        let rest = &rest[from..];
        let end = rest.find(|c: char| !c.is_ascii_digit());
        from + end.unwrap_or(rest.len())
    };
    let mut end = digits(0);
    let mut kind = Class::Int;
    let next = |at: usize| rest[at..].chars().next();
    if next(end) == Some('.') && digits(end + 1) > end + 1 {
        (end, kind) = (digits(end + 1), Class::Double);
    }
    if matches!(next(end), Some('e' | 'E')) {
        let sign = usize::from(matches!(next(end + 1), Some('+' | '-')));
        let from = end + 1 + sign;
        if digits(from) > from {
            (end, kind) = (digits(from), Class::Double);
        }
    }
    if next(end).is_some_and(|c| c.is_alphanumeric() || c == '_') {
        let more = rest[end..].find(|c: char| !c.is_alphanumeric() && c != '_');
        let range = at..at + more.map_or(rest.len(), |more| end + more);
        let wrong = Flaw::new(range, "a number in a rule has no unit");
        return Err(wrong.expected(format!("a number such as `{}`", &rest[..end])));
    }
    let number = &rest[..end];
    let fits = if kind == Class::Double {
        number.parse().is_ok_and(f64::is_finite)
    } else {
        number.parse::<i64>().is_ok()
    };
    let range = at..at + end;
    if fits {
        Ok(Token { kind, range })
    } else {
        Err(Flaw::new(range, "this number is too large"))
    }
}

/// The length of the text literal that begins here, if one does.
fn quoted(rest: &str, at: usize) -> Result<Option<usize>, Flaw> {
    let raw = rest.starts_with(['r', 'R']);
    let open = usize::from(raw);
    let Some(quote) = rest[open..].chars().next().filter(|c| "'\"".contains(*c)) else {
        return Ok(None);
    };
    let triple = quote.to_string().repeat(3);
    let long = rest[open..].starts_with(&triple);
    let close = if long { triple.as_str() } else { &triple[..1] };
    let mut end = open + close.len();
    loop {
        let here = &rest[end..];
        let Some(next) = here.chars().next() else {
            return Err(unclosed(at..at + rest.len(), close));
        };
        if here.starts_with(close) {
            return Ok(Some(end + close.len()));
        }
        if !long && matches!(next, '\n' | '\r') {
            return Err(unclosed(at..at + end, close));
        }
        end += match next {
            '\\' if !raw => escape(here).ok_or_else(|| {
                let range = at + end..at + end + 1;
                let wrong = Flaw::new(range, "this backslash does not begin a CEL escape");
                wrong.help("write `\\\\` for a backslash, or `r\"…\"` for a regular expression")
            })?,
            _ => next.len_utf8(),
        };
    }
}

fn unclosed(range: Range<usize>, close: &str) -> Flaw {
    Flaw::new(range, "this text is never closed").expected(format!("`{close}` at its end"))
}

/// The length of the escape that begins here; `None` if it is not a valid escape.
fn escape(here: &str) -> Option<usize> {
    let digits = |radix: u32, from: usize, count: usize| {
        let digits = here.get(from..from + count)?;
        let code = u32::from_str_radix(digits, radix).ok()?;
        let plain = digits.chars().all(|c| c.is_digit(radix));
        (plain && char::from_u32(code).is_some()).then_some(from + count)
    };
    match here[1..].chars().next()? {
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`' => Some(2),
        'x' | 'X' => digits(16, 2, 2),
        'u' => digits(16, 2, 4),
        'U' => digits(16, 2, 8),
        '0'..='3' => digits(8, 1, 3),
        _ => None,
    }
}
