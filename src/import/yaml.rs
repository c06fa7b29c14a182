//! The YAML of a stack as it is made: values, where each came from, and what is said about it. It is
//! written by hand, because comments stand at their places.

use super::at::At;
use super::path::Path;
use crate::text::scalar;

/// A value of the stack.
#[derive(Debug, Clone)]
pub(super) struct Yaml {
    pub(super) value: Value,
    /// The places of the document that it says, or is about.
    pub(super) from: Vec<Path>,
    /// What is said about it, each as a comment above it.
    pub(super) notes: Vec<String>,
    /// Whether it belongs to what it is in, so that it is not left out alone.
    pub(super) is_fixed: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A single value as it is written.
    Scalar(String),
    List(Vec<Yaml>),
    Map(Vec<(&'static str, Yaml)>),
    /// A mapping whose keys come from the document.
    Names(Vec<(String, Yaml)>),
}

impl Yaml {
    const fn new(value: Value) -> Self {
        Self {
            value,
            from: Vec::new(),
            notes: Vec::new(),
            is_fixed: false,
        }
    }

    /// A text, in quotes if YAML reads it otherwise.
    pub(super) fn text(text: &str) -> Self {
        Self::new(Value::Scalar(scalar(text)))
    }

    /// A number or word that needs no quotes.
    pub(super) fn plain(text: impl ToString) -> Self {
        Self::new(Value::Scalar(text.to_string()))
    }

    pub(super) const fn list(items: Vec<Self>) -> Self {
        Self::new(Value::List(items))
    }

    pub(super) const fn map(entries: Vec<(&'static str, Self)>) -> Self {
        Self::new(Value::Map(entries))
    }

    pub(super) const fn names(entries: Vec<(String, Self)>) -> Self {
        Self::new(Value::Names(entries))
    }

    /// A list of texts.
    pub(super) fn texts(texts: &[String]) -> Self {
        Self::list(texts.iter().map(|text| Self::text(text)).collect())
    }

    /// It says what is at a place of the document.
    pub(super) fn from(mut self, at: &At<'_>) -> Self {
        self.from.push(at.path().clone());
        self
    }

    /// It is not left out alone.
    pub(super) const fn fixed(mut self) -> Self {
        self.is_fixed = true;
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The number of values in it.
    pub(super) const fn len(&self) -> usize {
        match &self.value {
            Value::Scalar(_) => 0,
            Value::List(items) => items.len(),
            Value::Map(entries) => entries.len(),
            Value::Names(entries) => entries.len(),
        }
    }

    /// One of the values in it.
    pub(super) fn child(&self, number: usize) -> Option<&Self> {
        match &self.value {
            Value::Scalar(_) => None,
            Value::List(items) => items.get(number),
            Value::Map(entries) => entries.get(number).map(|(_, value)| value),
            Value::Names(entries) => entries.get(number).map(|(_, value)| value),
        }
    }

    fn child_mut(&mut self, number: usize) -> Option<&mut Self> {
        match &mut self.value {
            Value::Scalar(_) => None,
            Value::List(items) => items.get_mut(number),
            Value::Map(entries) => entries.get_mut(number).map(|(_, value)| value),
            Value::Names(entries) => entries.get_mut(number).map(|(_, value)| value),
        }
    }

    /// The value of a key.
    pub(super) fn entry_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Value::Map(entries) = &mut self.value else {
            return None;
        };
        let mut entries = entries.iter_mut();
        entries
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// Adds an entry to a mapping.
    pub(super) fn push(&mut self, key: &'static str, value: Self) {
        if let Value::Map(entries) = &mut self.value {
            entries.push((key, value));
        }
    }

    /// Adds the entries of another mapping of names, also those that are there already.
    pub(super) fn extend(&mut self, other: Self) {
        if let (Value::Names(entries), Value::Names(more)) = (&mut self.value, other.value) {
            entries.extend(more);
            self.from.extend(other.from);
        }
    }

    /// Takes a value out by the numbers that lead to it, and what is empty without it. Returns the value.
    pub(super) fn remove(&mut self, at: &[usize]) -> Option<Self> {
        let (first, rest) = at.split_first()?;
        if rest.is_empty() {
            return self.take(*first);
        }
        let child = self.child_mut(*first)?;
        let removed = child.remove(rest)?;
        if child.len() == 0 {
            self.take(*first);
        }
        Some(removed)
    }

    fn take(&mut self, number: usize) -> Option<Self> {
        if number >= self.len() {
            return None;
        }
        match &mut self.value {
            Value::Scalar(_) => None,
            Value::List(items) => Some(items.remove(number)),
            Value::Map(entries) => Some(entries.remove(number).1),
            Value::Names(entries) => Some(entries.remove(number).1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_without_a_value_goes_with_it() {
        let item = || Yaml::map(vec![("a", Yaml::text("x"))]);
        let mut root = Yaml::map(vec![
            ("one", Yaml::text("x")),
            ("list", Yaml::list(vec![item(), item()])),
        ]);
        let removed = |value: Option<Yaml>| value.map(|value| value.len());
        assert_eq!(removed(root.remove(&[1, 1, 0])), Some(0), "the innermost");
        assert_eq!(root.child(1).map(Yaml::len), Some(1));
        assert_eq!(removed(root.remove(&[1, 0])), Some(1));
        assert_eq!(root.len(), 1);
        assert!(root.remove(&[1]).is_none() && root.remove(&[0, 0]).is_none());
    }
}
