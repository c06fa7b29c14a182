//! A tree against its declared shape: every mistake that shows in one place alone, and every
//! reference to a name that is not there.

use super::diag::{Code, Diagnostic};
use super::document::Document;
use super::format::Format;
use super::nearest::{any_of, quote};
use super::node::{Entry, Node, Value};
use super::shape::{Field, Forms, Kind, List, Need, Object, Unique};
use super::source::{Mark, Source};
use super::values::bad;
use super::{conf, misplaced_keys, texts};
use std::collections::BTreeMap;

/// What is being looked at: its name in messages, and where its key stands.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: Mark,
    /// What one would write there.
    pub(crate) example: &'a str,
}

/// More mistakes than are told; a text made to have more shall not cost more.
const ENOUGH: usize = 1_000;

pub(crate) struct Checker<'a> {
    pub(super) root: &'a Node,
    pub(super) document: &'static Document,
    pub(super) sources: &'a [Source],
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(root: &'a Node, document: &'static Document, sources: &'a [Source]) -> Self {
        Self {
            root,
            document,
            sources,
            found: Vec::new(),
        }
    }

    pub(crate) fn run(mut self) -> Vec<Diagnostic> {
        let first = self.root.entries().first();
        let key = first.map_or(self.root.mark, |entry| entry.key.mark);
        self.object(
            self.document.shape,
            self.root,
            Site {
                name: self.document.whole,
                key,
                example: "",
            },
        );
        self.found
    }

    fn kind(&mut self, kind: &Kind, node: &Node, site: Site<'_>) {
        if matches!(node.value, Value::Broken) || self.found.len() > ENOUGH {
            return;
        }
        match kind {
            Kind::Map(object) => self.object(object, node, site),
            Kind::Named(format, object) => self.named(format, object, node, site),
            Kind::List(list) => self.list(list, node, site),
            Kind::Forms(forms) => self.forms(forms, node, site),
            Kind::Conf => {
                self.duplicates(node.entries());
                conf::check(node, site, &mut self.found);
            }
            Kind::Texts(texts) => {
                self.duplicates(node.entries());
                texts::check(texts, node, site, &mut self.found);
            }
            Kind::Expression(format) => self.expression(format, node, site),
            Kind::Several(list) if node.scalar().is_some() => {
                self.kind(&list.of, node, site);
            }
            Kind::Several(_) if matches!(node.value, Value::Map(_)) => {
                self.wrong_kind(node, site, "a value, or a list of them,");
            }
            Kind::Several(list) => self.list(list, node, site),
            Kind::Text(format) => self.text(format, node, site),
            Kind::Words(words) => self.words(words, node, site),
            Kind::Switch => self.switch(node, site),
            Kind::Whole { least, most, what } => self.whole((*least, *most), what, node, site),
            Kind::Reference(names) => self.reference(names, node, site),
            Kind::Argument => self.argument(node, site),
        }
    }

    pub(super) fn wrong_kind(&mut self, node: &Node, site: Site<'_>, due: &str) {
        let message = format!("{} cannot be {}", site.name, node.word());
        let expected = match site.example {
            "" => due.to_owned(),
            example => format!("{due} such as `{example}`"),
        };
        self.found
            .push(Diagnostic::new(Code::WrongKind, node.mark, message).expected(expected));
    }

    fn object(&mut self, object: &'static Object, node: &Node, site: Site<'_>) {
        let Value::Map(entries) = &node.value else {
            return self.wrong_kind(node, site, "a mapping");
        };
        self.duplicates(entries);
        let choice = self.chosen(object, entries, site);
        for field in object.fields {
            let mut given = entries
                .iter()
                .filter(|entry| entry.key.text == field.key)
                .peekable();
            if given.peek().is_none() && matches!(field.need, Need::Required) {
                self.missing(field, site);
            }
            given.for_each(|entry| self.field(field, entry));
        }
        let known = |entry: &&Entry| object.field(&entry.key.text).is_none();
        for entry in entries.iter().filter(known) {
            self.found.push(misplaced_keys::unknown_key(
                self.document.shape,
                object,
                entry,
                site,
            ));
        }
        for need in choice.into_iter().flat_map(|choice| choice.needs) {
            if let Some(field) = object.field(need).filter(|_| node.entry(need).is_none()) {
                self.missing(field, site);
            }
        }
    }

    fn field(&mut self, field: &'static Field, entry: &Entry) {
        let name = format!("`{}`", field.key);
        let site = Site {
            name: &name,
            key: entry.key.mark,
            example: field.example,
        };
        if !entry.value.is_null() {
            return self.kind(&field.kind, &entry.value, site);
        }
        let mut found = Diagnostic::new(
            Code::MissingValue,
            entry.key.mark,
            format!("{name} has no value"),
        )
        .expected(format!("a value such as `{}`", field.example));
        if !matches!(field.need, Need::Required) {
            found = found.help(format!("give it one, or leave {name} out"));
        }
        self.found.push(found);
    }

    fn missing(&mut self, field: &Field, site: Site<'_>) {
        let message = format!("{} lacks `{}`", site.name, field.key);
        let line = format!("{}: {}", field.key, field.example);
        self.found.push(
            Diagnostic::new(Code::MissingKey, site.key, message)
                .expected(format!("a key such as `{line}`")),
        );
    }

    fn duplicates(&mut self, entries: &[Entry]) {
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

    /// The alternative that is taken, once the others are told that they cannot be.
    fn chosen(
        &mut self,
        object: &'static Object,
        entries: &[Entry],
        site: Site<'_>,
    ) -> Option<&'static super::shape::Choice> {
        let of = |entry: &Entry| object.choice.iter().find(|c| c.key == entry.key.text);
        let Some((choice, chosen)) = entries.iter().find_map(|e| Some((of(e)?, e))) else {
            if !object.choice.is_empty() {
                let keys: Vec<_> = object.choice.iter().map(|choice| choice.key).collect();
                let message = format!("{} {}", site.name, object.lack);
                let expected = format!("one of {}", any_of(keys));
                self.found
                    .push(Diagnostic::new(Code::MissingKey, site.key, message).expected(expected));
            }
            return None;
        };
        for entry in entries {
            let belongs = object.choice_of(&entry.key.text);
            if belongs.is_none_or(|_| choice.has(&entry.key.text)) {
                continue;
            }
            let other = belongs.map_or("", |choice| choice.key);
            let message = if of(entry).is_some() {
                format!(
                    "`{}` and `{}` exclude each other",
                    choice.key, entry.key.text
                )
            } else {
                format!(
                    "`{}` goes with `{other}`, not with `{}`",
                    entry.key.text, choice.key
                )
            };
            self.found.push(
                Diagnostic::new(Code::Conflict, entry.key.mark, message)
                    .related(chosen.key.mark, "the other one"),
            );
        }
        Some(choice)
    }

    fn named(&mut self, format: &Format, object: &'static Object, node: &Node, site: Site<'_>) {
        let Value::Map(entries) = &node.value else {
            return self.wrong_kind(node, site, "a mapping of names");
        };
        self.duplicates(entries);
        for Entry { key, value } in entries {
            let name = quote(&key.text);
            let all = format!("a name in {}", site.name);
            let site = Site {
                name: &name,
                key: key.mark,
                example: "",
            };
            if let Err(invalid) = (format.read)(&key.text) {
                let wrong = bad(format, &key.text, key.mark, &all, &invalid);
                self.found.push(wrong);
            }
            if value.is_null() {
                let message = format!("{name} has no value");
                self.found
                    .push(Diagnostic::new(Code::MissingValue, key.mark, message));
            } else if !matches!(value.value, Value::Broken) {
                self.object(object, value, site);
            }
        }
    }

    fn list(&mut self, list: &'static List, node: &Node, site: Site<'_>) {
        let Value::Seq(items) = &node.value else {
            return self.wrong_kind(node, site, "a list");
        };
        let expected = format!("{} such as `{}`", list.item, list.example);
        if items.len() < list.least {
            let message = format!("{} is empty", site.name);
            self.found.push(
                Diagnostic::new(Code::MissingValue, node.mark, message).expected(expected.as_str()),
            );
        }
        for (n, item) in items.iter().enumerate() {
            let named = item.get("name").and_then(Node::text).map(quote);
            let name = named.unwrap_or_else(|| format!("item {} of {}", n + 1, site.name));
            let start = item
                .entries()
                .first()
                .map_or(item.mark, |entry| entry.key.mark);
            // An item of nothing has no place of its own.
            let key = if item.mark.start == item.mark.end {
                site.key
            } else {
                start
            };
            let empty = item.text() == Some("") && item.is_null();
            if empty || item.is_null() && !matches!(list.of, Kind::Argument) {
                let message = format!("{name} is empty");
                let found = Diagnostic::new(Code::MissingValue, key, message);
                self.found.push(found.expected(expected.as_str()));
            } else {
                self.kind(
                    &list.of,
                    item,
                    Site {
                        name: &name,
                        key,
                        example: list.example,
                    },
                );
            }
        }
        self.unique(list, items, site);
    }

    fn unique(&mut self, list: &List, items: &[Node], site: Site<'_>) {
        let expected = match list.unique {
            Unique::No | Unique::ByName => "a name of its own",
            Unique::ByText => "each of them once",
        };
        let name = |item: &'_ Node| match list.unique {
            Unique::No => None,
            Unique::ByName => Some((item.get("name")?.text()?.to_owned(), item.get("name")?.mark)),
            Unique::ByText => Some((item.text()?.to_owned(), item.mark)),
        };
        let mut seen: BTreeMap<String, Mark> = BTreeMap::new();
        for (text, mark) in items.iter().filter_map(name) {
            let first = *seen.entry(text.clone()).or_insert(mark);
            if first != mark {
                let message = format!("{} has {} twice", site.name, quote(&text));
                self.found.push(
                    Diagnostic::new(Code::DuplicateName, mark, message)
                        .expected(expected)
                        .related(first, "the first"),
                );
            }
        }
    }

    fn forms(&mut self, forms: &Forms, node: &Node, site: Site<'_>) {
        match &node.value {
            Value::Scalar(_) => self.text(forms.short, node, site),
            Value::Map(_) => self.object(forms.long, node, site),
            Value::Seq(_) => {
                let example = site.example;
                let keys = any_of(forms.long.keys());
                let site = Site {
                    example: "",
                    ..site
                };
                let due = format!("one value such as `{example}`, or a mapping with {keys}");
                self.wrong_kind(node, site, &due);
            }
            Value::Broken => {}
        }
    }
}
