//! A tree against its declared shape: every mistake that shows in one place alone, and every
//! reference to a name that is not there.

use super::arg::{self, Hole, Part};
use super::diag::{Code, Diagnostic};
use super::format::Format;
use super::nearest::{all_of, any_of, nearest, quote};
use super::node::{Entry, Node, Scalar, Value};
use super::shape::{Field, Forms, Kind, List, Names, Need, Object, Unique, Word};
use super::source::{Mark, Source};
use super::stack_shape::DATA_SETS;
use super::{conf, lost};
use crate::model::Invalid;

/// What is being looked at: its name in messages, and where its key stands.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: Mark,
}

pub(crate) struct Checker<'a> {
    root: &'a Node,
    shape: &'static Object,
    sources: &'a [Source],
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(root: &'a Node, shape: &'static Object, sources: &'a [Source]) -> Self {
        Self {
            root,
            shape,
            sources,
            found: Vec::new(),
        }
    }

    pub(crate) fn run(mut self) -> Vec<Diagnostic> {
        let first = self.root.entries().first();
        let key = first.map_or(self.root.mark, |entry| entry.key.mark);
        self.object(
            self.shape,
            self.root,
            Site {
                name: "the stack",
                key,
            },
        );
        self.found
    }

    fn kind(&mut self, kind: &Kind, node: &Node, site: Site<'_>) {
        if matches!(node.value, Value::Broken) {
            return;
        }
        match kind {
            Kind::Map(object) => self.object(object, node, site),
            Kind::Named(format, object) => self.named(format, object, node, site),
            Kind::List(list) => self.list(list, node, site),
            Kind::Forms(forms) => self.forms(forms, node, site),
            Kind::Conf => conf::check(node, site, &mut self.found),
            Kind::Text(format) => self.text(format, node, site),
            Kind::Words(words) => self.words(words, node, site),
            Kind::Switch => self.switch(node, site),
            Kind::Whole { least, most, what } => self.whole((*least, *most), what, node, site),
            Kind::Reference(names) => self.reference(names, node, site),
            Kind::Argument => self.argument(node, site),
        }
    }

    fn wrong_kind(&mut self, node: &Node, site: Site<'_>, due: &str) {
        let message = format!("{} must be {due}, not {}", site.name, node.word());
        self.found
            .push(Diagnostic::new(Code::WrongKind, node.mark, message).expected(due));
    }

    fn object(&mut self, object: &'static Object, node: &Node, site: Site<'_>) {
        let Value::Map(entries) = &node.value else {
            let keys = object.keys().take(3);
            return self.wrong_kind(
                node,
                site,
                &format!("a mapping with keys such as {}", any_of(keys)),
            );
        };
        self.duplicates(entries);
        let choice = self.chosen(object, entries, site);
        for field in object.fields {
            let entry = entries.iter().find(|entry| entry.key.text == field.key);
            match (entry, &field.need) {
                (None, Need::Required) => self.missing(field, site),
                (None, Need::Optional | Need::Default(_)) => {}
                (Some(entry), _) => self.field(field, entry),
            }
        }
        let known = |entry: &&Entry| object.field(&entry.key.text).is_none();
        for entry in entries.iter().filter(known) {
            self.found
                .push(lost::unknown_key(self.shape, object, entry, site));
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
                .expected(format!("`{}` in it", field.key))
                .help(format!("such as {}", quote(&line))),
        );
    }

    fn duplicates(&mut self, entries: &[Entry]) {
        for (n, entry) in entries.iter().enumerate() {
            let first = entries[..n]
                .iter()
                .find(|other| other.key.text == entry.key.text);
            if let Some(first) = first {
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
                let message = format!("{} does not say where it is", site.name);
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
            return self.wrong_kind(node, site, "a mapping from names to data sets");
        };
        self.duplicates(entries);
        for Entry { key, value } in entries {
            let name = quote(&key.text);
            let site = Site {
                name: &name,
                key: key.mark,
            };
            if let Err(invalid) = (format.read)(&key.text) {
                let wrong = bad(format, &key.text, key.mark, "the name", &invalid);
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
        if items.len() < list.least {
            let message = format!("{} is empty", site.name);
            self.found
                .push(Diagnostic::new(Code::MissingValue, node.mark, message).expected(list.item));
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
                self.found.push(found.expected(list.item));
            } else {
                self.kind(&list.of, item, Site { name: &name, key });
            }
        }
        self.unique(list, items, site);
    }

    fn unique(&mut self, list: &List, items: &[Node], site: Site<'_>) {
        let name = |item: &'_ Node| match list.unique {
            Unique::No => None,
            Unique::ByName => Some((item.get("name")?.text()?.to_owned(), item.get("name")?.mark)),
            Unique::ByText => Some((item.text()?.to_owned(), item.mark)),
        };
        let names: Vec<_> = items.iter().filter_map(name).collect();
        for (n, (text, mark)) in names.iter().enumerate() {
            if let Some((_, first)) = names[..n].iter().find(|(other, _)| other == text) {
                let message = format!("{} has {} twice", site.name, quote(text));
                self.found.push(
                    Diagnostic::new(Code::DuplicateName, *mark, message)
                        .expected("a name of its own")
                        .related(*first, "the first"),
                );
            }
        }
    }

    fn forms(&mut self, forms: &Forms, node: &Node, site: Site<'_>) {
        match &node.value {
            Value::Scalar(_) => self.text(forms.short, node, site),
            Value::Map(_) => self.object(forms.long, node, site),
            Value::Seq(_) => {
                let keys = any_of(forms.long.keys());
                self.wrong_kind(node, site, &format!("one value, or a mapping with {keys}"));
            }
            Value::Broken => {}
        }
    }

    /// The scalar, once whatever else stands there is told that it is none.
    fn scalar<'n>(&mut self, node: &'n Node, site: Site<'_>) -> Option<&'n Scalar> {
        if node.scalar().is_none() {
            self.wrong_kind(node, site, "a single value");
        }
        node.scalar()
    }

    fn text(&mut self, format: &Format, node: &Node, site: Site<'_>) {
        if let Some(scalar) = self.scalar(node, site)
            && let Err(invalid) = (format.read)(&scalar.text)
        {
            self.found
                .push(bad(format, &scalar.text, node.mark, site.name, &invalid));
        }
    }

    fn words(&mut self, words: &[Word], node: &Node, site: Site<'_>) {
        let known = || words.iter().map(|word| word.text);
        if let Some(scalar) = self.scalar(node, site)
            && !known().any(|word| word == scalar.text)
        {
            let message = format!("{} cannot be {}", site.name, quote(&scalar.text));
            self.found.push(
                Diagnostic::new(Code::BadValue, node.mark, message)
                    .expected(any_of(known()))
                    .meant(nearest(&scalar.text, known())),
            );
        }
    }

    fn switch(&mut self, node: &Node, site: Site<'_>) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        if scalar.plain && matches!(scalar.text.as_str(), "true" | "false") {
            return;
        }
        let meant = match scalar.text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some("true"),
            "false" | "no" | "off" | "n" | "0" => Some("false"),
            _ => None,
        };
        let message = format!("{} cannot be {}", site.name, quote(&scalar.text));
        self.found.push(
            Diagnostic::new(Code::BadValue, node.mark, message)
                .expected("`true` or `false`, without quotes")
                .meant(meant),
        );
    }

    fn whole(&mut self, (least, most): (u16, u16), what: &str, node: &Node, site: Site<'_>) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        if read_whole(scalar).is_some_and(|number| (least..=most).contains(&number)) {
            return;
        }
        let message = format!("{} cannot be {}", site.name, quote(&scalar.text));
        let expected = format!("{what} from {least} to {most}, without quotes");
        self.found
            .push(Diagnostic::new(Code::BadValue, node.mark, message).expected(expected));
    }

    fn reference(&mut self, names: &Names, node: &Node, site: Site<'_>) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        let declared = names.declared(self.root);
        if declared.contains(&scalar.text.as_str()) {
            return;
        }
        if let Err(invalid) = (names.format.read)(&scalar.text) {
            return self.found.push(bad(
                names.format,
                &scalar.text,
                node.mark,
                site.name,
                &invalid,
            ));
        }
        self.found
            .push(dangling(names, &declared, &scalar.text, node.mark, ""));
    }

    fn argument(&mut self, node: &Node, site: Site<'_>) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        for part in arg::parts(&scalar.text) {
            if let Part::Hole(hole) = part {
                let at = self.within(node, &scalar.text, &hole);
                self.hole(hole.inside.as_deref(), at);
            }
        }
    }

    /// Where in the source a part of a scalar stands; all of the scalar where it was escaped.
    fn within(&self, node: &Node, text: &str, hole: &Hole) -> Mark {
        let source = &self.sources[node.mark.source].text;
        let raw = source.get(node.mark.range()).unwrap_or_default();
        match raw.find(text) {
            Some(quote) if raw.len() <= text.len() + 2 => {
                let start = node.mark.start + quote;
                Mark::new(
                    node.mark.source,
                    start + hole.range.start..start + hole.range.end,
                )
            }
            _ => node.mark,
        }
    }

    fn hole(&mut self, inside: Option<&str>, at: Mark) {
        let Some(inside) = inside else {
            self.found.push(
                Diagnostic::new(Code::UnclosedPlaceholder, at, "a `${` without its `}`")
                    .help("write `$${` where a plain `${` is meant"),
            );
            return;
        };
        let declared = DATA_SETS.declared(self.root);
        let missing = |name: &&str| !declared.contains(name);
        let data = inside
            .strip_prefix("data.")
            .filter(|name| (DATA_SETS.format.read)(name).is_ok());
        if let Some(name) = data.filter(missing) {
            self.found
                .push(dangling(&DATA_SETS, &declared, name, at, "data."));
        } else if arg::piece(inside).is_none() {
            let mut known = vec!["results".to_owned(), "scratch".to_owned()];
            known.extend(declared.iter().map(|name| format!("data.{name}")));
            let meant = nearest(inside.trim(), known.iter().map(String::as_str)).or_else(|| {
                known
                    .iter()
                    .map(String::as_str)
                    .find(|name| *name == inside.trim())
            });
            let message = format!("{} stands for nothing", quote(&format!("${{{inside}}}")));
            let mut found = Diagnostic::new(Code::UnknownPlaceholder, at, message)
                .expected("`${data.NAME}`, `${results}` or `${scratch}`")
                .meant(meant.map(|name| format!("${{{name}}}")));
            if found.help.is_none() {
                found = found.help("write `$${` where a plain `${` is meant");
            }
            self.found.push(found);
        }
    }
}

/// A whole number in plain digits; `022` and `0x16` mean different things to different readers.
pub(crate) fn read_whole(scalar: &Scalar) -> Option<u16> {
    let digits = scalar.text.bytes().all(|byte| byte.is_ascii_digit());
    let leading = scalar.text.len() > 1 && scalar.text.starts_with('0');
    if !scalar.plain || !digits || leading {
        return None;
    }
    scalar.text.parse().ok()
}

/// A value that its format does not read.
pub(crate) fn bad(
    format: &Format,
    text: &str,
    at: Mark,
    name: &str,
    invalid: &Invalid,
) -> Diagnostic {
    let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (code, message) = if bare && format.measured {
        (
            Code::NoUnit,
            format!("{name} has a number without its unit"),
        )
    } else {
        (Code::BadValue, format!("{name} cannot be {}", quote(text)))
    };
    Diagnostic::new(code, at, message)
        .expected(invalid.expected.as_str())
        .meant(format.meant(text))
}

fn dangling(names: &Names, declared: &[&str], text: &str, at: Mark, prefix: &str) -> Diagnostic {
    let Names { what, root, .. } = names;
    let message = format!("there is no {what} {}", quote(text));
    let found = Diagnostic::new(Code::DanglingReference, at, message)
        .expected(format!("a {what} that `{root}` declares"));
    match nearest(text, declared.iter().copied()) {
        Some(name) if prefix.is_empty() => found.meant(Some(name)),
        Some(name) => found.meant(Some(format!("${{{prefix}{name}}}"))),
        None if declared.is_empty() => found.help(format!("`{root}` declares none")),
        None => found.help(format!(
            "`{root}` declares {}",
            all_of(declared.iter().copied())
        )),
    }
}
