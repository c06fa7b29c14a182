//! The places of a scalar's parts in its file, whether it is plain, quoted, escaped, folded or a
//! block.

use super::source::{Mark, Source};
use std::ops::Range;

/// The bytes of the file that hold a part of a scalar's text; those of the whole scalar if the part
/// cannot be located.
pub(crate) fn within(source: &Source, mark: Mark, text: &str, part: &Range<usize>) -> Mark {
    let raw = source.text.get(mark.range()).unwrap_or_default();
    let range = pairs(raw, text).map(|pairs| found(&pairs, part));
    range.map_or(mark, |range| {
        Mark::new(
            mark.source,
            mark.start + range.start..mark.start + range.end,
        )
    })
}

/// A character other than a space: its byte in the text, and its bytes in the file.
struct Pair {
    text: usize,
    raw: Range<usize>,
}

/// YAML changes only spaces, line ends and escapes of a scalar; all other characters keep their
/// order. Returns `None` if they do not, which would be a bug.
fn pairs(raw: &str, text: &str) -> Option<Vec<Pair>> {
    let written = written(raw)?;
    let mut written = written.into_iter().filter(|(c, _)| !c.is_whitespace());
    let mut pairs = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let (same, range) = written.next()?;
        if same != c {
            return None;
        }
        pairs.push(Pair {
            text: at,
            raw: range,
        });
    }
    match written.next() {
        Some(_) => None,
        None => Some(pairs),
    }
}

fn found(pairs: &[Pair], part: &Range<usize>) -> Range<usize> {
    let first = pairs.iter().find(|pair| pair.text >= part.start);
    let last = pairs
        .iter()
        .rev()
        .find(|pair| pair.text < part.end.max(part.start));
    match (first, last) {
        (Some(first), Some(last)) if first.text <= last.text => first.raw.start..last.raw.end,
        // Between two characters, or after the last one: the text is missing there.
        (Some(first), _) => first.raw.start..first.raw.start,
        (None, Some(last)) => last.raw.end..last.raw.end,
        (None, None) => 0..0,
    }
}

type Written = Vec<(char, Range<usize>)>;

/// The characters as written, each with its bytes.
fn written(raw: &str) -> Option<Written> {
    match raw.chars().next()? {
        '"' => escaped(raw),
        '\'' => Some(single(raw)),
        '|' | '>' => {
            let header = raw.find('\n').unwrap_or(raw.len());
            Some(plain(raw, header..raw.len()))
        }
        _ => Some(plain(raw, 0..raw.len())),
    }
}

fn plain(raw: &str, range: Range<usize>) -> Written {
    let chars = raw[range.clone()].char_indices();
    let start = range.start;
    chars
        .map(|(at, c)| (c, start + at..start + at + c.len_utf8()))
        .collect()
}

/// In single quotes, `''` stands for one quote.
fn single(raw: &str) -> Written {
    let inside = 1..raw.len().saturating_sub(1).max(1);
    let mut written = Written::new();
    let mut open = false;
    for (c, range) in plain(raw, inside) {
        match (c, open) {
            ('\'', true) => {
                open = false;
                if let Some((_, first)) = written.last_mut() {
                    first.end = range.end;
                }
                continue;
            }
            _ => open = c == '\'',
        }
        written.push((c, range));
    }
    written
}

fn escaped(raw: &str) -> Option<Written> {
    let end = raw.len().checked_sub(1).filter(|end| *end >= 1)?;
    let mut written = Written::new();
    let mut at = 1;
    while let Some(c) = raw.get(at..end)?.chars().next() {
        let (meant, long) = match c {
            '\\' => escape(&raw[at..end])?,
            _ => (c, c.len_utf8()),
        };
        written.push((meant, at..at + long));
        at += long;
    }
    Some(written)
}

/// The character that an escape stands for, and the escape's length.
fn escape(rest: &str) -> Option<(char, usize)> {
    let sign = rest[1..].chars().next()?;
    let digits = match sign {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // YAML's escapes for spaces and control characters, and an escaped line end.
        ' ' | 't' | '\t' | 'n' | 'N' | '_' | 'L' | 'P' | 'r' | 'v' | 'f' | '\n' | '\r' => {
            return Some((' ', 1 + sign.len_utf8()));
        }
        '0' => return Some(('\0', 2)),
        'a' => return Some(('\u{7}', 2)),
        'b' => return Some(('\u{8}', 2)),
        'e' => return Some(('\u{1b}', 2)),
        _ => return Some((sign, 1 + sign.len_utf8())),
    };
    let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
    Some((char::from_u32(code)?, 2 + digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is underlined where `part` of the scalar's text is wrong.
    fn shown<'a>(raw: &'a str, text: &str, part: &str) -> &'a str {
        let source = Source {
            name: "x".to_owned(),
            text: raw.to_owned(),
        };
        let start = text.find(part).unwrap();
        let part = start..start + part.len();
        let mark = within(&source, Mark::new(0, 0..raw.len()), text, &part);
        &raw[mark.range()]
    }

    #[test]
    fn parts_are_found_however_they_are_written() {
        for (raw, text, part, wanted) in [
            ("a > 5 && b", "a > 5 && b", "b", "b"),
            ("'a == ''x'' && é'", "a == 'x' && é", "'x'", "''x''"),
            ("'a == ''x'' && é'", "a == 'x' && é", "é", "é"),
            (
                r#""a == \"x\" && b""#,
                "a == \"x\" && b",
                "\"x\"",
                r#"\"x\""#,
            ),
            (r#""a\n&& \u0062""#, "a\n&& b", "b", r"\u0062"),
            ("|\n  a &&\n  b > 1\n", "a &&\nb > 1\n", "b > 1", "b > 1"),
            (">- # why\n    a &&\n\n    b", "a &&\nb", "b", "b"),
            ("a &&\n   b > 1", "a && b > 1", "b > 1", "b > 1"),
            // Not the same text: all of it.
            ("a && b", "a || b", "b", "a && b"),
        ] {
            assert_eq!(shown(raw, text, part), wanted, "{raw}");
        }
    }

    #[test]
    fn what_is_missing_has_a_place_and_no_width() {
        let source = Source {
            name: "x".to_owned(),
            text: "when: 'a > '\n".to_owned(),
        };
        let place = |part| within(&source, Mark::new(0, 6..12), "a > ", &part).range();
        assert_eq!(place(4..4), 10..10);
        assert_eq!(place(0..0), 7..7);
        assert_eq!(place(9..12), 10..10);
        assert_eq!(place(0..99), 7..10);
    }
}
