//! What a round over the script found out about its functions and classes, for the next round.

use super::around::Certainty;
use super::value::{ClassId, FunctionId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Calls, results and attributes.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Summary {
    calls: BTreeMap<FunctionId, Calls>,
    results: BTreeMap<FunctionId, Value>,
    attributes: BTreeMap<(ClassId, String), Value>,
}

/// All calls of a function.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Calls {
    /// The values of its parameters by name; a parameter that is absent has its default.
    pub(super) values: BTreeMap<String, Value>,
    /// Whether it is called with arguments that are not known.
    pub(super) is_open: bool,
    /// The parameters that a call gives something that is known, and not of Spark.
    pub(super) others: BTreeSet<String>,
    pub(super) certainty: Certainty,
    count: usize,
}

impl Summary {
    /// Adds a call. `values`: the parameters that get an argument.
    pub(super) fn call(
        &mut self,
        of: FunctionId,
        values: Vec<(String, Value)>,
        certainty: Certainty,
    ) {
        let calls = self.calls.entry(of).or_default();
        calls.certainty = calls.certainty.or(certainty);
        let names: Vec<&String> = values.iter().map(|(name, _)| name).collect();
        for (name, value) in &mut calls.values {
            // This call leaves it to its default.
            if !names.contains(&name) {
                *value = Value::Unknown;
            }
        }
        for (name, value) in values {
            if !matches!(value, Value::Unknown | Value::Nothing | Value::Spark(_)) {
                calls.others.insert(name.clone());
            }
            let value = match calls.values.remove(&name) {
                Some(before) => before.or(value),
                None if calls.count > 0 => Value::Unknown,
                None => value,
            };
            calls.values.insert(name, value);
        }
        calls.count += 1;
    }

    /// Notes that a function may be called with any arguments.
    pub(super) fn open(&mut self, of: FunctionId, certainty: Certainty) {
        let calls = self.calls.entry(of).or_default();
        calls.is_open = true;
        calls.certainty = calls.certainty.or(certainty);
        calls.count += 1;
    }

    pub(super) fn calls(&self, of: FunctionId) -> Option<&Calls> {
        self.calls.get(&of)
    }

    /// Adds what a `return` gives.
    pub(super) fn result(&mut self, of: FunctionId, value: Value) {
        let value = match self.results.remove(&of) {
            Some(before) => before.or(value),
            None => value,
        };
        self.results.insert(of, value);
    }

    pub(super) fn result_of(&self, of: FunctionId) -> Value {
        self.results.get(&of).cloned().unwrap_or_default()
    }

    /// Adds an assignment to an attribute of a class or of its objects.
    pub(super) fn attribute(&mut self, of: ClassId, name: &str, value: Value) {
        let place = (of, name.to_owned());
        let value = match self.attributes.remove(&place) {
            Some(before) => before.or(value),
            None => value,
        };
        self.attributes.insert(place, value);
    }

    pub(super) fn attribute_of(&self, of: ClassId, name: &str) -> Option<&Value> {
        self.attributes.get(&(of, name.to_owned()))
    }
}
