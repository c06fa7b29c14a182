//! Mappings whose keys and values are chosen by the user, such as tags.

use super::diag::{Code, Diagnostic};
use super::field::Shape;
use super::format::Format;
use super::nearest::quote;
use super::node::{Entry, Node, Value};
use super::reader::{Reader, Site};
use super::shape::Kind;
use std::collections::BTreeMap;

/// Keys and values chosen by the user. Every value is text, also `42` and `true`.
pub(crate) struct Texts<T> {
    pub(crate) key: Format<String>,
    pub(crate) value: Format<T>,
    pub(crate) most: usize,
    /// One entry in words, and how to fix one without a value.
    pub(crate) entry: &'static str,
    pub(crate) none: &'static str,
}

impl<T> Shape for Texts<T> {
    type Out = BTreeMap<String, T>;

    fn kind(&self) -> Kind {
        Kind::Texts(self.key.described(), self.value.described(), self.most)
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        reader.duplicates(node.entries());
        let found = &mut reader.found;
        let Value::Map(entries) = &node.value else {
            let message = format!("{} cannot be {}", site.name, node.word());
            let expected = format!("a mapping such as `{}`", site.example);
            found.push(Diagnostic::new(Code::WrongKind, node.mark, message).expected(expected));
            return None;
        };
        if let Some(first) = entries.get(self.most) {
            let message = format!("{} has {} entries", site.name, entries.len());
            let wrong = Diagnostic::new(Code::OutOfRange, first.key.mark, message);
            found.push(wrong.expected(format!("at most {}", self.most)));
        }
        let all = format!("a key of {}", site.name);
        let one = |entry: &Entry| {
            let key = self.key.value(&entry.key.text, entry.key.mark, &all, found);
            let value = self.one(entry, found);
            Some((key?, value?))
        };
        let read: Vec<_> = entries.iter().map(one).collect();
        read.into_iter().collect()
    }
}

impl<T> Texts<T> {
    fn one(&self, Entry { key, value }: &Entry, found: &mut Vec<Diagnostic>) -> Option<T> {
        let name = quote(&key.text);
        if value.is_null() {
            let message = format!("{name} has no value");
            let wrong = Diagnostic::new(Code::MissingValue, key.mark, message);
            let expected = format!("the value of {}", self.entry);
            let wrong = wrong.expected(expected.trim_end_matches(','));
            found.push(wrong.help(self.none));
        } else if let Some(text) = value.text() {
            return self.value.value(text, value.mark, &name, found);
        } else if !matches!(value.value, Value::Broken) {
            let message = format!("{name} cannot be {}", value.word());
            let wrong = Diagnostic::new(Code::WrongKind, value.mark, message);
            found.push(wrong.expected("a single value"));
        }
        None
    }
}
