//! Finds what a text opens and does not close. The parser notices only later, and then reports
//! something else.

/// The last quotation mark or bracket that is opened in the text and not closed.
pub(crate) fn unclosed(text: &str) -> Option<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote: Option<(usize, char)> = None;
    let mut before = '\n';
    let mut comment = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if comment => comment = c != '\n',
            (Some((_, mark)), _) => {
                if c == mark && (mark == '\'' || before != '\\') {
                    quote = None;
                }
            }
            (None, '#') if before.is_whitespace() => comment = true,
            (None, '"' | '\'') if begins(before) => quote = Some((at, c)),
            (None, '[' | '{') if begins(before) || !open.is_empty() => open.push((at, c)),
            (None, ']' | '}') => drop(open.pop()),
            (None, _) => {}
        }
        before = c;
    }
    quote.or_else(|| open.pop())
}

/// Whether a value can begin after this character.
fn begins(before: char) -> bool {
    before.is_whitespace() || matches!(before, '[' | '{' | ',' | '-' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_what_is_left_open() {
        for (text, left) in [
            ("a: [b, {c: d}]", None),
            ("a: [b, {c: d]", Some((3, '['))),
            ("a: \"b # c", Some((3, '"'))),
            ("a: b # it's [", None),
            ("a: it's", None),
            ("a: 'it''s'", None),
            ("a: \"b\\\"", Some((3, '"'))),
            ("a: b[", None),
        ] {
            assert_eq!(unclosed(text), left, "{text}");
        }
    }
}
