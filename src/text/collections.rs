//! Types of fields that hold other values: lists, mappings by name, and values with a short form.

use super::diag::{Code, Diagnostic};
use super::field::{Record, Shape};
use super::format::Format;
use super::nearest::{any_of, quote};
use super::node::{Entry, Node, Value};
use super::reader::{Reader, Site};
pub(crate) use super::shape::Unique;
use super::shape::{Expand, Items, Kind};
use super::source::Mark;
use crate::model::policy::Located;
use std::collections::BTreeMap;

pub(crate) struct List<S> {
    of: S,
    min: usize,
    unique: Unique,
    /// One item in words, and an example of it.
    item: &'static str,
    example: &'static str,
}

/// A list of any length: the shape of its items, what must be unique, and one item in words and as
/// an example.
pub(crate) const fn list<S>(
    of: S,
    unique: Unique,
    item: &'static str,
    example: &'static str,
) -> List<S> {
    List {
        of,
        min: 0,
        unique,
        item,
        example,
    }
}

impl<S> List<S> {
    /// Requires at least one item.
    pub(crate) fn filled(self) -> Self {
        Self { min: 1, ..self }
    }
}

impl<S: Shape> List<S> {
    pub(crate) fn items(&self) -> Box<Items> {
        Box::new(Items {
            of: self.of.kind(),
            min: self.min,
            unique: self.unique,
        })
    }

    fn item(
        &self,
        reader: &mut Reader<'_>,
        (n, item): (usize, &Node),
        site: Site<'_>,
    ) -> Option<S::Out> {
        let named = match self.unique {
            Unique::By(key) => item.get(key).and_then(Node::text).map(quote),
            Unique::No | Unique::ByText => None,
        };
        let name = named.unwrap_or_else(|| format!("item {} of {}", n + 1, site.name));
        let first = item.entries().first();
        // An empty item has no place of its own.
        let key = if item.mark.start == item.mark.end {
            site.key
        } else {
            first.map_or(item.mark, |entry| entry.key.mark)
        };
        let empty = item.text() == Some("") && item.is_null();
        if empty || item.is_null() && !self.of.takes_null() {
            let message = format!("{name} is empty");
            let found = Diagnostic::new(Code::MissingValue, key, message);
            reader.found.push(found.expected(self.expected()));
            return None;
        }
        let site = Site {
            name: &name,
            key,
            example: self.example,
        };
        reader.value(&self.of, item, site)
    }

    fn expected(&self) -> String {
        format!("{} such as `{}`", self.item, self.example)
    }

    fn unique(&self, reader: &mut Reader<'_>, items: &[Node], site: Site<'_>) {
        let expected = match self.unique {
            Unique::No | Unique::By(_) => "a different name for each",
            Unique::ByText => "each item once",
        };
        let name = |item: &'_ Node| match self.unique {
            Unique::No => None,
            Unique::By(key) => Some((item.get(key)?.text()?.to_owned(), item.get(key)?.mark)),
            Unique::ByText => Some((item.text()?.to_owned(), item.mark)),
        };
        let mut seen: BTreeMap<String, Mark> = BTreeMap::new();
        for (text, mark) in items.iter().filter_map(name) {
            let first = *seen.entry(text.clone()).or_insert(mark);
            if first != mark {
                let message = format!("{} has {} twice", site.name, quote(&text));
                reader.found.push(
                    Diagnostic::new(Code::DuplicateName, mark, message)
                        .expected(expected)
                        .related(first, "the first"),
                );
            }
        }
    }
}

impl<S: Shape> Shape for List<S> {
    type Out = Vec<S::Out>;

    fn kind(&self) -> Kind {
        Kind::List(self.items())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        let Value::Seq(items) = &node.value else {
            reader.wrong_kind(node, site, "a list");
            return None;
        };
        if items.len() < self.min {
            let message = format!("{} is empty", site.name);
            let found = Diagnostic::new(Code::MissingValue, node.mark, message);
            reader.found.push(found.expected(self.expected()));
        }
        let item = |item| self.item(reader, item, site);
        let read: Vec<_> = items.iter().enumerate().map(item).collect();
        self.unique(reader, items, site);
        read.into_iter().collect()
    }
}

/// One item, or a list of items.
pub(crate) struct Several<S>(pub(crate) List<S>);

impl<S: Shape> Shape for Several<S> {
    type Out = Vec<S::Out>;

    fn kind(&self) -> Kind {
        Kind::Several(self.0.items())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        match node.value {
            Value::Scalar(_) => Some(vec![reader.value(&self.0.of, node, site)?]),
            Value::Map(_) => {
                reader.wrong_kind(node, site, "a value, or a list of them,");
                None
            }
            Value::Seq(_) | Value::Broken => self.0.read(reader, node, site),
        }
    }
}

/// A mapping whose keys are names chosen by the user.
pub(crate) struct ByName<K, T>(pub(crate) Format<K>, pub(crate) Record<T>);

impl<K: Ord, T> Shape for ByName<K, T> {
    type Out = BTreeMap<K, T>;

    fn kind(&self) -> Kind {
        Kind::Named(self.0.described(), self.1.object())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        let Value::Map(entries) = &node.value else {
            reader.wrong_kind(node, site, "a mapping of names");
            return None;
        };
        reader.duplicates(entries);
        let all = format!("a name in {}", site.name);
        let one = |Entry { key, value }: &Entry| {
            let name = quote(&key.text);
            let found = &mut reader.found;
            let named = self.0.value(&key.text, key.mark, &all, found);
            if value.is_null() {
                let message = format!("{name} has no value");
                found.push(Diagnostic::new(Code::MissingValue, key.mark, message));
                return None;
            }
            let site = Site {
                name: &name,
                key: key.mark,
                example: "",
            };
            let value = reader.value(&self.1, value, site);
            Some((named?, value?))
        };
        let read: Vec<_> = entries.iter().map(one).collect();
        read.into_iter().collect()
    }
}

/// A value with a short form, which is expanded to the long form.
pub(crate) struct Forms<S, T> {
    pub(crate) short: Format<S>,
    pub(crate) long: Record<T>,
    pub(crate) expand: Expand,
}

impl<S, T> Shape for Forms<S, T> {
    type Out = T;

    fn kind(&self) -> Kind {
        Kind::Forms(self.short.described(), self.long.object(), self.expand)
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<T> {
        match &node.value {
            Value::Scalar(_) => {
                self.short.read(reader, node, site)?;
                self.long.read(reader, &(self.expand)(node)?, site)
            }
            Value::Map(_) => self.long.read(reader, node, site),
            Value::Seq(_) => {
                let keys = any_of(self.long.object().keys());
                let example = site.example;
                let expected = format!("one value such as `{example}`, or a mapping with {keys}");
                let example = "";
                reader.wrong_kind(node, Site { example, ..site }, &expected);
                None
            }
            Value::Broken => None,
        }
    }
}

/// A value with the line of its key.
pub(crate) struct Lined<S>(pub(crate) S);

impl<S: Shape> Shape for Lined<S> {
    type Out = Located<S::Out>;

    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        let value = self.0.read(reader, node, site)?;
        let line = reader.line(site.key);
        Some(Located { value, line })
    }
}
