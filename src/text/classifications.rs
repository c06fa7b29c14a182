//! Configurations of EMR's applications: properties below their classifications, which may nest
//! others. Names and values are EMR's, except those that would break clusterup's own steps.

use super::diag::{Code, Diagnostic};
use super::field::Shape;
use super::known_classifications;
use super::nearest::quote;
use super::node::{Entry, Key, Node, Value};
use super::reader::{Reader, Site};
use super::shape::Kind;
use super::source::Mark;
use crate::model::configurations::{Configurations, Property};
use crate::model::memory::Memory;
use crate::model::software;

/// The pattern of a classification's name, for editors.
pub(crate) const PATTERN: &str = "[a-z0-9]+(-[a-z0-9]+){0,9}";
const MAX_NAME: usize = 64;

/// How deep classifications nest. EMR's own nest in one other.
pub(crate) const MAX_DEPTH: usize = 3;

// EMR documents no limits. These keep a request and its description small.
const MAX_PROPERTIES: usize = 1_000;
const MAX_KEY: usize = 256;
const MAX_VALUE: usize = 10_240;
const MAX_TOTAL: usize = 100_000;

/// A mapping of classifications.
pub(crate) struct ByClassification;

impl Shape for ByClassification {
    type Out = Configurations;

    fn kind(&self) -> Kind {
        Kind::Configurations
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        let Value::Map(entries) = &node.value else {
            reader.wrong_kind(node, site, "a mapping of classifications");
            return None;
        };
        let before = reader.found.len();
        let mut reading = Reading {
            reader,
            all: Configurations::default(),
            properties: 0,
            length: 0,
        };
        reading.reader.duplicates(entries);
        for entry in entries {
            reading.outermost(entry);
        }
        let all = reading.all;
        (reader.found.len() == before).then_some(all)
    }
}

struct Reading<'r, 'n> {
    reader: &'r mut Reader<'n>,
    all: Configurations,
    properties: usize,
    length: usize,
}

impl Reading<'_, '_> {
    fn wrong(&mut self, found: Diagnostic) {
        self.reader.found.push(found);
    }

    fn outermost(&mut self, entry: &Entry) {
        let Entry { key, value } = entry;
        if value.entries().is_empty() && !matches!(value.value, Value::Broken) {
            let name = quote(&key.text);
            let message = match &value.value {
                Value::Map(_) => format!("{name} is empty"),
                Value::Scalar(_) if value.is_null() => format!("{name} has no value"),
                Value::Scalar(_) | Value::Seq(_) | Value::Broken => {
                    format!("{name} cannot be {}", value.word())
                }
            };
            let place = if value.is_null() {
                key.mark
            } else {
                value.mark
            };
            let found = Diagnostic::new(Code::WrongKind, place, message)
                .expected("a classification with its properties");
            self.wrong(if key.text.starts_with("spark.") {
                found.help("write settings of Spark below `spark-defaults`")
            } else {
                found
            });
            return;
        }
        self.classification(entry, &mut Vec::new());
    }

    fn classification(&mut self, Entry { key, value }: &Entry, within: &mut Vec<String>) {
        self.reader.duplicates(value.entries());
        if let Some(found) = wrong_name(key, within) {
            self.wrong(found);
            return;
        }
        if within.len() == MAX_DEPTH {
            let message = format!("{} is nested too deep", quote(&key.text));
            let expected = format!("at most {MAX_DEPTH} classifications in one another");
            self.wrong(Diagnostic::new(Code::OutOfRange, key.mark, message).expected(expected));
            return;
        }
        within.push(key.text.clone());
        for entry in value.entries() {
            match &entry.value.value {
                Value::Map(below) if !below.is_empty() => self.classification(entry, within),
                Value::Map(_) | Value::Scalar(_) | Value::Seq(_) | Value::Broken => {
                    self.property(entry, within);
                }
            }
        }
        within.pop();
    }

    fn property(&mut self, Entry { key, value }: &Entry, within: &[String]) {
        let name = quote(&key.text);
        if matches!(value.value, Value::Broken) {
            return;
        }
        if value.is_null() {
            let message = format!("{name} has no value");
            let found = Diagnostic::new(Code::MissingValue, key.mark, message);
            self.wrong(found.help("write `\"\"` for an empty value"));
            return;
        }
        let Some(text) = value.text() else {
            let message = format!("{name} cannot be {}", value.word());
            let found = Diagnostic::new(Code::WrongKind, value.mark, message)
                .expected("a single value, or a nested classification with its properties");
            self.wrong(found.help("write a list as the application's file has it: one text"));
            return;
        };
        let place = Property {
            within: within.to_vec(),
            name: key.text.clone(),
        };
        let path: Vec<&str> = within.iter().map(String::as_str).collect();
        let found = wrong_key(key)
            .or_else(|| wrong_value(key, text, value.mark))
            .or_else(|| breaks(&place, text, key.mark, value.mark))
            .or_else(|| self.too_much(key, text));
        match found {
            Some(found) => self.wrong(found),
            None => self.all.set(&path, &key.text, text),
        }
    }

    /// The first property that is too much.
    fn too_much(&mut self, key: &Key, text: &str) -> Option<Diagnostic> {
        let fits = |it: &Self| it.properties <= MAX_PROPERTIES && it.length <= MAX_TOTAL;
        let fitted = fits(self);
        self.properties += 1;
        self.length += key.text.len() + text.len();
        let first = fitted && !fits(self);
        first.then(|| {
            let message = "the configurations are too long";
            let expected =
                format!("at most {MAX_PROPERTIES} properties of {MAX_TOTAL} bytes together");
            Diagnostic::new(Code::OutOfRange, key.mark, message).expected(expected)
        })
    }
}

fn wrong_name(key: &Key, within: &[String]) -> Option<Diagnostic> {
    let name = key.text.as_str();
    let part = |part: &str| {
        let sign = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        !part.is_empty() && part.bytes().all(sign)
    };
    let right =
        name.len() <= MAX_NAME && name.split('-').count() <= 10 && name.split('-').all(part);
    let known = || known_classifications::nearest_to(name);
    if !right {
        let message = format!("{} is not the name of a classification", quote(name));
        let found = Diagnostic::new(Code::BadKey, key.mark, message)
            .expected("a name such as `spark-defaults` or `hive-site`");
        return Some(found.meant(known()));
    }
    // Nested ones are not listed.
    let meant = known().filter(|_| within.is_empty())?;
    let message = format!("there is no classification {}", quote(name));
    Some(Diagnostic::new(Code::BadKey, key.mark, message).meant(Some(meant)))
}

fn wrong_key(key: &Key) -> Option<Diagnostic> {
    let name = key.text.as_str();
    let right = (1..=MAX_KEY).contains(&name.chars().count())
        && name.trim() == name
        && !name.contains(char::is_control);
    (!right).then(|| {
        let message = format!("{} is not the name of a property", quote(name));
        let expected = format!("1 to {MAX_KEY} characters, without spaces around them");
        Diagnostic::new(Code::BadKey, key.mark, message).expected(expected)
    })
}

fn wrong_value(key: &Key, text: &str, at: Mark) -> Option<Diagnostic> {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let name = quote(&key.text);
    if text.contains(control) {
        let message = format!("the value of {name} contains a control character");
        let found = Diagnostic::new(Code::BadValue, at, message);
        return Some(found.expected("text, which may have line ends and tabs"));
    }
    (text.len() > MAX_VALUE).then(|| {
        let message = format!("the value of {name} is too long");
        let expected = format!("at most {MAX_VALUE} bytes");
        Diagnostic::new(Code::OutOfRange, at, message).expected(expected)
    })
}

/// A property of `spark-defaults` with which clusterup's steps would not run as the stack says.
fn breaks(place: &Property, text: &str, key: Mark, value: Mark) -> Option<Diagnostic> {
    if place.within != [software::SPARK_DEFAULTS] {
        return None;
    }
    let help = match place.name.as_str() {
        "spark.master" => "steps run on the stack's own cluster; remove it",
        "spark.submit.deployMode" => "each step sets its deploy mode; remove it",
        "spark.yarn.submit.waitAppCompletion" if text.trim().eq_ignore_ascii_case("false") => {
            "a step would end before its work, and the cluster with it; remove it"
        }
        software::EXECUTOR_MEMORY if text.parse::<Memory>().is_err() => {
            let message = format!("{} cannot be {}", quote(&place.name), quote(text));
            let found = Diagnostic::new(Code::BadValue, value, message);
            return Some(found.expected("memory with its unit, such as `512m` or `1g`"));
        }
        _ => return None,
    };
    let message = format!("{} cannot be set", quote(&place.to_string()));
    Some(Diagnostic::new(Code::Conflict, key, message).help(help))
}
