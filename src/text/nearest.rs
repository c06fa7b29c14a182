//! Suggests names for misspelt ones, and formats lists of names.

use crate::model::shown::is_plain;

/// Longer texts are not compared: no name is longer.
const MAX_CHARS: usize = 64;

/// Limits the number of comparisons; no stack has as many names.
const MAX_CANDIDATES: usize = 1_000;

/// The candidate that `text` is probably a misspelling of.
pub(crate) fn nearest<'a>(text: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = text.to_lowercase().replace('-', "_").chars().collect();
    if typed.is_empty() || typed.len() > MAX_CHARS {
        return None;
    }
    among
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|name| *name != text)
        .filter_map(|name| {
            let meant: Vec<char> = name.to_lowercase().replace('-', "_").chars().collect();
            let far = distance(&typed, &meant);
            let slip = 1 + typed.len().min(meant.len()) / 4;
            let grown = typed.len() >= 4
                && meant.len() >= 4
                && (meant.starts_with(&typed) || typed.starts_with(&meant));
            (far <= slip && far < meant.len() || grown).then_some((far, name))
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// The number of insertions, deletions, replacements and swaps of neighbours between the two.
pub(super) fn distance(a: &[char], b: &[char]) -> usize {
    if a.len().abs_diff(b.len()) > MAX_CHARS {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut edits = (rows[i][j] + usize::from(from != to))
                .min(rows[i][j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                edits = edits.min(rows[i - 1][j - 1] + 1);
            }
            row.push(edits);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// "`a`, `b` or `c`".
pub(crate) fn any_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(names, "or")
}

/// "`a`, `b` and `c`".
pub(crate) fn all_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    joined(names, "and")
}

fn joined<'a>(names: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    let quoted: Vec<String> = names.into_iter().map(quote).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} {word} {last}", others.join(", ")),
    }
}

/// The text between backquotes, shortened, and with control characters escaped.
pub(crate) fn quote(text: &str) -> String {
    const SHOWN: usize = 48;
    let plain: String = text
        .chars()
        .flat_map(|c| {
            let escaped = (!is_plain(c)).then(|| c.escape_default());
            let kept = is_plain(c).then_some(c);
            escaped.into_iter().flatten().chain(kept)
        })
        .take(SHOWN + 1)
        .collect();
    match plain.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("`{}…`", &plain[..cut]),
        None => format!("`{plain}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["idle_timeout", "max_lifetime", "budget", "when_done"];
        for (typed, meant) in [
            ("idle_timout", Some("idle_timeout")),
            ("bugdet", Some("budget")),
            ("Budget", Some("budget")),
            ("max-lifetime", Some("max_lifetime")),
            ("idle", Some("idle_timeout")),
            ("x", None),
            ("", None),
            ("colour", None),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
    }

    #[test]
    fn what_is_shown_is_short_and_harmless() {
        assert_eq!(quote("a\u{1b}[31m"), "`a\\u{1b}[31m`");
        assert_eq!(quote(&"é".repeat(99)).chars().count(), 51);
        assert_eq!(any_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
