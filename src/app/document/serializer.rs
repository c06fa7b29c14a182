//! Makes documents of what serde can serialize, in the forms that serde's JSON has.

use super::tree::Document;
use crate::model::document_form::{FORM, NUMBER};
use serde::ser::{self, Serialize};
use std::fmt;

impl Document {
    /// A value as a document. What JSON cannot hold, such as a path that is not UTF-8, is null.
    pub(crate) fn of(value: &(impl Serialize + ?Sized)) -> Self {
        document(value).unwrap_or(Self::Null)
    }
}

fn document(value: &(impl Serialize + ?Sized)) -> Result<Document, Error> {
    value.serialize(Serializer { is_form: false })
}

#[derive(Debug)]
struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[derive(Clone, Copy)]
struct Serializer {
    /// Whether a value with two forms is asked for its form in documents.
    is_form: bool,
}

/// The parts of a list or an object; `variant` is the name of the enum's variant around them.
struct Parts<P> {
    parts: Vec<P>,
    key: Option<String>,
    variant: Option<&'static str>,
}

impl<P> Parts<P> {
    const fn new(variant: Option<&'static str>) -> Self {
        Self {
            parts: Vec::new(),
            key: None,
            variant,
        }
    }
}

fn around(variant: Option<&'static str>, inner: Document) -> Document {
    match variant {
        Some(variant) => Document::Object(vec![(variant.to_owned(), inner)]),
        None => inner,
    }
}

macro_rules! numbers {
    ($($method:ident($number:ty),)*) => {
        $(fn $method(self, number: $number) -> Result<Document, Error> {
            Ok(Document::Number(number.to_string()))
        })*
    };
}

type List = Parts<Document>;
type Object = Parts<(String, Document)>;

impl ser::Serializer for Serializer {
    type Ok = Document;
    type Error = Error;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Object;
    type SerializeStruct = Object;
    type SerializeStructVariant = Object;

    numbers! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
    }

    fn serialize_f32(self, number: f32) -> Result<Document, Error> {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<Document, Error> {
        let number = serde_json::Number::from_f64(number);
        Ok(number.map_or(Document::Null, |it| Document::Number(it.to_string())))
    }

    fn is_human_readable(&self) -> bool {
        !self.is_form
    }

    fn serialize_bool(self, value: bool) -> Result<Document, Error> {
        Ok(Document::Bool(value))
    }

    fn serialize_char(self, value: char) -> Result<Document, Error> {
        Ok(Document::Text(value.to_string()))
    }

    fn serialize_str(self, text: &str) -> Result<Document, Error> {
        Ok(Document::Text(text.to_owned()))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Document, Error> {
        document(bytes)
    }

    fn serialize_none(self) -> Result<Document, Error> {
        Ok(Document::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Document, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Document, Error> {
        Ok(Document::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Document, Error> {
        Ok(Document::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Document, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Document, Error> {
        match name {
            FORM => value.serialize(Self { is_form: true }),
            NUMBER => match document(value)? {
                Document::Text(digits) => Ok(Document::Number(digits)),
                other @ (Document::Null
                | Document::Bool(_)
                | Document::Number(_)
                | Document::List(_)
                | Document::Object(_)) => Ok(other),
            },
            _ => document(value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Document, Error> {
        Ok(around(Some(variant), document(value)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<List, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List, Error> {
        Ok(Parts::new(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object, Error> {
        Ok(Parts::new(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Object, Error> {
        Ok(Parts::new(Some(variant)))
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident,)*) => {
        $(impl ser::$trait for List {
            type Ok = Document;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.parts.push(document(value)?);
                Ok(())
            }

            fn end(self) -> Result<Document, Error> {
                Ok(around(self.variant, Document::List(self.parts)))
            }
        })*
    };
}

lists! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! objects {
    ($($trait:ident,)*) => {
        $(impl ser::$trait for Object {
            type Ok = Document;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.parts.push((key.to_owned(), document(value)?));
                Ok(())
            }

            fn end(self) -> Result<Document, Error> {
                Ok(around(self.variant, Document::Object(self.parts)))
            }
        })*
    };
}

objects! { SerializeStruct, SerializeStructVariant, }

impl ser::SerializeMap for Object {
    type Ok = Document;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = match document(key)? {
            Document::Text(key) | Document::Number(key) => Some(key),
            Document::Null | Document::Bool(_) | Document::List(_) | Document::Object(_) => {
                return Err(ser::Error::custom("the key of an object is not a text"));
            }
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if let Some(key) = self.key.take() {
            self.parts.push((key, document(value)?));
        }
        Ok(())
    }

    fn end(self) -> Result<Document, Error> {
        Ok(Document::Object(self.parts))
    }
}
