//! Makes untrusted text safe to display on terminals and pages and in logs and notices. Names and
//! tags of clusters, AWS's messages, logs and file names cannot begin a line of their own, move the
//! cursor or change the direction of writing.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};

/// The maximum number of characters of a name or message that are displayed.
const MAX_CHARS: usize = 500;

/// Untrusted text. It is displayed through [`line`], and kept as it is: JSON, tags and comparisons
/// use the true text.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    /// The true text, which is not safe to display.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&line(&self.0, MAX_CHARS))
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

/// The text on one line of at most `max` characters: white space becomes one space, invisible and
/// control characters become U+FFFD, and a shortened text ends in `…`.
pub fn line(text: &str, max: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if is_space(c) {
            gap = length > 0;
            continue;
        }
        let added = 1 + usize::from(gap);
        if length + added > max {
            let cut = shown.char_indices().nth(max.saturating_sub(1));
            shown.truncate(cut.map_or(shown.len(), |(at, _)| at));
            shown.push('…');
            break;
        }
        if gap {
            shown.push(' ');
        }
        shown.push(visible(c));
        (length, gap) = (length + added, false);
    }
    shown
}

/// Several lines, such as a log: line feeds and tabs stay, the rest is treated as by [`line`].
pub fn lines(text: &str) -> String {
    let visible = |c| match c {
        '\n' | '\t' => c,
        _ => visible(c),
    };
    text.replace("\r\n", "\n").chars().map(visible).collect()
}

/// Several lines, where each line but the first is indented by `indent` spaces, so that it cannot
/// pass for a line of ours.
pub fn indented(text: &str, indent: usize) -> String {
    let begin = format!("\n{}", " ".repeat(indent));
    lines(text.trim_end()).replace('\n', &begin)
}

/// Equivalent JSON that is safe to display: other characters than plain ones, which occur only in
/// strings, are escaped (RFC 8259, 7).
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

/// Whether a character is displayed as itself.
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

/// Characters that change the direction of writing, break a line, or have neither shape nor width
/// (Unicode, Bidi_Control and Default_Ignorable_Code_Point, except for selectors that choose a
/// glyph).
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}'
        // The screen marks colours with them.
        | '\u{e000}'..='\u{e005}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stays_on_its_line() {
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
    fn the_true_text_is_kept() {
        let text = "a\nb\u{202e}c";
        let name = Untrusted::from(text);
        assert_eq!(name.to_string(), "a b\u{fffd}c");
        assert_eq!(name.as_str(), text);
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(serde_json::from_str::<Untrusted>(&json).unwrap(), name);
    }
}
