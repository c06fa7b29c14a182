//! Places in a document: keys and the numbers of items, as people write them.

use crate::model::shown::line;
use std::fmt;

/// The longest key that is shown, in characters.
const MAX_KEY: usize = 80;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Name(String),
    Item(usize),
}

/// A place. The root has no keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Path(Vec<Key>);

impl Path {
    /// The place of an entry below this one.
    pub(super) fn name(&self, name: &str) -> Self {
        self.with(Key::Name(name.to_owned()))
    }

    /// The place of an item below this one.
    pub(super) fn item(&self, number: usize) -> Self {
        self.with(Key::Item(number))
    }

    fn with(&self, key: Key) -> Self {
        let mut keys = self.0.clone();
        keys.push(key);
        Self(keys)
    }

    /// Whether it is the other place, or below it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// How many keys it has.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The place above with this many keys.
    pub(super) fn up_to(&self, keys: usize) -> Self {
        Self(self.0.iter().take(keys).cloned().collect())
    }

    /// This place, where one above it is written in other words.
    pub(super) fn below(&self, above: &Self, words: &str) -> String {
        let rest = Self(self.0.iter().skip(above.0.len()).cloned().collect());
        let rest = rest.to_string();
        if rest.is_empty() || rest.starts_with('[') {
            return format!("{words}{rest}");
        }
        format!("{words}.{rest}")
    }

    /// The place without the numbers of items, such as `Steps[].Name`.
    pub(super) fn pattern(&self) -> String {
        self.text(|_| String::new())
    }

    fn text(&self, item: impl Fn(usize) -> String) -> String {
        let mut text = String::new();
        for key in &self.0 {
            match key {
                Key::Name(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(&line(name, MAX_KEY));
                }
                Key::Item(number) => {
                    text.push('[');
                    text.push_str(&item(*number));
                    text.push(']');
                }
            }
        }
        text
    }
}

/// As in `Steps[0].HadoopJarStep.Args[3]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(|number| number.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_in_a_program() {
        let steps = Path::default().name("Steps");
        let arg = steps.item(0).name("HadoopJarStep").name("Args").item(3);
        assert_eq!(arg.to_string(), "Steps[0].HadoopJarStep.Args[3]");
        assert_eq!(arg.pattern(), "Steps[].HadoopJarStep.Args[]");
        assert!(arg.is_within(&steps) && !steps.is_within(&arg));
        assert_eq!(arg.up_to(1), steps);
        let odd = Path::default().name("a\n\u{1b}[31mb");
        assert_eq!(odd.to_string(), "a \u{fffd}[31mb");
    }
}
