//! Spark's own settings, which are passed through, except those that the stack sets elsewhere.

use super::diag::{Code, Diagnostic};
use super::field::Shape;
use super::nearest::quote;
use super::node::{Entry, Node, Value};
use super::reader::{Reader, Site};
use super::shape::Kind;
use std::collections::BTreeMap;

/// A pattern of the settings that may be passed through, for editors.
pub(crate) const PATTERN: &str =
    "^(?!spark\\.(executor\\.memory|master|submit\\.deployMode)$)spark\\.[A-Za-z0-9._-]+$";

/// Settings that clusterup sets itself, and why.
const OURS: [(&str, &str); 3] = [
    (
        "spark.executor.memory",
        "write `executor_memory` under `spark` instead",
    ),
    (
        "spark.master",
        "steps run on the stack's own cluster; remove it",
    ),
    (
        "spark.submit.deployMode",
        "write `deploy_mode` under `spark` instead",
    ),
];

/// A mapping of Spark settings.
pub(crate) struct Conf;

impl Shape for Conf {
    type Out = BTreeMap<String, String>;

    fn kind(&self) -> Kind {
        Kind::Conf
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        reader.duplicates(node.entries());
        let found = &mut reader.found;
        let Value::Map(entries) = &node.value else {
            let message = format!("{} cannot be {}", site.name, node.word());
            let expected = "Spark's settings, such as `spark.sql.shuffle.partitions: 64`";
            found.push(Diagnostic::new(Code::WrongKind, node.mark, message).expected(expected));
            return None;
        };
        let before = found.len();
        found.extend(entries.iter().filter_map(wrong));
        let text = |entry: &Entry| Some((entry.key.text.clone(), entry.value.text()?.to_owned()));
        let right = found.len() == before;
        right.then(|| entries.iter().filter_map(text).collect())
    }
}

fn wrong(entry: &Entry) -> Option<Diagnostic> {
    let Entry { key, value } = entry;
    if value.scalar().is_none() && !matches!(value.value, Value::Broken) {
        let message = format!("{} cannot be {}", quote(&key.text), value.word());
        let found = Diagnostic::new(Code::WrongKind, value.mark, message)
            .expected("a single value")
            .help("Spark's settings have dots in their names and no levels");
        return Some(found);
    }
    if value.is_null() {
        let message = format!("{} has no value", quote(&key.text));
        return Some(Diagnostic::new(Code::MissingValue, key.mark, message));
    }
    setting(entry)
}

fn setting(Entry { key, .. }: &Entry) -> Option<Diagnostic> {
    let name = key.text.as_str();
    if let Some((_, help)) = OURS.iter().find(|(ours, _)| *ours == name) {
        let message = format!("{} cannot be set under `conf`", quote(name));
        return Some(Diagnostic::new(Code::Conflict, key.mark, message).help(*help));
    }
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let rest = name.strip_prefix("spark.");
    if rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(byte)) {
        return None;
    }
    let message = format!("Spark has no setting {}", quote(name));
    let meant = name.bytes().all(byte).then(|| format!("spark.{name}"));
    Some(
        Diagnostic::new(Code::BadKey, key.mark, message)
            .expected("a name that begins with `spark.`")
            .meant(meant),
    )
}
