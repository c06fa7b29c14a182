//! Declarations of files. `record!` declares for each key of a mapping its documentation, whether
//! it is required or its default, its type and an example, once. Reading, checking and the
//! description in `shape` all follow from that declaration.

use super::diag::Diagnostic;
use super::node::{Node, Value};
use super::reader::{Reader, Site};
use super::shape::{Field, Head, Kind, Need, Object};
use super::source::{Mark, Source};

/// The type of a field: reads its value, and describes it.
pub(crate) trait Shape {
    type Out;

    fn kind(&self) -> Kind;

    /// Reads the value; returns `None` if it is wrong, after reporting that to the reader.
    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out>;

    /// Whether `null` in a list is ordinary text.
    fn takes_null(&self) -> bool {
        false
    }
}

/// A mapping with declared keys.
pub(crate) struct Record<T> {
    pub(crate) doc: &'static [&'static str],
    /// The message if none of its exclusive fields is set.
    pub(crate) without: &'static str,
    /// The keys, in the order of their declarations.
    pub(crate) keys: &'static [&'static str],
    pub(crate) fields: fn(&mut At<'_, '_>) -> Option<T>,
}

/// The key, documentation and example of a declared field.
pub(crate) struct FieldDoc {
    pub(crate) key: &'static str,
    pub(crate) doc: &'static [&'static str],
    pub(crate) example: &'static str,
}

/// The result of reading a field.
pub(crate) struct Got<'r, T> {
    /// The field's key.
    pub(crate) key: &'static str,
    /// The value as written, with or without mistakes; `None` if the field is not written.
    pub(crate) node: Option<&'r Node>,
    /// `None` if it is wrong, or only described.
    pub(crate) value: Option<T>,
    /// `None` if the field is not written.
    pub(crate) place: Option<Place>,
}

/// The places of a field's key and value.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) key: Mark,
    pub(crate) value: Mark,
}

impl<'r, T> Got<'r, T> {
    fn and_then<U>(self, value: impl FnOnce(T) -> Option<U>) -> Got<'r, U> {
        Got {
            key: self.key,
            node: self.node,
            value: self.value.and_then(value),
            place: self.place,
        }
    }

    /// A valid value that is written, and its place.
    pub(crate) fn written(&self) -> Option<(&T, Mark)> {
        Some((self.value.as_ref()?, self.place?.value))
    }
}

/// Reads the fields of a mapping, or only describes them.
pub(crate) struct At<'r, 'n> {
    reading: Option<Reading<'r, 'n>>,
    /// The heads of all fields so far; the fields themselves only when describing.
    heads: Vec<Head>,
    described: Vec<Field>,
}

struct Reading<'r, 'n> {
    reader: &'r mut Reader<'n>,
    node: &'r Node,
    site: Site<'r>,
}

/// Declares the fields of a mapping as a table. A line is `key: need = type, example;` below its
/// documentation; `need` is a method of `At`. `and` adds the fields of another record. The block
/// after `check` sees each field as a `Got`, the last expression sees the values.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        $vis:vis $name:ident: $out:ty $([without: $without:literal])? = |$at:ident| {
            $(
                $(#[doc = $line:literal])*
                $key:ident: $need:ident $(($with:literal))? = $shape:expr, $example:literal;
            )*
        } $(and $more:pat = $record:ident)? $(check $check:block)? => $make:expr;
    ) => {
        $vis const $name: $crate::text::field::Record<$out> = {
            fn fields($at: &mut $crate::text::field::At<'_, '_>) -> Option<$out> {
                $(
                    let $key = $at.$need(
                        $crate::text::field::FieldDoc {
                            key: $crate::text::field::key(stringify!($key)),
                            doc: &[$($line),*],
                            example: $example,
                        },
                        $($with,)?
                        &$shape,
                    );
                )*
                $(let more = ($record.fields)($at);)?
                $($check)?
                $(let $key = $key.value?;)*
                // A field may be used by `check` alone.
                let _ = ($(&$key),*);
                $(let $more = more?;)?
                Some($make)
            }
            $crate::text::field::Record {
                doc: &[$($doc),*],
                without: concat!($($without)?),
                keys: &[$($crate::text::field::key(stringify!($key))),*],
                fields,
            }
        };
    };
}
pub(crate) use record;

/// The key of a field that is declared under this identifier.
pub(crate) const fn key(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

const fn are_equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut n = 0;
    while n < one.len() && n < other.len() && one[n] == other[n] {
        n += 1;
    }
    n == one.len() && n == other.len()
}

impl<T> Record<T> {
    /// A key, for code that looks it up in the text. Use it in constants: then a key that is not
    /// declared does not compile.
    pub(crate) const fn key(&self, key: &str) -> &'static str {
        let mut n = 0;
        while n < self.keys.len() {
            if are_equal(self.keys[n], key) {
                return self.keys[n];
            }
            n += 1;
        }
        panic!("no such key is declared")
    }

    pub(crate) fn object(&self) -> Object {
        let mut at = At {
            reading: None,
            heads: Vec::new(),
            described: Vec::new(),
        };
        (self.fields)(&mut at);
        Object {
            doc: prose(self.doc),
            fields: at.described,
        }
    }
}

impl<T> Shape for Record<T> {
    type Out = T;

    fn kind(&self) -> Kind {
        Kind::Map(self.object())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<T> {
        let Value::Map(entries) = &node.value else {
            reader.wrong_kind(node, site, "a mapping");
            return None;
        };
        reader.duplicates(entries);
        let before = reader.found.len();
        let mut at = At {
            reading: Some(Reading { reader, node, site }),
            heads: Vec::new(),
            described: Vec::new(),
        };
        let value = (self.fields)(&mut at);
        let heads = at.heads;
        let of_fields = reader.found.split_off(before);
        let chosen = reader.chosen(&heads, self.without, entries, site);
        reader.found.extend(of_fields);
        reader.unknown(&heads, entries, site);
        let needed = |head: &&Head| head.need.is_needed_with(chosen);
        for head in heads.iter().filter(needed) {
            if node.entry(head.key).is_none() {
                reader.missing(*head, site);
            }
        }
        value
    }
}

/// The needs that a field may have, named as in `record!`.
impl<'r> At<'r, '_> {
    pub(crate) fn required<S: Shape>(&mut self, field_doc: FieldDoc, shape: &S) -> Got<'r, S::Out> {
        self.field(field_doc, Need::Required, shape)
            .and_then(std::convert::identity)
    }

    pub(crate) fn optional<S: Shape>(
        &mut self,
        field_doc: FieldDoc,
        shape: &S,
    ) -> Got<'r, Option<S::Out>> {
        self.field(field_doc, Need::Optional, shape)
    }

    /// An optional field whose default is empty.
    pub(crate) fn or_empty<S>(&mut self, field_doc: FieldDoc, shape: &S) -> Got<'r, S::Out>
    where
        S: Shape<Out: Default>,
    {
        let got = self.optional(field_doc, shape);
        got.and_then(|value| Some(value.unwrap_or_default()))
    }

    pub(crate) fn default<S: Shape>(
        &mut self,
        field_doc: FieldDoc,
        default: &'static str,
        shape: &S,
    ) -> Got<'r, S::Out> {
        let got = self.field(field_doc, Need::Default(default), shape);
        got.and_then(|value| match (value, &mut self.reading) {
            (Some(value), _) => Some(value),
            (None, None) => None,
            (None, Some(Reading { reader, site, .. })) => {
                let named = reader.named.len();
                let value = shape.read(reader, &Node::plain(site.key, default), *site);
                // A default value does not name anything in the text.
                reader.named.truncate(named);
                value
            }
        })
    }

    /// One of several fields that exclude each other.
    pub(crate) fn either<S: Shape>(
        &mut self,
        field_doc: FieldDoc,
        shape: &S,
    ) -> Got<'r, Option<S::Out>> {
        self.field(field_doc, Need::Either, shape)
    }

    pub(crate) fn with<S: Shape>(
        &mut self,
        field_doc: FieldDoc,
        one: &'static str,
        shape: &S,
    ) -> Got<'r, Option<S::Out>> {
        self.field(field_doc, Need::With(one), shape)
    }

    pub(crate) fn needed_with<S: Shape>(
        &mut self,
        field_doc: FieldDoc,
        one: &'static str,
        shape: &S,
    ) -> Got<'r, Option<S::Out>> {
        self.field(field_doc, Need::NeededWith(one), shape)
    }

    /// The value if it is written and valid; `Some(None)` if it is not written.
    fn field<S: Shape>(
        &mut self,
        field_doc: FieldDoc,
        need: Need,
        shape: &S,
    ) -> Got<'r, Option<S::Out>> {
        let FieldDoc { key, doc, example } = field_doc;
        let head = Head { key, need, example };
        self.heads.push(head);
        let mut got = Got {
            key,
            node: None,
            value: None,
            place: None,
        };
        let Some(Reading { reader, node, site }) = &mut self.reading else {
            let (doc, kind) = (prose(doc), shape.kind());
            self.described.push(Field { head, doc, kind });
            return got;
        };
        let node: &'r Node = node;
        for entry in node.entries().iter().filter(|entry| entry.key.text == key) {
            let value = reader.field(head, shape, entry);
            if got.place.is_none() {
                got.value = value.map(Some);
                got.node = Some(&entry.value);
                got.place = Some(Place {
                    key: entry.key.mark,
                    value: entry.value.mark,
                });
            }
        }
        if got.place.is_none() && need == Need::Required {
            reader.missing(head, *site);
        } else if got.place.is_none() {
            got.value = Some(None);
        }
        got
    }
}

/// What `check` may use of the mapping that is read.
impl<'r, 'n> At<'r, 'n> {
    /// Reports a mistake that concerns several fields.
    pub(crate) fn wrong(&mut self, found: Diagnostic) {
        if let Some(reading) = &mut self.reading {
            reading.reader.found.push(found);
        }
    }

    /// The line, from 1, on which the mapping begins.
    pub(crate) fn line(&self) -> usize {
        self.reading.as_ref().map_or(0, |reading| {
            let first = reading.node.entries().first();
            let mark = first.map_or(reading.node.mark, |entry| entry.key.mark);
            reading.reader.line(mark)
        })
    }

    /// The value of another key of the mapping; `None` if it is not written, or when only describing.
    pub(crate) fn beside(&self, key: &str) -> Option<&'r Node> {
        self.reading.as_ref()?.node.get(key)
    }

    /// `None` when only describing.
    pub(crate) fn reader(&mut self) -> Option<&mut Reader<'n>> {
        self.reading.as_mut().map(|reading| &mut *reading.reader)
    }

    /// The text that is read; `None` when only describing.
    pub(crate) fn source(&self) -> Option<&Source> {
        self.reading.as_ref()?.reader.sources.first()
    }
}

/// The lines of a documentation as one text.
fn prose(lines: &[&str]) -> String {
    lines.concat().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Invalid;
    use crate::model::stack::Guardrails;
    use crate::text::document::STACK_FILE;
    use crate::text::format::Format;
    use crate::text::stack::guardrails::GUARDRAILS;
    use std::cell::Cell;
    use std::path::Path;

    thread_local! {
        /// How many values this test has read: tests run in parallel.
        static READ: Cell<usize> = const { Cell::new(0) };
    }

    fn counted(text: &str) -> Result<usize, Invalid> {
        READ.set(READ.get() + 1);
        text.parse().map_err(|_| Invalid::new("a number"))
    }

    record! {
        /// Numbers
        /// of two kinds.
        NUMBERS: (usize, usize, Option<usize>) = |at| {
            /// The first.
            r#type: required = Format::by(counted, "[0-9]+"), "1";
            /// The second.
            second: default("7") = Format::by(counted, "[0-9]+"), "2";
            /// The third.
            third: optional = Format::by(counted, "[0-9]+"), "3";
        } => (r#type, second, third);
    }

    fn read<T>(record: &Record<T>, text: &str) -> (Option<T>, Vec<String>) {
        let root = crate::text::read::read(text, 0, 0).root.unwrap();
        let sources = [Source {
            name: "x".to_owned(),
            text: text.to_owned(),
        }];
        let mut reader = Reader::new(&root, &STACK_FILE, &sources, Path::new(""));
        let value = reader.whole(record);
        let found = reader.found.into_iter().map(|found| found.message);
        (value, found.collect())
    }

    #[test]
    fn a_value_is_read_once_and_can_be_described_alone() {
        let object = NUMBERS.object();
        assert_eq!(READ.get(), 3, "what an empty text is refused by");
        let keys: Vec<_> = object.keys().collect();
        assert_eq!(keys, ["type", "second", "third"]);
        assert_eq!(object.doc, "Numbers of two kinds.");
        let (value, found) = read(&NUMBERS, "type: 5\nthird: 6\n");
        assert_eq!((value, found), (Some((5, 7, Some(6))), vec![]));
        assert_eq!(READ.get(), 6, "two that are written, and a default");
    }

    #[test]
    fn a_key_is_looked_up_as_it_is_declared() {
        const TYPE: &str = NUMBERS.key("type");
        assert_eq!(
            (TYPE, NUMBERS.keys),
            ("type", &["type", "second", "third"][..])
        );
        for unknown in ["fourth", "secon", "seconds", "", "r#type"] {
            let looked_up = std::panic::catch_unwind(|| NUMBERS.key(unknown));
            assert!(looked_up.is_err(), "{unknown}");
        }
    }

    #[test]
    fn every_mistake_is_reported_and_no_value_returned() {
        let (value, found) = read(&NUMBERS, "second: x\nthird: y\nfourth: 4\n");
        let all = [
            "`second` cannot be `x`",
            "`third` cannot be `y`",
            "the stack has no `type`",
            "the stack has no key `fourth`",
        ];
        let mut found = found;
        found.sort();
        assert_eq!(
            (value, found.as_slice()),
            (None, all.map(str::to_owned).as_slice())
        );
    }

    #[test]
    fn the_defaults_of_guardrails_are_those_of_the_model() {
        let (value, found) = read(&GUARDRAILS, "{}");
        assert_eq!((value, found), (Some(Guardrails::default()), vec![]));
    }
}
