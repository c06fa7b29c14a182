//! Serialization of small types by their text.

use serde::{Serialize, Serializer};
use std::fmt::Display;

/// Implements serde by text for a type with `FromStr<Err = Invalid>` and `Display`. With a function
/// that makes another form of it, documents have that form (`document_form`).
macro_rules! serde_by_text {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        $crate::model::parsed::serde_by_text!(read $name);
    };
    ($name:ty, in documents $form:ty = $make:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let form: fn(&Self) -> $form = $make;
                let kept = $crate::model::parsed::ByText(self);
                $crate::model::document_form::serialize(&kept, &form(self), to)
            }
        }
        $crate::model::parsed::serde_by_text!(read $name);
    };
    (read $name:ty) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use serde_by_text;

/// Serializes a value as its text.
pub(crate) struct ByText<'a, T>(pub(crate) &'a T);

impl<T: Display> Serialize for ByText<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self.0)
    }
}
