//! Reads JSON that may be hostile: bounded in depth and in the number of values, and each key once.

use super::Wrong;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// How deep lists and mappings may be nested.
const MAX_DEPTH: usize = 64;

/// How many values a document may have; far more than EMR takes in a request.
const MAX_VALUES: usize = 50_000;

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Value, Wrong> {
    let left = Cell::new(MAX_VALUES);
    let seed = Seed {
        depth: 0,
        left: &left,
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = seed.deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| wrong(&error))
}

/// Reads a document of one value, or of several mappings one after the other, which become one.
pub(super) fn merged(text: &str) -> Result<Value, Wrong> {
    let left = Cell::new(MAX_VALUES);
    let seed = Seed {
        depth: 0,
        left: &left,
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut all = seed
        .deserialize(&mut reader)
        .map_err(|error| wrong(&error))?;
    while let Err(more) = reader.end() {
        let next = seed
            .deserialize(&mut reader)
            .map_err(|error| wrong(&error))?;
        let (Value::Object(all), Value::Object(next)) = (&mut all, next) else {
            return Err(wrong(&more));
        };
        for (key, value) in next {
            if all.contains_key(&key) {
                return Err(Wrong {
                    place: wrong(&more).place,
                    message: twice(&key),
                });
            }
            all.insert(key, value);
        }
    }
    Ok(all)
}

fn wrong(error: &serde_json::Error) -> Wrong {
    Wrong {
        place: format!("line {}, column {}", error.line(), error.column()),
        message: message(error),
    }
}

fn twice(key: &str) -> String {
    format!(
        "the key {:?} is there twice",
        crate::model::shown::line(key, 80)
    )
}

/// The parser's message without the place that it adds.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

#[derive(Clone, Copy)]
struct Seed<'c> {
    depth: usize,
    left: &'c Cell<usize>,
}

impl Seed<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            let message = format!("lists and mappings are nested deeper than {MAX_DEPTH}");
            return Err(E::custom(message));
        }
        let depth = self.depth + 1;
        Ok(Self { depth, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(E::custom(format!(
                "there are more than {MAX_VALUES} values"
            )));
        };
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.count()?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(Value::Bool(is))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut entries = Map::new();
        while let Some(key) = from.next_key::<String>()? {
            let value = from.next_value_seed(inner)?;
            if entries.contains_key(&key) {
                return Err(A::Error::custom(twice(&key)));
            }
            entries.insert(key, value);
        }
        Ok(Value::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> (String, String) {
        let wrong = read(text).unwrap_err();
        (wrong.place, wrong.message)
    }

    #[test]
    fn mappings_one_after_the_other_are_one() {
        let both = merged("{\"a\": 1}\n{\"b\": [2]}\n").unwrap();
        assert_eq!(both, serde_json::json!({ "a": 1, "b": [2] }));
        assert_eq!(merged("[1]").unwrap(), serde_json::json!([1]));
        for (text, says) in [
            ("{\"a\": 1}{\"a\": 2}", "the key \"a\" is there twice"),
            ("{\"a\": 1} 2", "trailing characters"),
            ("{\"a\": 1} x", "expected value"),
            ("", "EOF"),
        ] {
            let found = merged(text).unwrap_err();
            assert!(found.message.contains(says), "{text}: {}", found.message);
        }
    }

    #[test]
    fn documents_are_bounded_and_keys_are_there_once() {
        assert_eq!(
            read(r#"{"a":[1,-1,1.5,"x",null,true]}"#).unwrap(),
            serde_json::json!({ "a": [1, -1, 1.5, "x", null, true] })
        );
        let (place, message) = why("{\"a\": 1,\n \"a\": 2}");
        assert!(place.starts_with("line 2, column "), "{place}");
        assert_eq!(message, "the key \"a\" is there twice");
        for (text, says) in [
            ("[".repeat(100_000), "nested deeper than 64"),
            ("{\"a\":".repeat(100), "nested deeper than 64"),
            (
                format!("[{}1]", "1,".repeat(60_000)),
                "more than 50000 values",
            ),
            ("{\"a\": 1} x".to_owned(), "trailing characters"),
            ("{\"a\": ".to_owned(), "EOF"),
            ("{'a': 1}".to_owned(), "key must be a string"),
        ] {
            let (place, message) = why(&text);
            assert!(message.contains(says), "{message}");
            assert!(place.starts_with("line 1, column "), "{place}");
        }
    }
}
