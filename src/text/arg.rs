//! A step's argument: text with `${…}` in it. `$${` stands for a plain `${`.

use crate::model::stack::Piece;
use std::ops::Range;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Hole(Hole),
}

/// A `${…}` and its place in the argument.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) range: Range<usize>,
    /// The text between the braces; `None` if the closing brace is missing.
    pub(crate) inside: Option<String>,
}

pub(crate) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        if text[at..start].ends_with('$') {
            plain += &text[at..start];
            plain.push('{');
            at = start + 2;
            continue;
        }
        plain += &text[at..start];
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        let inside = text[start + 2..]
            .split_once('}')
            .map(|(inside, _)| inside.to_owned());
        let end = inside
            .as_ref()
            .map_or(text.len(), |inside| start + inside.len() + 3);
        parts.push(Part::Hole(Hole {
            range: start..end,
            inside,
        }));
        at = end;
    }
    plain += &text[at..];
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

/// The piece that `${inside}` stands for; `None` if it is unknown.
pub(crate) fn piece(inside: &str) -> Option<Piece> {
    match inside {
        "results" => Some(Piece::Results),
        "scratch" => Some(Piece::Scratch),
        _ => Some(Piece::Data(inside.strip_prefix("data.")?.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |part| match part {
            Part::Text(text) => text,
            Part::Hole(Hole {
                inside: Some(inside),
                ..
            }) => format!("<{inside}>"),
            Part::Hole(_) => "<!>".to_owned(),
        };
        parts(text).into_iter().map(show).collect()
    }

    #[test]
    fn holes_and_what_is_around_them() {
        for (text, parts) in [
            ("--out", vec!["--out"]),
            ("${results}/similar", vec!["<results>", "/similar"]),
            (
                "a${data.x}b${scratch}",
                vec!["a", "<data.x>", "b", "<scratch>"],
            ),
            ("$${HOME}", vec!["${HOME}"]),
            ("$$${x}", vec!["$${x}"]),
            ("$5 $ {", vec!["$5 $ {"]),
            ("${x", vec!["<!>"]),
            ("a${}", vec!["a", "<>"]),
            ("é${x}é", vec!["é", "<x>", "é"]),
            ("", vec![]),
        ] {
            assert_eq!(shown(text), parts, "{text}");
        }
    }
}
