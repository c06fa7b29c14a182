//! Invisible characters and those that look like spaces, which YAML does not treat as spaces. They
//! come with text copied from web pages and chats, and the parser's messages about them are
//! misleading.

use super::diag::{Code, Diagnostic};
use super::source::Mark;
use std::ops::Range;

/// The first such character outside quotes and comments, if it explains why the text is not YAML.
pub(crate) fn to_blame(text: &str, source: usize, at: usize) -> Option<Diagnostic> {
    let (byte, c) = outside(text)?;
    let more = text.matches(c).count() - 1;
    Some(diagnostic(
        c,
        more,
        Mark::new(source, at + byte..at + byte + c.len_utf8()),
    ))
}

/// The first such character in a key or value without quotes, given its bytes in the text.
pub(crate) fn within(
    text: &str,
    range: Range<usize>,
    source: usize,
    at: usize,
) -> Option<Diagnostic> {
    let plain = text.get(range.clone())?;
    let (byte, c) = first(plain)?;
    let byte = at + range.start + byte;
    Some(diagnostic(
        c,
        0,
        Mark::new(source, byte..byte + c.len_utf8()),
    ))
}

/// A note about an invisible character in a quoted text, to add to another mistake.
pub(crate) fn hidden(text: &str) -> Option<String> {
    let (_, c) = first(text)?;
    Some(format!("it contains {}, which is invisible", name(c)?))
}

fn diagnostic(c: char, more: usize, mark: Mark) -> Diagnostic {
    let name = name(c).unwrap_or_default();
    let (message, instead) = if c.is_whitespace() {
        let message = format!("this is {name}, which YAML does not read as a space");
        (message, "write a plain space instead")
    } else {
        let message = format!("this is {name}, which is invisible");
        (message, "remove it")
    };
    let more = match more {
        0 => String::new(),
        1 => ", here and in one more place".to_owned(),
        more => format!(", here and in {more} more places"),
    };
    let help = format!("{instead}{more}; if it is intended, put the whole value in quotes");
    Diagnostic::new(Code::StrangeCharacter, mark, message).help(help)
}

fn first(text: &str) -> Option<(usize, char)> {
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, c)| *c);
        if is_strange(c, before, after) {
            return Some((at, c));
        }
        before = Some(c);
    }
    None
}

fn is_strange(c: char, before: Option<char>, after: Option<char>) -> bool {
    // Persian and Indic words, emoji families and right-to-left texts need these.
    let joins = matches!(c, '\u{200c}'..='\u{200f}');
    let foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
    name(c).is_some() && !(joins && foreign(before) && foreign(after))
}

/// The first such character outside quotes and comments.
fn outside(text: &str) -> Option<(usize, char)> {
    let (mut quote, mut comment) = (None, false);
    let mut before = '\n';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            _ if comment => comment = c != '\n',
            (Some(mark), _) => {
                if c == mark && (mark == '\'' || before != '\\') {
                    quote = None;
                }
            }
            (None, '#') if before.is_whitespace() => comment = true,
            (None, '"' | '\'') if before.is_whitespace() || "[{,-:".contains(before) => {
                quote = Some(c);
            }
            (None, _) => {
                let after = chars.peek().map(|(_, c)| *c);
                // At the very start it is the text's byte-order mark.
                let mark = at == 0 && c == '\u{feff}';
                if !mark && is_strange(c, Some(before), after) {
                    return Some((at, c));
                }
            }
        }
        before = c;
    }
    None
}

/// The character's name with its article and number; `None` for visible characters.
fn name(c: char) -> Option<String> {
    let name = match c {
        '\u{a0}' => "a no-break space",
        '\u{202f}' => "a narrow no-break space",
        '\u{3000}' => "an ideographic space",
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{205f}' => "a space of unusual width",
        '\u{85}' | '\u{2028}' | '\u{2029}' => "a line separator",
        '\u{ad}' => "a soft hyphen",
        '\u{200b}' => "a zero-width space",
        '\u{200c}' => "a zero-width non-joiner",
        '\u{200d}' => "a zero-width joiner",
        '\u{feff}' => "a byte-order mark",
        '\u{2060}' => "a word joiner",
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "a mark for the direction of writing"
        }
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => "an invisible filler",
        '\u{2800}' => "an empty Braille pattern",
        '\u{34f}'
        | '\u{180e}'
        | '\u{2061}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' => "an invisible character",
        '\t' | '\n' | '\r' => return None,
        _ if c.is_control() => "a control character",
        _ => return None,
    };
    Some(format!("{name} (U+{:04X})", u32::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_quotes_and_comments_is_not_to_blame() {
        for (text, at) in [
            ("a:\u{a0} b", Some(2)),
            ("\u{200b}a: b", Some(0)),
            ("\u{feff}a: b", None),
            ("a: b\n\u{feff}c: d", Some(5)),
            ("a: \"\u{a0}\"", None),
            ("a:\u{a0}\"b\"", Some(2)),
            ("a: 'x\u{200b}'", None),
            ("a: b # \u{a0}\nc:\u{3000}d", Some(12)),
            ("a: \u{645}\u{200c}\u{645}", None),
            ("a: b\u{200c}c", Some(4)),
            ("a: \u{1f468}\u{200d}\u{1f469}", None),
            ("a: \u{3164}b", Some(3)),
            ("a:\u{c}b", Some(2)),
            ("a: b\u{7f}", Some(4)),
            ("\u{61c}a: b", Some(0)),
            ("a:\tb\r\nc: d", None),
        ] {
            assert_eq!(outside(text).map(|(at, _)| at), at, "{text:?}");
        }
    }
}
