//! What others wrote, made fit to be shown: on a screen, in a log, on a page, in a notice. Names
//! and tags of clusters, messages of AWS, logs of jobs and names of files are somebody else's words;
//! none of them begins a line of ours, moves the cursor, or turns the writing around.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};

/// How much of a name or a message is shown, in characters.
const LONGEST: usize = 500;

/// Text that somebody else wrote. It is shown as [`line`] makes it, and kept as it is: JSON, tags
/// and comparisons have the true text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    /// The true text, which is not for showing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&line(&self.0, LONGEST))
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl PartialEq<str> for Untrusted {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Untrusted {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// In one line of at most `most` characters: white space of any kind is one space, what would be
/// obeyed or not be seen is U+FFFD, and what is cut ends in `…`.
pub fn line(text: &str, most: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if is_space(c) {
            gap = length > 0;
            continue;
        }
        let wanted = 1 + usize::from(gap);
        if length + wanted > most {
            let cut = shown.char_indices().nth(most.saturating_sub(1));
            shown.truncate(cut.map_or(shown.len(), |(at, _)| at));
            shown.push('…');
            break;
        }
        if gap {
            shown.push(' ');
        }
        shown.push(visible(c));
        (length, gap) = (length + wanted, false);
    }
    shown
}

/// Several lines, such as a log: line feeds and tabs stay, all else is as in [`line`].
pub fn lines(text: &str) -> String {
    let visible = |c| match c {
        '\n' | '\t' => c,
        _ => visible(c),
    };
    text.replace("\r\n", "\n").chars().map(visible).collect()
}

/// Several lines of which no one but the first begins where lines of ours do: each later one has
/// `indent` spaces before it.
pub fn indented(text: &str, indent: usize) -> String {
    let begin = format!("\n{}", " ".repeat(indent));
    lines(text.trim_end()).replace('\n', &begin)
}

/// JSON that means the same and may be shown anywhere: in its strings alone is anything that is not
/// plain, and there it is escaped (RFC 8259, 7).
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || is_plain(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

/// Whether a character is shown as what it is, and as nothing else.
pub fn is_plain(c: char) -> bool {
    !c.is_control() && !is_hidden(c)
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn visible(c: char) -> char {
    if is_plain(c) {
        c
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

/// What turns the direction of writing, breaks a line, or has neither shape nor width (Unicode,
/// Bidi_Control and Default_Ignorable_Code_Point, but for the selectors that choose a glyph).
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_more_than_its_line() {
        for (wrote, shown) in [
            ("nightly", "nightly"),
            ("  a\t b\r\nc ", "a b c"),
            ("a\nus-east-1 j-1  would end", "a us-east-1 j-1 would end"),
            ("a\u{2028}b\u{2029}c\u{85}d\u{b}e", "a b c d e"),
            (
                "a\u{202e}b\u{2066}c\u{200f}d\u{61c}e",
                "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e",
            ),
            (
                "a\u{200b}b\u{feff}c\u{2060}d\u{ad}e",
                "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e",
            ),
            (
                "a\x1b[31mb\x07\0\u{9b}c",
                "a\u{fffd}[31mb\u{fffd}\u{fffd}\u{fffd}c",
            ),
            ("é 日本 ✔", "é 日本 ✔"),
            ("\u{e0041}", "\u{fffd}"),
            (" \n ", ""),
        ] {
            assert_eq!(line(wrote, 80), shown, "{wrote:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(line("ééééé", 5), "ééééé");
        assert_eq!(line("éééééé", 5), "éééé…");
        assert_eq!(line("aaaa b", 5), "aaaa…");
        assert_eq!(line(&"x".repeat(9_999), 500).chars().count(), 500);
    }

    #[test]
    fn lines_stay_lines_and_nothing_else() {
        let text = lines("a\x1b[31mb\x1b]0;c\x07d\te\r\nf\u{202e}\rg");
        let expected = "a\u{fffd}[31mb\u{fffd}]0;c\u{fffd}d\te\nf\u{fffd}\u{fffd}g";
        assert_eq!(text, expected);
        assert_eq!(indented("no\n  next: rm\n", 4), "no\n      next: rm");
    }

    #[test]
    fn json_means_the_same_and_is_plain() {
        for text in [
            "a\u{9b}2Jb",
            "a\u{202e}b\u{2028}c",
            "\u{e0041}\u{1b}\r\n\t",
            "é 日本 \"\\",
        ] {
            let value = serde_json::json!({ text: [text] });
            for written in [format!("{value}"), format!("{value:#}")] {
                let shown = json(&written);
                assert!(shown.chars().all(|c| c == '\n' || is_plain(c)), "{shown:?}");
                let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
                assert_eq!(read, value);
            }
        }
    }

    #[test]
    fn what_is_kept_is_the_true_text() {
        let text = "a\nb\u{202e}c";
        let name = Untrusted::from(text);
        assert_eq!(name.to_string(), "a b\u{fffd}c");
        assert_eq!(name.as_str(), text);
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(serde_json::from_str::<Untrusted>(&json).unwrap(), name);
    }
}
