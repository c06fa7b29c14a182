//! Types of fields that are a single value: texts with a format, words, numbers, references.

use super::arg::{self, Hole, Part};
use super::diag::{Code, Diagnostic};
use super::field::Shape;
use super::format::{self, Format};
use super::named::{Named, What};
use super::nearest::{all_of, any_of, nearest, quote};
use super::node::{Node, Scalar};
use super::paths;
use super::reader::{Reader, Site};
use super::shape::{Kind, Text};
use super::source::Mark;
use super::stack::DATA_SETS;
use crate::model::Invalid;
use crate::model::instance::Nodes;
use crate::model::stack::{Arg, Piece};
use crate::model::step_words;
use crate::model::work::NumberOrAuto;
use std::path::PathBuf;

impl Reader<'_> {
    /// The scalar; anything else is reported.
    pub(super) fn scalar<'n>(&mut self, node: &'n Node, site: Site<'_>) -> Option<&'n Scalar> {
        if node.scalar().is_none() {
            self.wrong_kind(node, site, "a single value");
        }
        node.scalar()
    }

    fn cannot_be(&mut self, text: &str, node: &Node, site: Site<'_>, expected: String) {
        let message = format!("{} cannot be {}", site.name, quote(text));
        let found = Diagnostic::new(Code::BadValue, node.mark, message).expected(expected);
        self.found.push(found);
    }

    /// Records the name of something outside the text.
    pub(super) fn name(&mut self, what: What, text: &str, at: Mark, path: Option<PathBuf>) {
        self.named.push(Named::new(what, text, at, path));
    }
}

impl<T> Format<T> {
    pub(crate) fn described(&self) -> Text {
        let what = (self.read)("").err();
        Text {
            pattern: self.pattern,
            what: what.map_or_else(String::new, |invalid| invalid.expected),
            is_path: false,
        }
    }

    /// Whether a text has the format.
    fn reads(&self, text: &str) -> bool {
        (self.read)(text).is_ok()
    }

    /// The value of a text at a place; `None` if it does not have the format.
    pub(super) fn value(
        &self,
        text: &str,
        at: Mark,
        name: &str,
        found: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        let wrong = |invalid: Invalid| found.push(self.bad(text, at, name, &invalid));
        (self.read)(text).map_err(wrong).ok()
    }

    fn bad(&self, text: &str, at: Mark, name: &str, invalid: &Invalid) -> Diagnostic {
        let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let (code, message) = if bare && self.measured {
            let message = format!("{name} has a number without its unit");
            (Code::NoUnit, message)
        } else if text.trim().is_empty() {
            (Code::BadValue, format!("{name} is empty"))
        } else {
            (Code::BadValue, format!("{name} cannot be {}", quote(text)))
        };
        Diagnostic::new(code, at, message)
            .expected(invalid.expected.as_str())
            .meant(self.meant(text))
    }
}

impl<T> Shape for Format<T> {
    type Out = T;

    fn kind(&self) -> Kind {
        Kind::Text(self.described())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<T> {
        let scalar = reader.scalar(node, site)?;
        self.value(&scalar.text, node.mark, site.name, &mut reader.found)
    }
}

/// A name of something outside the text.
pub(crate) struct Outside<S>(pub(crate) What, pub(crate) S);

impl<S: Shape> Shape for Outside<S> {
    type Out = S::Out;

    fn kind(&self) -> Kind {
        self.1.kind()
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<S::Out> {
        if let Some(text) = node.text() {
            reader.name(self.0, text, node.mark, None);
        }
        self.1.read(reader, node, site)
    }
}

/// Machines, whose instance type is checked outside the text.
pub(crate) struct Machines(pub(crate) Format<Nodes>);

impl Shape for Machines {
    type Out = Nodes;

    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Nodes> {
        let nodes = self.0.read(reader, node, site)?;
        let name = nodes.instance_type.to_string();
        reader.name(What::Core, &name, node.mark, None);
        Some(nodes)
    }
}

/// Core or task nodes, whose instance type is named for that role.
pub(crate) struct Role<S>(pub(crate) What, pub(crate) S);

impl<S: Shape> Shape for Role<S> {
    type Out = S::Out;

    fn kind(&self) -> Kind {
        self.1.kind()
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<S::Out> {
        let before = reader.named.len();
        let value = self.1.read(reader, node, site);
        let of_this = reader.named.iter_mut().skip(before);
        of_this.for_each(|named| named.what = self.0);
        value
    }
}

/// A path on this machine, relative to the folder of the file, and what it must lead to.
pub(crate) struct LocalPath(pub(crate) Format<String>, pub(crate) Option<What>);

impl Shape for LocalPath {
    type Out = PathBuf;

    fn kind(&self) -> Kind {
        Kind::Text(Text {
            is_path: true,
            ..self.0.described()
        })
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<PathBuf> {
        if let (Some(what), Some(text)) = (self.1, node.text().filter(|text| !text.is_empty())) {
            let path = paths::join(reader.base, text);
            reader.name(what, text, node.mark, Some(path));
        }
        let text = self.0.read(reader, node, site)?;
        Some(paths::join(reader.base, &text))
    }
}

/// One of a few words: each with its value and meaning.
pub(crate) struct Words<T, const N: usize>(pub(crate) [(&'static str, T, &'static str); N]);

impl<T: Copy, const N: usize> Shape for Words<T, N> {
    type Out = T;

    fn kind(&self) -> Kind {
        Kind::Words(self.0.iter().map(|(word, _, doc)| (*word, *doc)).collect())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<T> {
        let text = reader.scalar(node, site)?.text.as_str();
        if let Some((_, value, _)) = self.0.iter().find(|(word, ..)| *word == text) {
            return Some(*value);
        }
        let known = || self.0.iter().map(|(word, ..)| *word);
        let message = format!("{} cannot be {}", site.name, quote(text));
        reader.found.push(
            Diagnostic::new(Code::BadValue, node.mark, message)
                .expected(any_of(known()))
                .meant(nearest(text, known())),
        );
        None
    }
}

/// `true` or `false`.
pub(crate) struct Switch;

impl Shape for Switch {
    type Out = bool;

    fn kind(&self) -> Kind {
        Kind::Switch
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<bool> {
        let scalar = reader.scalar(node, site)?;
        if scalar.plain && matches!(scalar.text.as_str(), "true" | "false") {
            return Some(scalar.text == "true");
        }
        let meant = match scalar.text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some("true"),
            "false" | "no" | "off" | "n" | "0" => Some("false"),
            _ => None,
        };
        let message = format!("{} cannot be {}", site.name, quote(&scalar.text));
        reader.found.push(
            Diagnostic::new(Code::BadValue, node.mark, message)
                .expected("`true` or `false`, without quotes")
                .meant(meant),
        );
        None
    }
}

/// A whole number: its minimum, its maximum, and what it is in words.
pub(crate) struct Whole(pub(crate) u16, pub(crate) u16, pub(crate) &'static str);

impl Shape for Whole {
    type Out = u16;

    fn kind(&self) -> Kind {
        Kind::Whole(self.0, self.1)
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<u16> {
        let Self(min, max, what) = self;
        let scalar = reader.scalar(node, site)?;
        let number = read_whole(scalar).filter(|number| (min..=max).contains(&number));
        if number.is_none() {
            let expected = format!("{what} from {min} to {max}, without quotes");
            reader.cannot_be(&scalar.text, node, site, expected);
        }
        number
    }
}

/// The word for what the planner chooses.
pub(crate) const AUTO: &str = "auto";

/// A whole number, or `auto`.
pub(crate) struct WholeOrAuto(pub(crate) Whole);

impl Shape for WholeOrAuto {
    type Out = NumberOrAuto;

    fn kind(&self) -> Kind {
        Kind::WholeOrAuto(self.0.0, self.0.1)
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<NumberOrAuto> {
        if node.text() == Some(AUTO) {
            return Some(NumberOrAuto::Auto);
        }
        let Self(Whole(min, max, what)) = self;
        let scalar = reader.scalar(node, site)?;
        let number = read_whole(scalar).filter(|number| (min..=max).contains(&number));
        if number.is_none() {
            let expected = format!("{what} from {min} to {max}, without quotes, or `{AUTO}`");
            reader.cannot_be(&scalar.text, node, site, expected);
        }
        number.map(NumberOrAuto::Given)
    }
}

/// A whole number in plain digits; `022` and `0x16` mean different things to different readers.
fn read_whole(scalar: &Scalar) -> Option<u16> {
    let digits = scalar.text.bytes().all(|byte| byte.is_ascii_digit());
    let leading = scalar.text.len() > 1 && scalar.text.starts_with('0');
    if !scalar.plain || !digits || leading {
        return None;
    }
    scalar.text.parse().ok()
}

/// A reference to something that is declared elsewhere in the file.
pub(crate) struct Names<T> {
    pub(crate) what: &'static str,
    /// The key under which it is declared; and, for a list, the key of an item's name.
    pub(crate) root: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) format: Format<T>,
}

impl<T> Names<T> {
    /// The names that a file declares, even if it has other mistakes.
    pub(crate) fn declared<'a>(&self, root: &'a Node) -> Vec<&'a str> {
        let Some(node) = root.get(self.root) else {
            return Vec::new();
        };
        let named = |item: &'a Node| item.get(self.name?)?.text();
        let listed = node.items().iter().filter_map(named);
        let keyed = node.entries().iter().map(|entry| entry.key.text.as_str());
        listed.chain(keyed).collect()
    }

    fn dangling(&self, declared: &[&str], text: &str, at: Mark, prefix: &str) -> Diagnostic {
        let Self { what, root, .. } = self;
        let message = format!("there is no {what} {}", quote(text));
        let found = Diagnostic::new(Code::DanglingReference, at, message)
            .expected(format!("a {what} that `{root}` declares"));
        let known = || declared.iter().copied();
        match nearest(text, known()) {
            Some(name) if prefix.is_empty() => found.meant(Some(name)),
            Some(name) => found.meant(Some(format!("${{{prefix}{name}}}"))),
            None if declared.is_empty() => found.help(format!("`{root}` declares no {what}")),
            None => found.help(format!("`{root}` declares {}", all_of(known()))),
        }
    }
}

impl<T> Shape for Names<T> {
    type Out = T;

    fn kind(&self) -> Kind {
        self.format.kind()
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<T> {
        let text = reader.scalar(node, site)?.text.as_str();
        let declared = self.declared(reader.root);
        let is_declared = declared.contains(&text);
        // The declaration is checked at its own place.
        if is_declared {
            return (self.format.read)(text).ok();
        }
        let found = &mut reader.found;
        self.format.value(text, node.mark, site.name, found)?;
        found.push(self.dangling(&declared, text, node.mark, ""));
        None
    }
}

/// An argument of a step: text with `${…}` in it.
pub(crate) struct Argument;

impl Shape for Argument {
    type Out = Arg;

    fn kind(&self) -> Kind {
        Kind::Argument
    }

    fn takes_null(&self) -> bool {
        true
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Arg> {
        let scalar = reader.scalar(node, site)?;
        if scalar.text.contains('\0') {
            reader.cannot_be(
                "\\0",
                node,
                site,
                "a text without NUL characters".to_owned(),
            );
            return None;
        }
        let address = step_words::value(&scalar.text);
        if format::S3.reads(address) {
            reader.name(What::ArgInS3, address, node.mark, None);
        }
        let piece = |part| match part {
            Part::Text(text) => Some(Piece::Text(text)),
            Part::Hole(hole) => {
                let at = within(reader, node, &scalar.text, &hole);
                placeholder(reader, hole.inside.as_deref(), at)
            }
        };
        let pieces: Vec<_> = arg::parts(&scalar.text).into_iter().map(piece).collect();
        pieces.into_iter().collect()
    }
}

/// The place of a part of a scalar in the source; the whole scalar if it contains escapes.
fn within(reader: &Reader<'_>, node: &Node, text: &str, hole: &Hole) -> Mark {
    let source = &reader.sources[node.mark.source].text;
    let raw = source.get(node.mark.range()).unwrap_or_default();
    match raw.find(text) {
        Some(quote) if raw.len() <= text.len() + 2 => {
            let start = node.mark.start + quote;
            let range = start + hole.range.start..start + hole.range.end;
            Mark::new(node.mark.source, range)
        }
        _ => node.mark,
    }
}

fn placeholder(reader: &mut Reader<'_>, inside: Option<&str>, at: Mark) -> Option<Piece> {
    let plain = "write `$${` for a literal `${`";
    let Some(inside) = inside else {
        let found = Diagnostic::new(Code::UnclosedPlaceholder, at, "a `${` without its `}`");
        reader.found.push(found.help(plain));
        return None;
    };
    let declared = DATA_SETS.declared(reader.root);
    let piece = arg::piece(inside);
    let name = inside.strip_prefix("data.").unwrap_or_default();
    match piece {
        Some(Piece::Data(_)) if !declared.contains(&name) => {
            let found = DATA_SETS.dangling(&declared, name, at, "data.");
            reader.found.push(found);
            return None;
        }
        Some(piece) => return Some(piece),
        None => {}
    }
    let mut known = vec!["results".to_owned(), "scratch".to_owned()];
    known.extend(declared.iter().map(|name| format!("data.{name}")));
    let known = || known.iter().map(String::as_str);
    let trimmed = inside.trim();
    let meant = nearest(trimmed, known()).or_else(|| known().find(|name| *name == trimmed));
    let message = format!(
        "{} is not a known placeholder",
        quote(&format!("${{{inside}}}"))
    );
    let found = Diagnostic::new(Code::UnknownPlaceholder, at, message)
        .expected("`${data.NAME}`, `${results}` or `${scratch}`");
    reader.found.push(match meant {
        Some(name) => found.meant(Some(format!("${{{name}}}"))),
        None => found.help(plain),
    });
    None
}
