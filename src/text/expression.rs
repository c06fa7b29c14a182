//! Conditions in CEL inside YAML. Some of CEL's characters have a meaning in YAML too; mistakes
//! that follow from this are explained.

use super::diag::{Code, Diagnostic};
use super::field::Shape;
use super::format::Format;
use super::node::Node;
use super::reader::{Reader, Site};
use super::shape::Kind;
use super::source::Source;
use super::written::Condition;
use std::ops::Range;

/// How to keep YAML from interpreting a condition.
const QUOTES: &str = "write the whole condition in quotes, `'…'` or `\"…\"`, \
                      or on lines of its own below a `|`";

const KEYS: [&str; 2] = ["deny_when:", "warn_when:"];

/// A condition and its place.
pub(crate) struct Expression(pub(crate) Format<String>);

impl Shape for Expression {
    type Out = (String, Condition);

    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<Self::Out> {
        if let Some(scalar) = node.scalar() {
            let condition = Condition {
                mark: node.mark,
                plain: scalar.plain,
            };
            return Some((self.0.read(reader, node, site)?, condition));
        }
        let message = format!("YAML reads {} as {}", site.name, node.word());
        reader.found.push(
            Diagnostic::new(Code::WrongKind, node.mark, message)
                .expected("a condition in CEL, in quotes")
                .help(QUOTES),
        );
        None
    }
}

/// Rewrites the diagnostics of a text in which YAML misreads a condition: each is reported once,
/// with the help for conditions.
pub(crate) fn explained(source: &Source, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut lost: Vec<Range<usize>> = Vec::new();
    let mut explained = Vec::new();
    for mut wrong in found {
        if lost.iter().any(|range| range.contains(&wrong.at.start)) {
            continue;
        }
        if let Some((key, value)) = condition(source, &wrong) {
            if wrong.code != Code::Syntax {
                let sign = source.text[value..].chars().next().unwrap_or_default();
                wrong.message = format!("YAML gives a special meaning to `{sign}` at the start");
                lost.push(key..wrong.at.end + 1);
            } else if !wrong.left_open {
                wrong.message = "YAML cannot read this condition from here on".to_owned();
            }
            if !wrong.left_open {
                wrong.help = Some(QUOTES.to_owned());
            }
        }
        explained.push(wrong);
    }
    explained
}

/// Where the condition begins that YAML misreads, by its key and by its value; `None` if the
/// mistake is elsewhere.
fn condition(source: &Source, wrong: &Diagnostic) -> Option<(usize, usize)> {
    let mark = source.clip(wrong.at);
    let line = source.lines(mark.start..mark.start);
    let before = &source.text[line.start..mark.start];
    let (key, after) = KEYS
        .iter()
        .filter_map(|key| before.rfind(key).map(|at| (at, at + key.len())))
        .max()?;
    let another = ["name:", "message:"]
        .iter()
        .any(|key| before[after..].contains(key));
    let rest = source.text[line.start + after..line.end].trim_start();
    let value = line.end - rest.len();
    let begins = value == mark.start && !rest.is_empty();
    let yaml = if wrong.code == Code::Syntax {
        !another && !rest.starts_with(['|', '>'])
    } else {
        matches!(wrong.code, Code::YamlTag | Code::Alias) && begins
    };
    yaml.then_some((line.start + key, value))
}
