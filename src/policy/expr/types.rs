//! The types of a rule's parts: number, text, list and so on.

use crate::policy::names::{Name, Shape};

#[derive(Debug, Clone)]
pub(super) enum Type {
    /// The type of a part with a flaw, and of an empty list's elements.
    Any,
    Bool,
    Int,
    Double,
    Text,
    List(Box<Self>),
    Map(Box<Self>),
    Group(&'static [Name]),
}

impl From<&Shape> for Type {
    fn from(shape: &Shape) -> Self {
        match shape {
            Shape::Bool => Self::Bool,
            Shape::Int => Self::Int,
            Shape::Double => Self::Double,
            Shape::Text => Self::Text,
            Shape::List(of) => Self::List(Box::new(Self::from(*of))),
            Shape::Map(of) => Self::Map(Box::new(Self::from(*of))),
            Shape::Group(names) => Self::Group(names),
        }
    }
}

impl Type {
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Double | Self::Any)
    }

    /// The type of a macro's variable over this type; `None` if it cannot be iterated.
    pub(super) fn element(&self) -> Option<Self> {
        match self {
            Self::Any => Some(Self::Any),
            Self::List(of) => Some((**of).clone()),
            Self::Map(_) => Some(Self::Text),
            Self::Bool | Self::Int | Self::Double | Self::Text | Self::Group(_) => None,
        }
    }

    /// Whether values of the two types can be compared for equality.
    pub(super) fn compares(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _)
            | (_, Self::Any)
            | (Self::Bool, Self::Bool)
            | (Self::Text, Self::Text) => true,
            (Self::List(one), Self::List(other)) | (Self::Map(one), Self::Map(other)) => {
                one.compares(other)
            }
            (one, other) => one.is_number() && other.is_number(),
        }
    }

    /// Whether CEL treats both as the same type; unlike rules, it distinguishes whole numbers from
    /// doubles.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int, Self::Double) | (Self::Double, Self::Int) => false,
            (Self::List(one), Self::List(other)) | (Self::Map(one), Self::Map(other)) => {
                one.same(other)
            }
            (Self::Group(one), Self::Group(other)) => std::ptr::eq(*one, *other),
            _ => self.compares(other),
        }
    }

    pub(super) fn word(&self) -> String {
        match self {
            Self::Any => "a value".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Int | Self::Double => "a number".to_owned(),
            Self::Text => "text".to_owned(),
            Self::List(of) => format!("a list of {}", of.plural()),
            Self::Map(of) => format!("a map of {}", of.plural()),
            Self::Group(_) => "a group of names".to_owned(),
        }
    }

    fn plural(&self) -> String {
        match self {
            Self::Any => "values".to_owned(),
            Self::Bool => "truths".to_owned(),
            Self::Int | Self::Double => "numbers".to_owned(),
            Self::Text => "text".to_owned(),
            Self::List(_) => "lists".to_owned(),
            Self::Map(_) => "maps".to_owned(),
            Self::Group(_) => "groups of names".to_owned(),
        }
    }
}
