//! `--set PATH=VALUE`: changes the tree before it is checked, so that a value has to obey the same
//! rules wherever it comes from.

use super::diag::{Code, Diagnostic};
use super::nearest::{all_of, any_of, nearest, quote};
use super::node::{Entry, Key, Node, Value};
use super::read::read;
use super::shape::{Items, Kind, Object, Unique};
use super::source::{Mark, Source};
use crate::model::Invalid;
use std::fmt;
use std::str::FromStr;

/// A setting, such as `data.ratings.path=/x/ratings.dat`. Named items of a list are addressed by
/// their name, other items by their index from 0. A value that begins with `[` or `{` is parsed as
/// YAML, any other is taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    text: String,
    /// The byte at which the path ends.
    equals: usize,
}

impl FromStr for Setting {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.find('=') {
            Some(equals) if equals > 0 => Ok(Self {
                text: text.to_owned(),
                equals,
            }),
            _ => Err(Invalid::new("PATH=VALUE, such as `guardrails.budget=$5`")),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Setting {
    pub(crate) fn source(&self) -> Source {
        let name = format!("--set {}", &self.text[..self.equals]);
        Source {
            name,
            text: self.text.clone(),
        }
    }
}

/// Applies a setting to the tree; returns the mistakes in its path and in its value's YAML.
pub(crate) fn apply(
    root: &mut Node,
    shape: &Object,
    setting: &Setting,
    source: usize,
) -> Vec<Diagnostic> {
    let (path, value) = (
        &setting.text[..setting.equals],
        &setting.text[setting.equals + 1..],
    );
    let at = Mark::new(source, setting.equals + 1..setting.text.len());
    let (node, mut found) = if value.starts_with(['[', '{']) {
        let read = read(value, source, at.start);
        (read.root, read.found)
    } else {
        (Some(Node::plain(at, value)), Vec::new())
    };
    let Some(value) = node else { return found };
    let rest = Rest {
        text: path,
        at: 0,
        source,
    };
    if let Err(wrong) = object(root, shape, rest, value, "the stack") {
        found.push(*wrong);
    }
    found
}

/// The rest of a path, and its place in the setting.
#[derive(Clone, Copy)]
struct Rest<'a> {
    text: &'a str,
    at: usize,
    source: usize,
}

impl<'a> Rest<'a> {
    fn mark(self) -> Mark {
        Mark::new(self.source, self.at..self.at + self.text.len())
    }

    /// The first `length` bytes, and what follows the dot after them.
    fn cut(self, length: usize) -> (Self, Option<Self>) {
        let (head, tail) = self.text.split_at(length);
        let tail = tail.strip_prefix('.').map(|tail| Self {
            text: tail,
            at: self.at + length + 1,
            ..self
        });
        (Self { text: head, ..self }, tail)
    }

    fn segment(self) -> (Self, Option<Self>) {
        self.cut(self.text.find('.').unwrap_or(self.text.len()))
    }
}

type Put = Result<(), Box<Diagnostic>>;

fn unknown(at: Mark, message: String) -> Diagnostic {
    Diagnostic::new(Code::UnknownPath, at, message)
}

fn put(node: &mut Node, kind: &Kind, rest: Option<Rest<'_>>, value: Node, name: &str) -> Put {
    let Some(rest) = rest else {
        *node = value;
        return Ok(());
    };
    match kind {
        Kind::Map(shape) => object(node, shape, rest, value, name),
        Kind::Forms(_, long, expand) => {
            if let Some(long) = expand(node) {
                *node = long;
            }
            object(node, long, rest, value, name)
        }
        Kind::Named(_, shape) => {
            let (head, tail) = rest.segment();
            let named: Vec<&str> = node
                .entries()
                .iter()
                .map(|entry| entry.key.text.as_str())
                .collect();
            if !named.contains(&head.text) {
                let message = format!("{name} has no entry {}", quote(head.text));
                let unknown = unknown(head.mark(), message)
                    .meant(nearest(head.text, named.iter().copied()))
                    .expected(any_of(named.iter().copied()));
                return Err(Box::new(unknown));
            }
            let Some(child) = child(node, head) else {
                return Ok(());
            };
            match tail {
                Some(tail) => object(child, shape, tail, value, &quote(head.text)),
                None => {
                    *child = value;
                    Ok(())
                }
            }
        }
        Kind::Configurations => {
            let (head, tail) = rest.segment();
            if let Some(child) = child(node, head) {
                match tail {
                    Some(tail) => property(child, tail, value),
                    None => *child = value,
                }
            }
            Ok(())
        }
        Kind::Conf | Kind::Texts(..) => {
            if let Some(child) = child(node, rest) {
                *child = value;
            }
            Ok(())
        }
        Kind::OneOr(_, items) if !node.items().is_empty() => list(node, items, rest, value, name),
        Kind::OneOr(one, _) => put(node, one, Some(rest), value, name),
        Kind::List(items) | Kind::Several(items) => list(node, items, rest, value, name),
        Kind::Text(_)
        | Kind::Words(_)
        | Kind::Switch
        | Kind::Whole(..)
        | Kind::WholeOrAuto(..)
        | Kind::Argument => {
            let message = format!("{name} has nothing below it");
            let help = "the path has to end here: nothing is below this value";
            Err(Box::new(unknown(rest.mark(), message).help(help)))
        }
    }
}

/// The classification that most files nest in others: variables of a program's environment.
const EXPORT: &str = "export";

/// Sets a property of a classification. Its name may have dots, so the rest of the path is its name
/// unless it begins with a nested classification.
fn property(node: &mut Node, rest: Rest<'_>, value: Node) {
    let (head, tail) = rest.segment();
    let nested = node
        .get(head.text)
        .is_some_and(|it| !it.entries().is_empty());
    let (key, tail) = match tail {
        Some(tail) if nested || head.text == EXPORT => (head, Some(tail)),
        Some(_) | None => (rest, None),
    };
    let Some(child) = child(node, key) else {
        return;
    };
    match tail {
        Some(tail) => property(child, tail, value),
        None => *child = value,
    }
}

fn object(node: &mut Node, shape: &Object, rest: Rest<'_>, value: Node, name: &str) -> Put {
    let (head, tail) = rest.segment();
    let Some(field) = shape.field(head.text) else {
        let message = format!("{name} has no key {}", quote(head.text));
        return Err(Box::new(
            unknown(head.mark(), message)
                .expected(format!("one of {}", any_of(shape.keys())))
                .meant(nearest(head.text, shape.keys())),
        ));
    };
    exclude(node, shape, head.text);
    let Some(child) = child(node, head) else {
        return Ok(());
    };
    put(
        child,
        &field.kind,
        tail,
        value,
        &format!("`{}`", field.head.key),
    )
}

/// Removes the fields that the field which is set excludes.
fn exclude(node: &mut Node, shape: &Object, key: &str) {
    let choices = shape.choices();
    if let Some(choice) = choices.iter().find(|choice| choice.key == key)
        && let Value::Map(entries) = &mut node.value
    {
        let other = |key: &str| choices.iter().any(|other| other.has(key)) && !choice.has(key);
        entries.retain(|entry| !other(&entry.key.text));
    }
}

/// The value of a key, created if missing. `None` if the node is not a mapping: that is a mistake
/// of the file, which is reported elsewhere.
fn child<'n>(node: &'n mut Node, key: Rest<'_>) -> Option<&'n mut Node> {
    if node.is_null() || node.value == Value::Broken {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else {
        return None;
    };
    let found = entries.iter().position(|entry| entry.key.text == key.text);
    let index = found.unwrap_or(entries.len());
    if found.is_none() {
        let mark = key.mark();
        let key = Key {
            text: key.text.to_owned(),
            mark,
        };
        // A placeholder until the value is set; if none is set, that is already reported.
        let value = Value::Broken;
        entries.push(Entry {
            key,
            value: Node { mark, value },
        });
    }
    entries.get_mut(index).map(|entry| &mut entry.value)
}

fn list(node: &mut Node, kind: &Items, rest: Rest<'_>, value: Node, name: &str) -> Put {
    let items = match &mut node.value {
        Value::Seq(items) => items,
        Value::Broken => &mut Vec::new(),
        Value::Scalar(_) | Value::Map(_) => return Ok(()),
    };
    let names: Vec<Option<String>> = items
        .iter()
        .map(|item| match kind.unique {
            Unique::By(key) => Some(item.get(key)?.text()?.to_owned()),
            Unique::No | Unique::ByText => None,
        })
        .collect();
    let begins = |name: &&String| {
        rest.text
            .strip_prefix(name.as_str())
            .is_some_and(|r| r.is_empty() || r.starts_with('.'))
    };
    let named = names
        .iter()
        .flatten()
        .filter(begins)
        .max_by_key(|name| name.len());
    let (head, tail) = rest.cut(named.map_or_else(|| rest.segment().0.text.len(), String::len));
    let index = match named {
        Some(named) => names.iter().position(|name| name.as_ref() == Some(named)),
        None => head.text.parse().ok().filter(|index| *index < items.len()),
    };
    if let Some(item) = index.and_then(|index| items.get_mut(index)) {
        return put(item, &kind.of, tail, value, &quote(head.text));
    }
    let known: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    let found = unknown(
        head.mark(),
        format!("{name} has no item {}", quote(head.text)),
    );
    Err(Box::new(
        match (nearest(head.text, known.iter().copied()), known.as_slice()) {
            (Some(meant), _) => found.meant(Some(meant)),
            (None, []) if items.is_empty() => found.help(format!("{name} is empty")),
            (None, []) => found.help(format!("its items are 0 to {}", items.len() - 1)),
            (None, known) => found.help(format!("it has {}", all_of(known.iter().copied()))),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::{Market, Piece, Source as DataSource, Stack};
    use crate::text::{Diagnostics, parse};
    use std::path::Path;

    const FILE: &str = r#"
stack: x
region: us-east-1
data:
  ratings: { url: https://e.com/a.zip, member: a/r.dat, sampled: false }
cluster: { release: emr-7.x, size: 3 x m5.xlarge }
job:
  steps:
    - { name: a.b, script: a.py, args: [--movie, "260"] }
    - { name: c, script: c.py }
"#;

    fn set(sets: &[&str]) -> Result<Stack, Diagnostics> {
        let sets: Vec<Setting> = sets.iter().map(|set| set.parse().unwrap()).collect();
        parse("x.yaml", FILE, Path::new("stacks"), &sets)
    }

    #[test]
    fn paths_lead_through_maps_lists_and_short_forms() {
        let stack = set(&[
            "guardrails.budget=$5",
            "job.steps.a.b.args.1=318",
            "job.steps.1.spark.conf.spark.sql.shuffle.partitions=8",
            "cluster.size.core.market=spot",
            "job.python_packages=[numpy, pandas]",
        ])
        .unwrap();
        let job = stack.job.unwrap();
        assert_eq!(stack.guardrails.budget.unwrap().to_string(), "$5.00");
        assert_eq!(job.steps[0].args[1], [Piece::Text("318".to_owned())]);
        assert_eq!(job.steps[1].spark.conf["spark.sql.shuffle.partitions"], "8");
        let core = stack.cluster.core.unwrap();
        assert_eq!((core.nodes.count, core.market), (2, Market::Spot));
        assert_eq!(job.python_packages, ["numpy", "pandas"]);
    }

    #[test]
    fn tags_are_texts_by_any_name() {
        let sets = [
            "tags={ owner: ana, n: 42 }",
            "tags.owner=bob",
            "tags.a.b/c d=true",
        ];
        let tags = set(&sets).unwrap().tags;
        let tags: Vec<_> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(tags, [("a.b/c d", "true"), ("n", "42"), ("owner", "bob")]);
        let wrong = set(&["tags.aws:owner=bob"]).unwrap_err();
        let found = wrong.iter().next().unwrap();
        assert_eq!((found.code, wrong.place(found.at).2), (Code::BadValue, 6));
    }

    #[test]
    fn an_alternative_takes_the_place_of_the_others() {
        let stack = set(&["data.ratings.path=/x/r.dat"]).unwrap();
        let data = stack.data.values().next().unwrap();
        assert_eq!(data.source, DataSource::Path("/x/r.dat".into()));
        assert!(!data.sampled);
    }

    #[test]
    fn mistakes_stand_in_the_setting() {
        for (text, code, column, help) in [
            (
                "guardrails.budgt=$5",
                Code::UnknownPath,
                12,
                "did you mean `budget`?",
            ),
            (
                "guardrails.budget=5",
                Code::NoUnit,
                19,
                "did you mean `$5`?",
            ),
            (
                "job.steps.d.script=x",
                Code::UnknownPath,
                11,
                "it has `a.b` and `c`",
            ),
            (
                "job.steps.c.args.0=x",
                Code::UnknownPath,
                18,
                "`args` is empty",
            ),
            (
                "job.steps.a.b.args.2=x",
                Code::UnknownPath,
                20,
                "its items are 0 to 1",
            ),
            (
                "region.x=1",
                Code::UnknownPath,
                8,
                "the path has to end here: nothing is below this value",
            ),
            (
                "cluster.size.tsk=1 x m5.large",
                Code::UnknownPath,
                14,
                "did you mean `task`?",
            ),
        ] {
            let wrong = set(&[text]).unwrap_err();
            let found = wrong.iter().next().unwrap();
            let (file, line, at) = wrong.place(found.at);
            assert_eq!(
                (wrong.iter().count(), found.code, line, at),
                (1, code, 1, column),
                "{text}"
            );
            assert!(file.starts_with("--set "), "{text}");
            assert_eq!(found.help.as_deref(), Some(help), "{text}");
        }
    }

    #[test]
    fn a_setting_has_a_path_and_a_value() {
        assert!("=1".parse::<Setting>().is_err());
        assert!("team".parse::<Setting>().is_err());
        assert_eq!("a=b=c".parse::<Setting>().unwrap().to_string(), "a=b=c");
    }
}
