//! A description of the files, made by `field` from the declarations, for everything that needs a
//! file's keys without reading one. `set` walks it; `json_schema` and `reference` render it.

use super::node::Node;

/// A mapping with declared keys.
pub(crate) struct Object {
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) head: Head,
    pub(crate) doc: String,
    pub(crate) kind: Kind,
}

/// What is known of a field apart from its type.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) key: &'static str,
    pub(crate) need: Need,
    /// An example of the value on one line.
    pub(crate) example: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
    /// The default value.
    Default(&'static str),
    /// One of the fields that exclude each other; one of them is required.
    Either,
    /// Belongs to the exclusive field of this name; `With` is optional, `NeededWith` required.
    With(&'static str),
    NeededWith(&'static str),
}

/// One of the exclusive fields, and the fields that belong to it.
pub(crate) struct Choice {
    pub(crate) key: &'static str,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) may: Vec<&'static str>,
}

pub(crate) enum Kind {
    Text(Text),
    /// Words, each with its meaning.
    Words(Vec<(&'static str, &'static str)>),
    Switch,
    /// A whole number between a minimum and a maximum.
    Whole(u16, u16),
    /// A whole number, or the word `auto`.
    WholeOrAuto(u16, u16),
    /// Text with `${…}` in it.
    Argument,
    /// A mapping of Spark's own settings.
    Conf,
    /// Properties by classifications, which may be nested.
    Configurations,
    List(Box<Items>),
    /// One item, or a list of them.
    Several(Box<Items>),
    /// One value of a kind, or a list of shorter ones.
    OneOr(Box<Self>, Box<Items>),
    /// A mapping whose keys and values are texts, with its maximum number of entries.
    Texts(Text, Text, usize),
    /// A mapping whose keys are names chosen by the user.
    Named(Text, Object),
    Map(Object),
    /// A value with a short form, and the long form that it expands to.
    Forms(Text, Object, Expand),
}

/// A text with a format.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) pattern: &'static str,
    /// A description of the format.
    pub(crate) what: String,
    /// Whether it is a path on this machine.
    pub(crate) is_path: bool,
}

pub(crate) struct Items {
    pub(crate) of: Kind,
    pub(crate) min: usize,
    pub(crate) unique: Unique,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unique {
    No,
    /// No two items have the same value of this key; items are addressed by it.
    By(&'static str),
    /// No two items have the same text.
    ByText,
}

/// Expands a short form to its long form; `None` if the node is not a short form.
pub(crate) type Expand = fn(&Node) -> Option<Node>;

impl Object {
    pub(crate) fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.head.key == key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.head.key)
    }

    /// The fields that exclude each other; empty if there are none.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        choices(self.fields.iter().map(|field| field.head))
    }
}

/// A mapping below a field.
pub(crate) struct Below<'k> {
    pub(crate) object: &'k Object,
    /// `NAME` stands for a name that the user chooses, `0` for the index of an item.
    pub(crate) path: String,
    /// Its short form, if it has one.
    pub(crate) short: Option<&'k Text>,
}

impl Kind {
    /// The mapping that this kind is, or that its items or its long form are.
    pub(crate) fn below(&self) -> Option<&Object> {
        self.mapping("").map(|below| below.object)
    }

    /// The same with its path, for a field at a path.
    pub(crate) fn mapping(&self, path: &str) -> Option<Below<'_>> {
        let at = |object, path: String, short| {
            Some(Below {
                object,
                path,
                short,
            })
        };
        match self {
            Self::Map(object) => at(object, path.to_owned(), None),
            Self::Named(_, object) => at(object, format!("{path}.NAME"), None),
            Self::Forms(short, object, _) => at(object, path.to_owned(), Some(short)),
            Self::List(items) | Self::Several(items) => {
                let item = match items.unique {
                    Unique::By(_) => "NAME",
                    Unique::No | Unique::ByText => "0",
                };
                items.of.mapping(&format!("{path}.{item}"))
            }
            Self::OneOr(one, _) => one.mapping(path),
            Self::Text(_)
            | Self::Words(_)
            | Self::Switch
            | Self::Whole(..)
            | Self::WholeOrAuto(..)
            | Self::Argument
            | Self::Conf
            | Self::Configurations
            | Self::Texts(..) => None,
        }
    }
}

impl Need {
    /// Whether the field is required together with the chosen exclusive field.
    pub(crate) fn is_needed_with(self, chosen: Option<&str>) -> bool {
        matches!(self, Self::NeededWith(one) if chosen == Some(one))
    }
}

impl Choice {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.key == key || self.needs.contains(&key) || self.may.contains(&key)
    }
}

/// The fields of one mapping that exclude each other.
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
