//! Colours with a meaning. Views mark text with a tone; the screen paints it, or takes the marks off.

use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Tone {
    /// Something is created, or well.
    Good,
    /// Something is deleted, or wrong.
    Bad,
    /// Something is changed, or needs attention.
    Caution,
    /// Advice.
    Advice,
    /// Less important than what is around it, such as reasons.
    Dim,
}

/// The characters before a text of each tone, and after all. They are private, so that no text has
/// them: text of others is shown without them (`model::shown`).
const MARKS: [(char, Tone); 5] = [
    ('\u{e000}', Tone::Good),
    ('\u{e001}', Tone::Bad),
    ('\u{e002}', Tone::Caution),
    ('\u{e003}', Tone::Advice),
    ('\u{e004}', Tone::Dim),
];
const END: char = '\u{e005}';

impl Tone {
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Good => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
            Self::Bad => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
            Self::Caution => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
            Self::Advice => style.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))),
            Self::Dim => style.dimmed(),
        }
    }

    /// The text with marks, for [`painted`].
    pub(in crate::cli) fn mark(self, text: &str) -> String {
        let mark = MARKS.iter().find(|(_, tone)| *tone == self);
        mark.map_or(text.to_owned(), |(mark, _)| format!("{mark}{text}{END}"))
    }

    fn of(c: char) -> Option<Self> {
        let mark = MARKS.iter().find(|(mark, _)| *mark == c);
        mark.map(|(_, tone)| *tone)
    }
}

/// Whether a character is a mark.
fn is_mark(c: char) -> bool {
    c == END || Tone::of(c).is_some()
}

/// Changes the text between marks, which stay.
pub(in crate::cli) fn between(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_mark) {
        let (before, from) = rest.split_at(at);
        let mut chars = from.chars();
        out.push_str(&change(before));
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out + &change(rest)
}

/// The text with its marks as colours, or without them.
pub(in crate::cli) fn painted(text: &str, colour: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut style = Style::new();
    for c in text.chars() {
        if !is_mark(c) {
            out.push(c);
            continue;
        }
        if !colour {
            continue;
        }
        if let Some(tone) = Tone::of(c) {
            style = tone.style();
            let _ = write!(out, "{style}");
        } else {
            let _ = write!(out, "{style:#}");
        }
    }
    out
}

/// The number of characters that are visible.
pub(in crate::cli) fn length(text: &str) -> usize {
    visible(text).count()
}

/// What is visible: the text without marks, and without codes of colours.
pub(in crate::cli) fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut chars = text.chars();
    std::iter::from_fn(move || {
        loop {
            match chars.next()? {
                // `ESC [ … m`
                '\u{1b}' => _ = chars.by_ref().find(|c| *c == 'm'),
                c if is_mark(c) => {}
                c => return Some(c),
            }
        }
    })
}

/// The heads of messages, and what they mean.
const HEADS: [(&str, Tone); 5] = [
    ("error", Tone::Bad),
    ("warning", Tone::Caution),
    ("because", Tone::Dim),
    ("help", Tone::Advice),
    ("next", Tone::Advice),
];

/// Marks the head of each line that has one, such as `  next:`.
pub(in crate::cli) fn with_heads(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let begin = line.trim_start_matches(' ');
        let head = HEADS.iter().find_map(|(head, tone)| {
            let rest = begin.strip_prefix(head)?.strip_prefix(':')?;
            Some((head, tone, rest))
        });
        head.map_or(line.to_owned(), |(head, tone, rest)| {
            let indent = &line[..line.len() - begin.len()];
            format!("{indent}{}{rest}", tone.mark(&format!("{head}:")))
        })
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_colours_or_nothing() {
        let text = format!("  {} key pair k", Tone::Good.mark("+"));
        assert_eq!(painted(&text, false), "  + key pair k");
        assert_eq!(painted(&text, true), "  \u{1b}[32m+\u{1b}[0m key pair k");
        assert_eq!(length(&text), 14);
        assert_eq!(length(&painted(&text, true)), 14);
    }

    #[test]
    fn heads_are_marked_and_nothing_else() {
        let text = "error: no\n  next: clusterup ls\nerrors: 3\nan error: x";
        let marked = with_heads(text);
        assert_eq!(painted(&marked, false), text);
        let coloured = painted(&marked, true);
        assert_eq!(coloured.matches('\u{1b}').count(), 4, "{coloured:?}");
        assert!(coloured.starts_with("\u{1b}[31merror:\u{1b}[0m no"));
    }

    #[test]
    fn text_of_others_cannot_have_marks() {
        let theirs = format!("{}{END}", MARKS[1].0);
        let shown = crate::model::shown::line(&theirs, 80);
        assert!(!shown.contains(is_mark), "{shown:?}");
        let ours = format!("{}\u{1b}[2J", Tone::Dim.mark("a\u{1b}"));
        let safe = between(&ours, crate::model::shown::lines);
        assert_eq!(painted(&safe, false), "a\u{fffd}\u{fffd}[2J");
    }
}
