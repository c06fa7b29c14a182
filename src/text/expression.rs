//! Conditions in CEL as they stand in YAML: some of CEL's signs are YAML's as well, and what YAML
//! makes of them is then told in words that help.

use super::check::{Checker, Site};
use super::diag::{Code, Diagnostic};
use super::format::Format;
use super::node::Node;
use super::source::{Mark, Source};
use std::collections::BTreeSet;

/// How a condition is kept from YAML.
const QUOTES: &str = "write the whole condition in quotes, `'…'` or `\"…\"`, \
                      or on lines of its own below a `|`";

const KEYS: [&str; 2] = ["deny_when:", "warn_when:"];

impl Checker<'_> {
    pub(super) fn expression(&mut self, format: &Format, node: &Node, site: Site<'_>) {
        if node.scalar().is_some() {
            return self.text(format, node, site);
        }
        let message = format!("YAML reads {} as {}", site.name, node.word());
        self.found.push(
            Diagnostic::new(Code::WrongKind, node.mark, message)
                .expected("a condition in CEL, in quotes")
                .help(QUOTES),
        );
    }
}

/// What was found in a text's YAML, where it stands in a condition: told once, and with the help
/// that is meant for conditions.
pub(crate) fn told(source: &Source, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut lines = BTreeSet::new();
    let mut told = Vec::new();
    for mut wrong in found {
        let line = source.place(source.clip(wrong.at).start).0;
        let yaml = matches!(
            wrong.code,
            Code::Syntax | Code::YamlTag | Code::Alias | Code::BadKey
        );
        if lines.contains(&line) {
            continue;
        }
        if yaml && let Some(start) = condition(source, wrong.at) {
            lines.insert(line);
            if wrong.code != Code::Syntax {
                let sign = &source.text[start..].chars().next().unwrap_or_default();
                wrong.message = format!("YAML has a meaning of its own for `{sign}` at the start");
            }
            wrong.help = Some(QUOTES.to_owned());
        }
        told.push(wrong);
    }
    told
}

/// Where the condition begins in whose line a mark stands; none where it stands in none, or in one
/// that has its quotes.
fn condition(source: &Source, mark: Mark) -> Option<usize> {
    let mark = source.clip(mark);
    let line = source.lines(mark.start..mark.start);
    let before = &source.text[line.start..mark.start];
    let key = KEYS
        .iter()
        .filter_map(|key| Some(before.rfind(key)? + key.len()))
        .max()?;
    let rest = &source.text[line.start + key..line.end];
    let start = line.end - rest.trim_start().len();
    (!rest.trim_start().starts_with(['|', '>'])).then_some(start)
}
