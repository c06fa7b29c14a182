//! Builds a request of the parts of a document in another form.

use super::Places;
use crate::import::fates::Fate;
use crate::import::path::Path;
use serde_json::{Map, Value};

/// A request in the making.
#[derive(Default)]
pub(super) struct Build {
    request: Map<String, Value>,
    pub(super) places: Places,
    pub(super) losses: Vec<(String, Fate, String)>,
}

impl Build {
    /// Sets a part of the request, of one key or of one below another, from a place of the document.
    pub(super) fn put(&mut self, keys: &[&str], value: Value, place: impl Into<String>) {
        self.places.add(path(keys), place.into());
        if let Some(slot) = self.slot(keys) {
            *slot = value;
        }
    }

    /// Sets a part of the request that has its place by that of a part above.
    pub(super) fn add(&mut self, keys: &[&str], value: Value) {
        if let Some(slot) = self.slot(keys) {
            *slot = value;
        }
    }

    /// Adds an item to a list of the request. Returns its number.
    pub(super) fn push(&mut self, keys: &[&str], item: Value, place: String) -> usize {
        let Some(slot) = self.slot(keys) else {
            return 0;
        };
        if !slot.is_array() {
            *slot = Value::Array(Vec::new());
        }
        let items = slot.as_array_mut();
        let number = items.map_or(0, |items| {
            items.push(item);
            items.len() - 1
        });
        self.places.add(path(keys).item(number), place);
        number
    }

    /// The value below keys, which is made if it is not there.
    fn slot(&mut self, keys: &[&str]) -> Option<&mut Value> {
        let (first, rest) = keys.split_first()?;
        let mut at = self
            .request
            .entry((*first).to_owned())
            .or_insert(Value::Null);
        for key in rest {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            at = at
                .as_object_mut()?
                .entry((*key).to_owned())
                .or_insert(Value::Null);
        }
        Some(at)
    }

    /// Notes what the request does not have.
    pub(super) fn lose(&mut self, place: impl Into<String>, fate: Fate, reason: impl Into<String>) {
        self.losses.push((place.into(), fate, reason.into()));
    }

    pub(super) fn into_request(self) -> (Value, Places, Vec<(String, Fate, String)>) {
        (Value::Object(self.request), self.places, self.losses)
    }
}

pub(super) fn path(keys: &[&str]) -> Path {
    keys.iter()
        .fold(Path::default(), |path, key| path.name(key))
}
