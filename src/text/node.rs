//! A YAML text as a tree whose nodes know their places; it contains nothing else of YAML.

use super::source::Mark;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) mark: Mark,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Scalar(Scalar),
    Seq(Vec<Node>),
    Map(Vec<Entry>),
    /// Something whose mistake is already reported.
    Broken,
}

/// A scalar as written: `7.10` is not a number and `no` not a boolean until a field reads it as
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Whether it is neither quoted nor a block.
    pub(crate) plain: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) value: Node,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) mark: Mark,
}

impl Node {
    pub(crate) fn plain(mark: Mark, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            mark,
            value: Value::Scalar(Scalar { text, plain: true }),
        }
    }

    pub(crate) fn map(mark: Mark, entries: Vec<Entry>) -> Self {
        Self {
            mark,
            value: Value::Map(entries),
        }
    }

    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Seq(_) | Value::Map(_) | Value::Broken => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// The items of a list; empty for anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::Seq(items) => items,
            Value::Scalar(_) | Value::Map(_) | Value::Broken => &[],
        }
    }

    /// The entries of a mapping; empty for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::Seq(_) | Value::Broken => &[],
        }
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The node under a path of keys.
    pub(crate) fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Whether it is empty or one of YAML's words for null.
    pub(crate) fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| {
            let null = matches!(scalar.text.as_str(), "" | "~" | "null" | "Null" | "NULL");
            scalar.plain && null
        })
    }

    /// The kind of node, in words.
    pub(crate) fn word(&self) -> &'static str {
        match &self.value {
            Value::Scalar(_) => "a single value",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Broken => "an invalid value",
        }
    }
}
