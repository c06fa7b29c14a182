//! Sentences with holes.

use super::Holes;
use std::fmt::Write;

/// A sentence such as `executor {executor} was killed[: it used {used}]`. A part in brackets is left
/// out if what one of its holes names is not known; other holes become `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::diagnose) struct Sentence(String);

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Sentence {
    /// The sentence with its holes filled.
    pub(in crate::diagnose) fn filled(&self, holes: &Holes) -> String {
        let (mut text, mut rest) = (String::new(), self.0.as_str());
        while let Some((before, after)) = rest.split_once('[') {
            let (optional, after) = after.split_once(']').unwrap_or((after, ""));
            text.push_str(&fill(before, holes).0);
            if let (part, true) = fill(optional, holes) {
                text.push_str(&part);
            }
            rest = after;
        }
        text + &fill(rest, holes).0
    }

    /// The text, if everything that its holes name is known.
    pub(in crate::diagnose) fn known(&self, holes: &Holes) -> Option<String> {
        let (text, is_known) = fill(&self.0, holes);
        is_known.then_some(text)
    }
}

/// The text with its holes filled, and whether all were known. `${…}` is a name of the stack's, and
/// no hole.
fn fill(text: &str, holes: &Holes) -> (String, bool) {
    let (mut filled, mut rest, mut all) = (String::new(), text, true);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let held = holes.get(name);
        if before.ends_with('$') {
            let _ = write!(filled, "{before}{{{name}}}");
        } else {
            all &= held.is_some();
            let _ = write!(filled, "{before}{}", held.map_or("?", String::as_str));
        }
        rest = after;
    }
    (filled + rest, all)
}

#[cfg(test)]
mod tests {
    use super::{Holes, Sentence};

    #[test]
    fn parts_with_unknown_holes_are_left_out() {
        let sentence =
            Sentence::from("executor {id} was killed[: it used {used} of {limit}][, {x}]");
        let mut holes = Holes::new();
        assert_eq!(sentence.filled(&holes), "executor ? was killed");
        for (name, held) in [("id", "3"), ("used", "5 GB"), ("limit", "6 GB")] {
            holes.insert(name.to_owned(), held.to_owned());
        }
        let filled = "executor 3 was killed: it used 5 GB of 6 GB";
        assert_eq!(sentence.filled(&holes), filled);
        let stack = Sentence::from("use ${data.NAME} of {id}");
        assert_eq!(stack.filled(&holes), "use ${data.NAME} of 3");
        for broken in ["a [b {", "{", "[", "a ] b"] {
            let _ = Sentence::from(broken).filled(&holes);
        }
    }
}
