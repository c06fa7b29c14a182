//! Every name that a rule may use, declared once with its type, meaning and the function that reads
//! its value. The checker, evaluation and documentation all use these declarations.

mod data;
pub mod document;
mod fleets;
mod job;
mod launch;
mod limits;
mod network;
mod read;
mod specimen;
mod tree;

#[cfg(test)]
pub(super) use document::EXAMPLES;
pub(super) use specimen::specimen;
pub(super) use tree::ROOT;

use super::subject::Subject;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Name {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// The meaning, for the documentation.
    pub(super) doc: &'static str,
    /// `None` for a group, whose names have their own, and for the names of a list's elements.
    read: Option<Read>,
}

/// Reads a value; returns `None` if it is unknown.
type Read = fn(&Subject<'_>) -> Option<Datum>;

#[derive(Debug)]
pub(super) enum Shape {
    Bool,
    Int,
    Double,
    Text,
    List(&'static Self),
    /// A map from text; a rule may read any key of it.
    Map(&'static Self),
    Group(&'static [Name]),
}

/// The value of a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Datum {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

/// The values of all names. Unknown values are left out, so that reading them is an error.
pub(super) fn values(subject: &Subject<'_>) -> BTreeMap<String, Datum> {
    group(ROOT, subject)
}

fn group(names: &[Name], subject: &Subject<'_>) -> BTreeMap<String, Datum> {
    let value = |name: &Name| match (&name.shape, name.read) {
        (_, Some(read)) => read(subject),
        (Shape::Group(names), None) => Some(Datum::Map(group(names, subject))),
        (_, None) => None,
    };
    names
        .iter()
        .filter_map(|name| Some((name.name.to_owned(), value(name)?)))
        .collect()
}

#[cfg(test)]
mod every_field;

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(datum: &Datum, shape: &Shape) -> bool {
        match (datum, shape) {
            (Datum::Bool(_), Shape::Bool)
            | (Datum::Int(_), Shape::Int)
            | (Datum::Double(_), Shape::Double)
            | (Datum::Text(_), Shape::Text) => true,
            (Datum::List(list), Shape::List(shape)) => list.iter().all(|it| fits(it, shape)),
            (Datum::Map(map), Shape::Map(shape)) => map.values().all(|it| fits(it, shape)),
            (Datum::Map(map), Shape::Group(names)) => {
                map.len() == names.len()
                    && names.iter().all(|name| {
                        let value = map.get(name.name);
                        value.is_some_and(|value| fits(value, &name.shape))
                    })
            }
            _ => false,
        }
    }

    #[test]
    fn values_are_what_is_declared() {
        let all = values(&specimen());
        assert!(fits(&Datum::Map(all), &Shape::Group(ROOT)));
        let text = "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 1 x m5.xlarge }\n\
                    guardrails: { when_done: keep }\n";
        let stack = crate::text::parse("t.yaml", text, std::path::Path::new(""), &[]).unwrap();
        let bare = Subject {
            stack: &stack,
            price: None,
            by: "",
        };
        let mut all = values(&bare);
        assert_eq!(
            all.insert("cost".to_owned(), Datum::Map(BTreeMap::new())),
            { Some(Datum::Map(BTreeMap::new())) }
        );
        all.extend(values(&specimen()).remove_entry("cost"));
        assert!(fits(&Datum::Map(all), &Shape::Group(ROOT)));
    }
}
