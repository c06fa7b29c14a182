//! What a shell makes of a line that is not read here: other commands, and texts that it puts in.

use crate::import::Wrong;

/// Where the shell puts in a text, by the number of the character: `$NAME`, `$(…)` and backticks outside
/// of single quotation marks.
///
/// # Errors
/// Where the line has more than one command.
pub(super) fn expansions(line: &str) -> Result<Vec<usize>, Wrong> {
    let mut all = Vec::new();
    let mut quote = None;
    let mut chars = line.chars().zip(1..).peekable();
    while let Some((c, at)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                chars.next();
            }
            (_, '`') => all.push(at),
            (_, '$') => {
                let next = chars.peek().map(|(next, _)| *next);
                let begins = |c: char| c.is_ascii_alphanumeric() || "_{(@*#?!-$".contains(c);
                let quoted = quote.is_none() && matches!(next, Some('\'' | '"'));
                if next.is_some_and(begins) || quoted {
                    all.push(at);
                }
            }
            (Some(_), '"') => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, ';' | '|' | '&' | '<' | '>') => {
                return Err(Wrong {
                    place: format!("the line, character {at}"),
                    message: format!("`{c}` ends the command; put one command into the file"),
                });
            }
            (Some(_) | None, _) => {}
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shell_puts_in_is_found_outside_of_single_quotes() {
        for (line, expected) in [
            ("a 'x$y `z` ; b' \\$q \"5$\" 7$ ", &[][..]),
            ("a $b", &[3]),
            ("\"it's $b\" '$c'", &[7]),
            ("a `b` ${c}", &[3, 5, 7]),
            ("a \"$(b)\" $'c'", &[4, 10]),
        ] {
            assert_eq!(expansions(line).unwrap(), expected, "{line}");
        }
        for line in ["a; b", "a | b", "a && b", "a > b", "a 'x' & "] {
            assert!(expansions(line).is_err(), "{line}");
        }
        assert!(expansions("a 'b; c' \"d | e\" f\\;g").unwrap().is_empty());
    }
}
