//! What a file may say, described: `field` makes it of the declarations, for all that has to know
//! a file's keys without reading one. `set` walks it, `json_schema` and `reference` write it down.

use super::node::Node;

/// A mapping with keys of ours.
pub(crate) struct Object {
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) head: Head,
    pub(crate) doc: String,
    pub(crate) kind: Kind,
}

/// What is known of a field without its type.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) key: &'static str,
    pub(crate) need: Need,
    /// A value as one would write it on one line.
    pub(crate) example: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
    /// What it is when nothing is said.
    Default(&'static str),
    /// One of those that exclude each other, of which one has to be there.
    Either,
    /// It goes with that one of them, and may or has to be there.
    With(&'static str),
    NeededWith(&'static str),
}

/// One of the fields that exclude each other, and those that belong to it.
pub(crate) struct Choice {
    pub(crate) key: &'static str,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) may: Vec<&'static str>,
}

pub(crate) enum Kind {
    Text(Text),
    /// Words, and what each is for.
    Words(Vec<(&'static str, &'static str)>),
    Switch,
    /// A whole number, and the least and the most that it may be.
    Whole(u16, u16),
    /// Text with `${…}` in it.
    Argument,
    /// Spark's own settings.
    Conf,
    List(Box<Items>),
    /// One item, or a list of them.
    Several(Box<Items>),
    /// A mapping whose keys and values are texts, at most so many.
    Texts(Text, Text, usize),
    /// A mapping whose keys are names that the user chooses.
    Named(Text, Object),
    Map(Object),
    /// A value with a short form, and the long form that it stands for.
    Forms(Text, Object, Expand),
}

/// A text of one format.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) pattern: &'static str,
    /// What it is, in words.
    pub(crate) what: String,
    /// A path of this machine.
    pub(crate) is_path: bool,
}

pub(crate) struct Items {
    pub(crate) of: Kind,
    pub(crate) least: usize,
    pub(crate) unique: Unique,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unique {
    No,
    /// No two items have the same `name`; items are known by it.
    ByName,
    /// No two items are the same text.
    ByText,
}

/// The long form of a short form, where it is one.
pub(crate) type Expand = fn(&Node) -> Option<Node>;

impl Object {
    pub(crate) fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.head.key == key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.head.key)
    }

    /// The fields that exclude each other; none where all go together.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        choices(self.fields.iter().map(|field| field.head))
    }
}

impl Kind {
    /// The mapping that it is, or that its items or its long form are.
    pub(crate) fn below(&self) -> Option<&Object> {
        match self {
            Self::Map(object) | Self::Named(_, object) | Self::Forms(_, object, _) => Some(object),
            Self::List(items) | Self::Several(items) => items.of.below(),
            Self::Text(_)
            | Self::Words(_)
            | Self::Switch
            | Self::Whole(..)
            | Self::Argument
            | Self::Conf
            | Self::Texts(..) => None,
        }
    }
}

impl Need {
    /// Whether it has to be there beside the one of those that exclude each other.
    pub(crate) fn is_needed_with(self, chosen: Option<&str>) -> bool {
        matches!(self, Self::NeededWith(one) if chosen == Some(one))
    }
}

impl Choice {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.key == key || self.needs.contains(&key) || self.may.contains(&key)
    }
}

/// Those among the fields of one mapping that exclude each other.
pub(crate) fn choices(heads: impl Iterator<Item = Head> + Clone) -> Vec<Choice> {
    let of = |need: fn(&'static str) -> Need, key| {
        let own = heads.clone().filter(|head| head.need == need(key));
        own.map(|head| head.key).collect()
    };
    let either = heads.clone().filter(|head| head.need == Need::Either);
    let choice = |head: Head| Choice {
        key: head.key,
        needs: of(Need::NeededWith, head.key),
        may: of(Need::With, head.key),
    };
    either.map(choice).collect()
}
