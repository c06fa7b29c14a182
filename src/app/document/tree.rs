//! A document as a tree.

use serde::{Serialize, Serializer};
use std::ops::Index;

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
    /// Sets a field of an object. A new one follows the others.
    pub(crate) fn set(&mut self, key: &str, value: &impl Serialize) {
        let Self::Object(fields) = self else { return };
        let value = Self::of(value);
        match fields.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => fields.push((key.to_owned(), value)),
        }
    }

    /// The field of an object.
    pub(crate) fn field_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let mut fields = fields.iter_mut();
        fields.find_map(|(name, value)| (name == key).then_some(value))
    }

    /// The items of the list in a field of an object; none if it has no list.
    pub(crate) fn items_mut(&mut self, key: &str) -> impl Iterator<Item = &mut Self> {
        let items = match self.field_mut(key) {
            Some(Self::List(items)) => items.as_mut_slice(),
            _ => &mut [],
        };
        items.iter_mut()
    }

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

impl Index<&str> for Document {
    type Output = Self;

    fn index(&self, key: &str) -> &Self {
        let Self::Object(fields) = self else {
            return &Self::Null;
        };
        let mut fields = fields.iter();
        let found = fields.find(|(name, _)| name == key);
        found.map_or(&Self::Null, |(_, value)| value)
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
