//! What became of each field of a document. All fields are listed before the first one is read, so one
//! that no reader takes is a loss, and none is silent.

use super::form::Places;
use super::known_losses;
use super::path::Path;
use serde::Serialize;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// How much a loss matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The job and the cluster do the same without it.
    Lost,
    /// The job or the cluster would do something else.
    Fatal,
}

impl Fate {
    /// The word, as in comments and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Fatal => "fatal",
        }
    }
}

/// Something that a stack made from a document does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Loss {
    /// Its place in the document, such as `Steps[0].HadoopJarStep.Args[3]`.
    pub place: String,
    /// How much it matters.
    pub fate: Fate,
    /// Why it is lost, as a sentence without a full stop.
    pub reason: String,
    /// The place as a path, to find where the comment goes.
    #[serde(skip)]
    pub(super) path: Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unread,
    Carried,
    Gone(Fate),
}

/// The fields of a document and what became of them. A field is a value that holds no others. `null` and
/// empty lists and mappings say nothing.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    fields: RefCell<BTreeMap<Path, State>>,
    losses: RefCell<Vec<Loss>>,
    places: Places,
    /// Places without fields that are fatal.
    empty: RefCell<BTreeSet<Path>>,
    /// What a form lost before there was a request.
    before: Counts,
}

impl Ledger {
    /// Lists the fields of a request, and their places in the document.
    pub(super) fn of(root: &Value, places: Places) -> Self {
        let ledger = Self {
            places,
            ..Self::default()
        };
        list(root, &Path::default(), &mut ledger.fields.borrow_mut());
        ledger
    }

    /// Notes a field of the document that is no part of the request.
    pub(super) fn lost_before(&mut self, place: String, fate: Fate, reason: String) {
        match fate {
            Fate::Lost => self.before.lost += 1,
            Fate::Fatal => self.before.fatal += 1,
        }
        let path = self.places.nearest(&place);
        self.losses.get_mut().push(Loss {
            place,
            fate,
            reason,
            path,
        });
    }

    /// The stack has all that is at a place, except what is lost.
    pub(super) fn carry(&self, path: &Path) {
        for (_, state) in below(&mut self.fields.borrow_mut(), path) {
            if *state == State::Unread {
                *state = State::Carried;
            }
        }
    }

    /// The stack does not have what is at a place. What was fatal stays fatal.
    pub(super) fn lose(&self, path: &Path, fate: Fate, reason: impl Into<String>) {
        let mut changed = false;
        let mut is_empty = true;
        for (_, state) in below(&mut self.fields.borrow_mut(), path) {
            is_empty = false;
            if *state != State::Gone(Fate::Fatal) && *state != State::Gone(fate) {
                *state = State::Gone(fate);
                changed = true;
            }
        }
        // What has no fields has no state: it is fatal once, whatever is wrong with it.
        if is_empty && fate == Fate::Fatal && self.empty.borrow_mut().insert(path.clone()) {
            changed = true;
        }
        if changed {
            self.losses.borrow_mut().push(Loss {
                place: self.places.of(path),
                fate,
                reason: reason.into(),
                path: path.clone(),
            });
        }
    }

    /// What no reader took is lost.
    pub(super) fn finish(&self) {
        let fields = self.fields.borrow();
        let unread = fields.iter().filter(|(_, state)| **state == State::Unread);
        let unread: Vec<Path> = unread.map(|(path, _)| path.clone()).collect();
        drop(fields);
        for path in unread {
            let (place, fate, reason) = known_losses::of(&path);
            self.lose(&place, fate, reason);
        }
    }

    /// The losses in the order of the document.
    pub(super) fn losses(&self) -> Vec<Loss> {
        let mut losses = self.losses.borrow().clone();
        losses.sort_by(|one, other| one.path.cmp(&other.path));
        losses
    }

    /// How many fields are carried, lost and fatal.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = self.before;
        counts.fatal += self.empty.borrow().len();
        for state in self.fields.borrow().values() {
            match state {
                State::Carried => counts.carried += 1,
                State::Gone(Fate::Lost) => counts.lost += 1,
                State::Unread | State::Gone(Fate::Fatal) => counts.fatal += 1,
            }
        }
        counts
    }
}

/// How many fields of a document a stack has, and how many not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// Fields that the stack has.
    pub carried: usize,
    /// Fields that nothing depends on.
    pub lost: usize,
    /// Fields without which the job or the cluster does something else.
    pub fatal: usize,
}

fn list(value: &Value, path: &Path, fields: &mut BTreeMap<Path, State>) {
    match value {
        Value::Null => {}
        Value::Object(entries) => {
            for (name, value) in entries {
                list(value, &path.name(name), fields);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                list(item, &path.item(number), fields);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            fields.insert(path.clone(), State::Unread);
        }
    }
}

/// The fields at a place: they follow it in the order of paths.
fn below<'f>(
    fields: &'f mut BTreeMap<Path, State>,
    path: &'f Path,
) -> impl Iterator<Item = (&'f Path, &'f mut State)> {
    fields
        .range_mut(path.clone()..)
        .take_while(|(field, _)| field.is_within(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed(document: Value) -> Ledger {
        Ledger::of(&document, Places::default())
    }

    #[test]
    fn no_field_is_silent() {
        let ledger = listed(json!({
            "Name": "a", "Unknown": { "x": 1, "y": [true, null] }, "Empty": [],
            "VisibleToAllUsers": true, "Steps": [{ "Name": "s" }, { "Name": "t" }]
        }));
        let root = Path::default();
        ledger.carry(&root.name("Name"));
        let steps = root.name("Steps");
        ledger.lose(&steps.item(0), Fate::Lost, "one");
        ledger.lose(&steps, Fate::Fatal, "all");
        ledger.lose(&steps.item(1), Fate::Lost, "it is fatal already");
        ledger.carry(&root);
        ledger.finish();
        let counts = |carried, lost, fatal| Counts {
            carried,
            lost,
            fatal,
        };
        assert_eq!(ledger.counts(), counts(4, 0, 2));

        let ledger = listed(json!({
            "Name": "a", "Unknown": { "x": 1, "y": [true, null] }, "VisibleToAllUsers": true
        }));
        ledger.carry(&root.name("Name"));
        ledger.finish();
        assert_eq!(ledger.counts(), counts(1, 1, 2));
        let losses = ledger.losses();
        let places: Vec<_> = losses
            .iter()
            .map(|it| (it.place.as_str(), it.fate))
            .collect();
        let expected = [
            ("Unknown.x", Fate::Fatal),
            ("Unknown.y[0]", Fate::Fatal),
            ("VisibleToAllUsers", Fate::Lost),
        ];
        assert_eq!(places, expected);
    }
}
