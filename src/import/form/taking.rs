//! A mapping of which values are taken one by one. What is left at the end is lost.

use super::build::Build;
use crate::import::fates::Fate;
use crate::model::shown::line;
use serde_json::{Map, Value};

/// A mapping, and its place in the document.
pub(super) struct Taking {
    entries: Map<String, Value>,
    place: String,
}

impl Taking {
    pub(super) fn new(value: Value, place: &str) -> Self {
        let mut all = Self {
            entries: Map::new(),
            place: place.to_owned(),
        };
        match value {
            Value::Object(entries) => all.entries = entries,
            // Nothing takes it, so it is lost at the end.
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)) => {
                all.entries.insert("(value)".to_owned(), other);
            }
        }
        all
    }

    /// A whole document.
    pub(super) fn at_root(value: Value) -> Self {
        Self::new(value, "")
    }

    /// A value that says something: not `null`, and neither an empty text, list nor mapping, with which
    /// tools write what is not set.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.entries.remove(key).filter(is_set)
    }

    /// The mapping below a key, or the only one of a list there.
    pub(super) fn block(&mut self, key: &str) -> Option<Self> {
        let mut value = self.take(key)?;
        if let Value::Array(items) = &mut value
            && let [only] = items.as_mut_slice()
        {
            value = only.take();
        }
        if !value.is_object() {
            self.entries.insert(key.to_owned(), value);
            return None;
        }
        Some(Self::new(value, &self.place(key)))
    }

    /// The mappings of a list below a key.
    pub(super) fn blocks(&mut self, key: &str) -> Vec<Self> {
        let place = self.place(key);
        let items = match self.take(key) {
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.entries.insert(key.to_owned(), other);
                return Vec::new();
            }
            None => return Vec::new(),
        };
        let items = items.into_iter().enumerate();
        let block = |(number, item)| Self::new(item, &format!("{place}[{number}]"));
        items.map(block).collect()
    }

    /// The entries of the mapping below a key. Anything else there is a loss.
    pub(super) fn mapping(&mut self, key: &str, build: &mut Build) -> Option<Map<String, Value>> {
        match self.take(key)? {
            Value::Object(entries) => Some(entries),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => {
                build.lose(self.place(key), Fate::Fatal, "expected a mapping");
                None
            }
        }
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.entries).into_iter().collect()
    }

    pub(super) fn place(&self, key: &str) -> String {
        let dot = if self.place.is_empty() { "" } else { "." };
        format!("{}{dot}{}", self.place, line(key, 80))
    }

    pub(super) fn place_of_all(&self) -> String {
        self.place.clone()
    }

    /// Notes what was not taken.
    pub(super) fn finish(self, build: &mut Build) {
        for (key, value) in &self.entries {
            if is_set(value) && *value != Value::Bool(false) {
                let why = "clusterup does not know this attribute";
                build.lose(self.place(key), Fate::Fatal, why);
            }
        }
    }
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
