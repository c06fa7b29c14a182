//! Spark's own settings, which are passed through, except those that the stack sets elsewhere.

use super::diag::{Code, Diagnostic};
use super::field::Shape;
use super::named::What;
use super::nearest::quote;
use super::node::{Entry, Node, Value};
use super::reader::{Reader, Site};
use super::shape::Kind;
use super::stack::CONFIGURATIONS;
use crate::model::lint::LintCode;
use crate::model::software::SPARK_DEFAULTS;
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

const INTERVAL: &str = "spark.executor.heartbeatInterval";
const TIMEOUT: &str = "spark.network.timeout";

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
        found.extend(heartbeat(entries, reader.root));
        for entry in entries {
            name(reader, entry);
        }
        let found = &reader.found;
        let text = |entry: &Entry| Some((entry.key.text.clone(), entry.value.text()?.to_owned()));
        let right = found.len() == before;
        right.then(|| entries.iter().filter_map(text).collect())
    }
}

/// Names a setting that is checked outside the text, as the stack's own words for it are.
fn name(reader: &mut Reader<'_>, Entry { key, value }: &Entry) {
    let Some(text) = value.text() else { return };
    let (what, text) = match key.text.as_str() {
        "spark.executor.cores" => (What::ExecutorCores, text),
        "spark.executor.instances" => (What::Executors, text),
        "spark.driver.memory" => (What::DriverMemory, text),
        key => (What::Conf, key),
    };
    reader.name(what, text, value.mark, None);
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

/// Executors have to report more often than the driver waits for them: Spark does not start
/// otherwise (Spark, `SparkConf.validateSettings`).
fn heartbeat(entries: &[Entry], root: &Node) -> Option<Diagnostic> {
    let entry = |name: &str| entries.iter().find(|entry| entry.key.text == name);
    // The cluster's own settings apply where the step has none.
    let defaults = root.find(&CONFIGURATIONS);
    let defaults = defaults.and_then(|all| all.get(SPARK_DEFAULTS));
    let millis = |name: &str, unit: u64, default: u64| {
        let own = entry(name).map(|entry| &entry.value);
        match own.or_else(|| defaults?.get(name)) {
            Some(value) => millis(value.text()?, unit),
            None => Some(default),
        }
    };
    let wrong = entry(INTERVAL).or_else(|| entry(TIMEOUT))?;
    let every = millis(INTERVAL, 1, 10_000)?;
    let within = millis(TIMEOUT, 1_000, 120_000)?;
    (every >= within).then(|| {
        let message = "`spark.executor.heartbeatInterval` is not below `spark.network.timeout`";
        let found = Diagnostic::new(Code::Lint(LintCode::Heartbeat), wrong.value.mark, message);
        found.help("set the interval to a tenth of the timeout or less")
    })
}

/// A time of Spark in milliseconds, such as `10s`. `unit`: that of a number alone.
fn millis(text: &str, unit: u64) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let unit = match suffix.to_ascii_lowercase().as_str() {
        "" => unit,
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn times_of_spark_have_units() {
        for (text, unit, expected) in [
            ("10s", 1, Some(10_000)),
            ("10000", 1, Some(10_000)),
            ("120", 1_000, Some(120_000)),
            ("2m", 1, Some(120_000)),
            ("1h", 1, Some(3_600_000)),
            ("soon", 1, None),
            ("", 1, None),
            ("99999999999999999999", 1, None),
        ] {
            assert_eq!(millis(text, unit), expected, "{text:?}");
        }
    }

    #[test]
    fn heartbeats_come_before_the_timeout() {
        const PLAIN: &str = "spark.sql.shuffle.partitions: 9";
        let (late, long) = (
            "spark.executor.heartbeatInterval: 120s",
            "spark.network.timeout: 600s",
        );
        for (conf, defaults, is_right) in [
            ("spark.executor.heartbeatInterval: 20s", PLAIN, true),
            (late, PLAIN, false),
            (&format!("{late}, {long}"), PLAIN, true),
            ("spark.network.timeout: 10s", PLAIN, false),
            ("spark.network.timeout: 600", PLAIN, true),
            // The cluster's own settings apply where the step has none.
            (late, long, true),
            ("spark.network.timeout: 100s", late, false),
            ("spark.sql.shuffle.partitions: 8", late, true),
        ] {
            let text = format!(
                "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 2 x m5.xlarge, \
                 configurations: {{ spark-defaults: {{ {defaults} }} }} }}\n\
                 job: {{ steps: [{{ name: one, script: a.py, spark: {{ conf: {{ {conf} }} }} }}] }}\n"
            );
            let read = crate::text::parse("t.yaml", &text, Path::new(""), &[]);
            assert_eq!(read.is_ok(), is_right, "{conf} {defaults}");
            if let Err(found) = read {
                assert!(found.to_string().contains("error[heartbeat]"), "{found}");
            }
        }
    }
}
