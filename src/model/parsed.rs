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
        $crate::model::parsed::schema_like!($name, String);
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
        $crate::model::parsed::schema_like!($name, $form);
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

/// Implements `JsonSchema` for a type that documents have in another type's form.
macro_rules! schema_like {
    ($name:ty, $form:ty) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                <$form as schemars::JsonSchema>::inline_schema()
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                <$form as schemars::JsonSchema>::schema_name()
            }
            fn schema_id() -> std::borrow::Cow<'static, str> {
                <$form as schemars::JsonSchema>::schema_id()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$form as schemars::JsonSchema>::json_schema(generator)
            }
        }
    };
}

pub(crate) use {schema_like, serde_by_text};

/// Serializes a value as its text.
pub(crate) struct ByText<'a, T>(pub(crate) &'a T);

impl<T: Display> Serialize for ByText<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self.0)
    }
}
