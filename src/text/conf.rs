//! Spark's own settings, passed through; but for those that say what the stack says elsewhere.

use super::check::Site;
use super::diag::{Code, Diagnostic};
use super::nearest::quote;
use super::node::{Entry, Node, Value};

/// For editors: the settings that may be passed through.
pub(crate) const PATTERN: &str =
    "^(?!spark\\.(executor\\.memory|master|submit\\.deployMode)$)spark\\.[A-Za-z0-9._-]+$";

/// Settings that are ours to make, and why.
const OURS: [(&str, &str); 3] = [
    (
        "spark.executor.memory",
        "write `executor_memory` under `spark` instead",
    ),
    (
        "spark.master",
        "a step runs on the stack's own cluster; leave it out",
    ),
    (
        "spark.submit.deployMode",
        "a step runs as the cluster runs it; leave it out",
    ),
];

pub(crate) fn check(node: &Node, site: Site<'_>, found: &mut Vec<Diagnostic>) {
    let Value::Map(entries) = &node.value else {
        let message = format!("{} cannot be {}", site.name, node.word());
        let expected = "Spark's settings, such as `spark.sql.shuffle.partitions: 64`";
        found.push(Diagnostic::new(Code::WrongKind, node.mark, message).expected(expected));
        return;
    };
    for entry in entries {
        let Entry { key, value } = entry;
        if value.scalar().is_none() && !matches!(value.value, Value::Broken) {
            let message = format!("{} cannot be {}", quote(&key.text), value.word());
            found.push(
                Diagnostic::new(Code::WrongKind, value.mark, message)
                    .expected("a single value")
                    .help("Spark's settings have dots in their names and no levels"),
            );
        } else if value.is_null() {
            let message = format!("{} has no value", quote(&key.text));
            found.push(Diagnostic::new(Code::MissingValue, key.mark, message));
        } else {
            found.extend(setting(entry));
        }
    }
}

fn setting(Entry { key, .. }: &Entry) -> Option<Diagnostic> {
    let name = key.text.as_str();
    if let Some((_, help)) = OURS.iter().find(|(ours, _)| *ours == name) {
        let message = format!("{} is not for `conf` to say", quote(name));
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
