//! The names of a script and their values, in the scopes of functions. Changes can be undone, to
//! follow each branch of an `if` from the same state.

use super::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The scopes from the module's to the innermost one.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
    changes: Vec<Change>,
}

#[derive(Debug, Default)]
struct Scope {
    values: BTreeMap<String, Value>,
    /// Names of the module that a function assigns.
    globals: BTreeSet<String>,
    /// How many changes there were when it was entered.
    entered: usize,
}

#[derive(Debug)]
struct Change {
    scope: usize,
    name: String,
    before: Option<Value>,
}

/// Scopes inside the module's.
#[derive(Debug)]
pub(super) struct Hidden(Vec<Scope>);

/// A point to which changes can be undone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(usize);

/// The values that names got in a branch.
pub(super) type Branch = BTreeMap<(usize, String), Value>;

impl Scopes {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let mut inner = self.scopes.iter().rev();
        inner.find_map(|scope| scope.values.get(name))
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        let Some(top) = self.scopes.len().checked_sub(1) else {
            return;
        };
        if top > 0 && self.scopes[top].globals.contains(name) {
            // Which function ran last is not known.
            let value = match self.scopes[0].values.get(name) {
                Some(before) => before.clone().or(value),
                None => value,
            };
            return self.put(0, name, value);
        }
        self.put(top, name, value);
    }

    fn put(&mut self, scope: usize, name: &str, value: Value) {
        let name = name.to_owned();
        let before = self.scopes[scope].values.insert(name.clone(), value);
        self.changes.push(Change {
            scope,
            name,
            before,
        });
    }

    /// In this scope, the name is that of the module.
    pub(super) fn global(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.globals.insert(name.to_owned());
        }
    }

    pub(super) fn enter(&mut self) {
        self.scopes.push(Scope {
            entered: self.changes.len(),
            ..Scope::default()
        });
    }

    /// Leaves a scope and returns its names.
    pub(super) fn leave(&mut self) -> BTreeMap<String, Value> {
        let scope = self.scopes.pop().unwrap_or_default();
        self.changes.truncate(scope.entered);
        scope.values
    }

    /// Whether the innermost scope is the module's.
    pub(super) const fn is_module(&self) -> bool {
        self.scopes.len() == 1
    }

    /// Hides all scopes but the module's, until they are shown again.
    pub(super) fn hide(&mut self) -> Hidden {
        Hidden(self.scopes.split_off(self.scopes.len().min(1)))
    }

    pub(super) fn show(&mut self, hidden: Hidden) {
        self.scopes.extend(hidden.0);
    }

    pub(super) const fn mark(&self) -> Mark {
        Mark(self.changes.len())
    }

    /// Undoes the changes since a mark and returns them.
    pub(super) fn undo(&mut self, to: Mark) -> Branch {
        let mut branch = Branch::new();
        while self.changes.len() > to.0 {
            let Some(change) = self.changes.pop() else {
                break;
            };
            let Some(scope) = self.scopes.get_mut(change.scope) else {
                continue;
            };
            let now = match change.before {
                Some(before) => scope.values.insert(change.name.clone(), before),
                None => scope.values.remove(&change.name),
            };
            if let Some(now) = now {
                branch.entry((change.scope, change.name)).or_insert(now);
            }
        }
        branch
    }

    /// Continues after branches of which one was taken, and returns whether there is one.
    pub(super) fn join(&mut self, branches: Vec<Branch>) -> bool {
        let count = branches.len();
        let mut joined: BTreeMap<(usize, String), (usize, Value)> = BTreeMap::new();
        for (place, value) in branches.into_iter().flatten() {
            let (seen, both) = match joined.remove(&place) {
                Some((seen, other)) => (seen + 1, other.or(value)),
                None => (1, value),
            };
            joined.insert(place, (seen, both));
        }
        for ((scope, name), (seen, value)) in joined {
            let before = self.scopes.get(scope).and_then(|it| it.values.get(&name));
            // A name that no other branch binds has this value wherever it is used.
            let value = match before {
                Some(before) if seen < count => before.clone().or(value),
                Some(_) | None => value,
            };
            if scope < self.scopes.len() {
                self.put(scope, &name, value);
            }
        }
        count > 0
    }
}
