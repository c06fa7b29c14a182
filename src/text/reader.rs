//! The state that all declarations read with: mistakes, the names of things outside the text, and
//! checks of mappings that do not depend on their declarations.

use super::diag::{Code, Diagnostic};
use super::document::Document;
use super::field::{Record, Shape};
use super::misplaced_keys;
use super::named::Named;
use super::nearest::{any_of, quote};
use super::node::{Entry, Node, Value};
use super::shape::{Choice, Head, Need, Object, choices};
use super::source::{Mark, Source};
use std::collections::BTreeMap;
use std::path::Path;

/// The value being read: its name in messages, and the place of its key.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: Mark,
    /// An example of the value.
    pub(crate) example: &'a str,
}

/// Limits the time that a hostile text can cost; more than are reported.
const MAX_FOUND: usize = 1_000;

pub(crate) struct Reader<'a> {
    pub(super) root: &'a Node,
    document: &'static Document,
    shape: Object,
    pub(super) sources: &'a [Source],
    /// The folder that relative paths are joined to.
    pub(super) base: &'a Path,
    pub(super) found: Vec<Diagnostic>,
    /// The things outside the text that it names, in the order of the declarations.
    pub(super) named: Vec<Named>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        root: &'a Node,
        document: &'static Document,
        sources: &'a [Source],
        base: &'a Path,
    ) -> Self {
        Self {
            root,
            document,
            shape: (document.shape)(),
            sources,
            base,
            found: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Reads the whole file; returns `None` if that is impossible, with the mistakes in `found`.
    pub(crate) fn whole<T>(&mut self, record: &Record<T>) -> Option<T> {
        let first = self.root.entries().first();
        let site = Site {
            name: self.document.whole,
            key: first.map_or(self.root.mark, |entry| entry.key.mark),
            example: "",
        };
        record.read(self, self.root, site)
    }

    pub(super) fn value<S: Shape>(
        &mut self,
        shape: &S,
        node: &Node,
        site: Site<'_>,
    ) -> Option<S::Out> {
        if matches!(node.value, Value::Broken) || self.found.len() > MAX_FOUND {
            return None;
        }
        shape.read(self, node, site)
    }

    pub(super) fn field<S: Shape>(
        &mut self,
        head: Head,
        shape: &S,
        entry: &Entry,
    ) -> Option<S::Out> {
        let Head { key, need, example } = head;
        let name = format!("`{key}`");
        if !entry.value.is_null() {
            let site = Site {
                name: &name,
                key: entry.key.mark,
                example,
            };
            return self.value(shape, &entry.value, site);
        }
        let message = format!("{name} has no value");
        let mut found = Diagnostic::new(Code::MissingValue, entry.key.mark, message)
            .expected(format!("a value such as `{example}`"));
        if need != Need::Required {
            found = found.help(format!("give it one, or leave {name} out"));
        }
        self.found.push(found);
        None
    }

    /// The line, from 1, of a place in the file.
    pub(super) fn line(&self, mark: Mark) -> usize {
        let source = &self.sources[mark.source];
        source.place(source.clip(mark).start).0
    }

    pub(super) fn wrong_kind(&mut self, node: &Node, site: Site<'_>, expected: &str) {
        let message = format!("{} cannot be {}", site.name, node.word());
        let expected = match site.example {
            "" => expected.to_owned(),
            example => format!("{expected} such as `{example}`"),
        };
        self.found
            .push(Diagnostic::new(Code::WrongKind, node.mark, message).expected(expected));
    }

    pub(super) fn missing(&mut self, head: Head, site: Site<'_>) {
        let message = format!("{} has no `{}`", site.name, head.key);
        let expected = format!("a key such as `{}: {}`", head.key, head.example);
        self.found
            .push(Diagnostic::new(Code::MissingKey, site.key, message).expected(expected));
    }

    pub(super) fn unknown(&mut self, heads: &[Head], entries: &[Entry], site: Site<'_>) {
        let keys: Vec<&str> = heads.iter().map(|head| head.key).collect();
        for entry in entries {
            if !keys.contains(&entry.key.text.as_str()) {
                let found = misplaced_keys::unknown_key(&self.shape, &keys, entry, site);
                self.found.push(found);
            }
        }
    }

    pub(super) fn duplicates(&mut self, entries: &[Entry]) {
        let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
        for entry in entries {
            let first = *seen.entry(&entry.key.text).or_insert(entry);
            if first.key.mark != entry.key.mark {
                let key = quote(&entry.key.text);
                let line = self.sources[first.key.mark.source]
                    .place(first.key.mark.start)
                    .0;
                self.found.push(
                    Diagnostic::new(
                        Code::DuplicateKey,
                        entry.key.mark,
                        format!("{key} is written twice, first on line {line}"),
                    )
                    .related(first.key.mark, "written here first")
                    .help("keep one of the two"),
                );
            }
        }
    }

    /// Returns the exclusive field that is used, after reporting fields that conflict with it.
    pub(super) fn chosen(
        &mut self,
        heads: &[Head],
        without: &str,
        entries: &[Entry],
        site: Site<'_>,
    ) -> Option<&'static str> {
        let all = choices(heads.iter().copied());
        let of = |entry: &Entry| all.iter().find(|choice| choice.key == entry.key.text);
        let Some((choice, chosen)) = entries.iter().find_map(|e| Some((of(e)?, e))) else {
            if !all.is_empty() {
                let message = format!("{} {without}", site.name);
                let expected = format!("one of {}", any_of(all.iter().map(|choice| choice.key)));
                self.found
                    .push(Diagnostic::new(Code::MissingKey, site.key, message).expected(expected));
            }
            return None;
        };
        for entry in entries {
            let key = entry.key.text.as_str();
            let Some(other) = all.iter().find(|choice| choice.has(key)) else {
                continue;
            };
            if choice.has(key) {
                continue;
            }
            let Choice { key: one, .. } = choice;
            let message = match of(entry) {
                Some(_) => format!("`{one}` and `{key}` exclude each other"),
                None => format!("`{key}` is for `{}`, not for `{one}`", other.key),
            };
            self.found.push(
                Diagnostic::new(Code::Conflict, entry.key.mark, message)
                    .related(chosen.key.mark, "the other one"),
            );
        }
        Some(choice.key)
    }
}
