//! A place of a document that is read. What is read in the wrong kind is fatal there.

use super::fates::{Fate, Ledger};
use super::path::Path;
use super::yaml::Yaml;
use serde_json::Value;

/// A value of the document and its place.
#[derive(Clone)]
pub(super) struct At<'r> {
    ledger: &'r Ledger,
    value: &'r Value,
    path: Path,
}

impl<'r> At<'r> {
    pub(super) fn root(ledger: &'r Ledger, value: &'r Value) -> Self {
        Self {
            ledger,
            value,
            path: Path::default(),
        }
    }

    pub(super) const fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn value(&self) -> &'r Value {
        self.value
    }

    /// The entry of a mapping; `None` if it is missing or null.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let Value::Object(entries) = self.value else {
            self.fatal("expected a mapping with names and values");
            return None;
        };
        let value = entries.get(key).filter(|value| !value.is_null())?;
        let path = self.path.name(key);
        Some(Self {
            value,
            path,
            ..*self
        })
    }

    /// The entries of a mapping, without those that are null.
    pub(super) fn entries(&self) -> Vec<(&'r str, Self)> {
        let Value::Object(entries) = self.value else {
            self.fatal("expected a mapping with names and values");
            return Vec::new();
        };
        let entry = |(name, value): (&'r String, &'r Value)| {
            let path = self.path.name(name);
            (
                name.as_str(),
                Self {
                    value,
                    path,
                    ..*self
                },
            )
        };
        let filled = entries.iter().filter(|(_, value)| !value.is_null());
        filled.map(entry).collect()
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let Value::Array(items) = self.value else {
            self.fatal("expected a list");
            return Vec::new();
        };
        let item = |(number, value): (usize, &'r Value)| {
            let path = self.path.item(number);
            Self {
                value,
                path,
                ..*self
            }
        };
        items.iter().enumerate().map(item).collect()
    }

    /// The items of the list below a key; none if it is missing.
    pub(super) fn list(&self, key: &str) -> Vec<Self> {
        self.get(key).map_or_else(Vec::new, |list| list.items())
    }

    /// A single value as text.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is) => Some(is.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                self.fatal("expected a single value");
                None
            }
        }
    }

    /// A whole number, which some tools write as text.
    pub(super) fn number(&self) -> Option<u64> {
        let number = match self.value {
            Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        if number.is_none() {
            self.fatal("expected a whole number");
        }
        number
    }

    /// Yes or no, which some tools write as text.
    pub(super) fn switch(&self) -> Option<bool> {
        let is = match self.value {
            Value::Bool(is) => Some(*is),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Value::String(_) | Value::Null | Value::Number(_) => None,
            Value::Array(_) | Value::Object(_) => None,
        };
        if is.is_none() {
            self.fatal("expected true or false");
        }
        is
    }

    /// The stack has it.
    pub(super) fn carry(&self) {
        self.ledger.carry(&self.path);
    }

    /// The stack does not have it, and nothing depends on it.
    pub(super) fn lost(&self, reason: impl Into<String>) {
        self.ledger.lose(&self.path, Fate::Lost, reason);
    }

    /// The stack does not have it.
    pub(super) fn fatal(&self, reason: impl Into<String>) {
        self.ledger.lose(&self.path, Fate::Fatal, reason);
    }

    /// The text as a value of the stack.
    pub(super) fn to_yaml(&self) -> Option<Yaml> {
        let text = self.text()?;
        self.carry();
        Some(Yaml::text(&text).from(self))
    }
}

/// A number that is written with a fraction of zero, such as `2.0`.
fn whole(number: f64) -> Option<u64> {
    let text = number.to_string();
    text.parse().ok()
}

/// The values of a list of texts; those that are none are fatal.
pub(super) fn texts(items: &[At<'_>]) -> Vec<String> {
    let text = |item: &At<'_>| {
        let text = item.text()?;
        item.carry();
        Some(text)
    };
    items.iter().filter_map(text).collect()
}
