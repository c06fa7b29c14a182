//! The words in which a file's shape is declared: once, as data. `check` and `set` walk it, and
//! `json_schema` writes it down for editors, so that the three cannot disagree.

use super::format::Format;
use super::node::Node;

/// A mapping with keys of ours.
pub(crate) struct Object {
    pub(crate) doc: &'static str,
    pub(crate) fields: &'static [Field],
    /// Fields of which exactly one must be there; none where all go together.
    pub(crate) choice: &'static [Choice],
    /// What is said of one that has none of them.
    pub(crate) lack: &'static str,
}

pub(crate) struct Field {
    pub(crate) key: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) need: Need,
    pub(crate) kind: Kind,
    /// A value as one would write it on one line.
    pub(crate) example: &'static str,
}

pub(crate) enum Need {
    Required,
    Optional,
    /// What it is when nothing is said.
    Default(&'static str),
}

/// One of the fields that exclude each other, and those that belong to it.
pub(crate) struct Choice {
    pub(crate) key: &'static str,
    pub(crate) needs: &'static [&'static str],
    pub(crate) may: &'static [&'static str],
}

pub(crate) enum Kind {
    Text(&'static Format),
    Words(&'static [Word]),
    Switch,
    Whole {
        least: u16,
        most: u16,
        what: &'static str,
    },
    /// The name of something declared elsewhere in the file.
    Reference(&'static Names),
    /// Text with `${…}` in it.
    Argument,
    /// Spark's own settings.
    Conf,
    /// A condition in CEL, whose words YAML may take for its own.
    Expression(&'static Format),
    List(&'static List),
    /// One item, or a list of them.
    Several(&'static List),
    /// A mapping whose keys and values are texts.
    Texts(&'static Texts),
    /// A mapping whose keys are names that the user chooses.
    Named(&'static Format, &'static Object),
    Map(&'static Object),
    Forms(&'static Forms),
}

pub(crate) struct Word {
    pub(crate) text: &'static str,
    pub(crate) doc: &'static str,
}

pub(crate) struct List {
    pub(crate) of: Kind,
    pub(crate) least: usize,
    pub(crate) unique: Unique,
    /// One item, in words, and as one would write it.
    pub(crate) item: &'static str,
    pub(crate) example: &'static str,
}

/// Keys and values that the user chooses. A value is text however it looks: `42`, `true`.
pub(crate) struct Texts {
    pub(crate) key: &'static Format,
    pub(crate) value: &'static Format,
    pub(crate) most: usize,
    /// One entry in words, and what to do about one without a value.
    pub(crate) entry: &'static str,
    pub(crate) none: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unique {
    No,
    /// No two items have the same `name`; items are known by it.
    ByName,
    /// No two items are the same text.
    ByText,
}

/// A value with a short form, and a long form that it stands for.
pub(crate) struct Forms {
    pub(crate) short: &'static Format,
    pub(crate) long: &'static Object,
    /// The long form of a short form, where it is one.
    pub(crate) expand: fn(&Node) -> Option<Node>,
}

/// Where names are declared, and what they are names of.
pub(crate) struct Names {
    pub(crate) what: &'static str,
    pub(crate) root: &'static str,
    pub(crate) format: &'static Format,
}

impl Names {
    /// Those that a file declares, however wrong the file is otherwise.
    pub(crate) fn declared<'a>(&self, root: &'a Node) -> Vec<&'a str> {
        let Some(node) = root.get(self.root) else {
            return Vec::new();
        };
        let listed = node
            .items()
            .iter()
            .filter_map(|item| item.get("name")?.text());
        let keyed = node.entries().iter().map(|entry| entry.key.text.as_str());
        listed.chain(keyed).collect()
    }
}

/// A field, as the tables below `text` write it.
pub(crate) const fn field(
    key: &'static str,
    need: Need,
    kind: Kind,
    example: &'static str,
    doc: &'static str,
) -> Field {
    Field {
        key,
        doc,
        need,
        kind,
        example,
    }
}

/// A mapping whose fields all go together.
pub(crate) const fn plain(doc: &'static str, fields: &'static [Field]) -> Object {
    Object {
        doc,
        fields,
        choice: &[],
        lack: "",
    }
}

impl Object {
    pub(crate) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.key)
    }

    /// The fields that are no part of a choice.
    pub(crate) fn common(&self) -> impl Iterator<Item = &'static Field> {
        self.fields
            .iter()
            .filter(|field| self.choice_of(field.key).is_none())
    }

    /// The choice that a field is, or belongs to.
    pub(crate) fn choice_of(&self, key: &str) -> Option<&'static Choice> {
        self.choice.iter().find(|choice| choice.has(key))
    }
}

impl Choice {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.key == key || self.needs.contains(&key) || self.may.contains(&key)
    }
}
