//! A document as a tree.

use serde::{Serialize, Serializer};

/// A document, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Document {
    Null,
    Bool(bool),
    /// A number as JSON writes it.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// In the order in which it is written.
    Object(Vec<(String, Self)>),
}

impl Document {
    /// Puts fields before the others of an object.
    #[must_use]
    pub(crate) fn led_by(self, first: Self) -> Self {
        match (first, self) {
            (Self::Object(mut fields), Self::Object(others)) => {
                fields.extend(others);
                Self::Object(fields)
            }
            (_, other) => other,
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use crate::model::document_form::NUMBER;
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(digits) => to.serialize_newtype_struct(NUMBER, digits),
            Self::Text(text) => to.serialize_str(text),
            Self::List(list) => to.collect_seq(list),
            Self::Object(fields) => to.collect_map(fields.iter().map(|(key, value)| (key, value))),
        }
    }
}
