//! A stack's YAML to a `Stack`, a policy's to a `Policy`, every mistake at once, each underlined.
//! Owns the words of the files, their JSON Schemas, and the template of a new stack; the only room
//! that knows the YAML crate. It opens no file: paths are joined to the folder that it is told,
//! and that is all.
//!
//! `read` makes a tree of the text and `set` changes it by what the command line says. `check`
//! holds it against the declared shape of such a `document` (`stack_shape`, `policy_shape`,
//! `example_shape`), `rules` its parts against each other; if neither has found anything, `lower`
//! makes the `Stack`. A policy's conditions stay text: whoever reads them says what is wrong in
//! them to `Written`, which knows where they stand.

mod align;
mod arg;
mod check;
mod conf;
mod decode;
mod diag;
mod document;
mod example_shape;
mod expression;
mod format;
mod forms;
mod hidden_names;
mod json_schema;
mod lower;
mod lower_data;
mod lower_examples;
mod lower_policy;
mod misplaced_keys;
mod named;
mod nearest;
mod node;
mod odd_characters;
mod open;
mod paths;
mod policy_format;
mod policy_readers;
mod policy_rules;
mod policy_shape;
mod read;
mod readers;
mod render;
mod rules;
mod set;
mod shape;
mod source;
mod stack_shape;
mod suggestions;
mod syntax;
mod template;
mod texts;
mod values;
mod written;

pub use decode::decode;
pub use diag::{Code, Diagnostic, Diagnostics};
pub use json_schema::{json_schema, policy_schema};
pub use named::{Complaint, Named, What, named};
pub(crate) use nearest::nearest;
pub use read::MOST_BYTES;
pub use set::Setting;
pub use source::Mark;
pub use template::template;
pub use written::{Flaw, Written};

use crate::model::policy::Example;
use crate::model::stack::Stack;
use document::{Document, EXAMPLES_FILE, POLICY_FILE, STACK_FILE};
use source::Source;
use std::path::Path;

/// The line, from 1, of a key such as `cluster.size`, or of the nearest above it that there is.
pub fn line_of(text: &str, path: &str) -> usize {
    let read = read::read(text, 0, 0);
    let (mut node, mut at) = (read.root.as_ref(), 0);
    for key in path.split('.') {
        let Some(entry) = node.and_then(|node| node.entry(key)) else {
            break;
        };
        (node, at) = (Some(&entry.value), entry.key.mark.start);
    }
    text[..at].matches('\n').count() + 1
}

/// Reads the text of the file called `name`. Relative paths in it are seen from the folder
/// `base`; `sets` go over what the file says, in their order.
pub fn parse(name: &str, text: &str, base: &Path, sets: &[Setting]) -> Result<Stack, Diagnostics> {
    parse_seen(name, text, base, sets, &[])
}

/// The same, with what is wrong with things outside the text that it names.
pub fn parse_seen(
    name: &str,
    text: &str,
    base: &Path,
    sets: &[Setting],
    wrong: &[(Named, Complaint)],
) -> Result<Stack, Diagnostics> {
    let mut sources = vec![Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }];
    sources.extend(sets.iter().map(Setting::source));
    let (root, mut found) = STACK_FILE.tree(text);
    let Some(mut root) = root else {
        return Err(Diagnostics::new(sources, found));
    };
    for (n, setting) in sets.iter().enumerate() {
        found.extend(set::apply(&mut root, STACK_FILE.shape, setting, n + 1));
    }
    found.extend(check::Checker::new(&root, &STACK_FILE, &sources).run());
    found.extend(rules::check(&root));
    found.extend(named::diagnostics(wrong));
    if !found.is_empty() {
        return Err(Diagnostics::new(sources, found));
    }
    lower::stack(&root, base).map_err(|wrong| Diagnostics::new(sources, vec![*wrong]))
}

/// Reads the text of the policy's file called `name`. The conditions of its rules are not looked
/// into: that is for `Written::checked`.
pub fn policy(name: &str, text: &str) -> Result<Written, Diagnostics> {
    let read = |root: &node::Node, source: &Source| lower_policy::policy(root, source);
    plain(&POLICY_FILE, name, text, policy_rules::check, read)
}

/// Reads the text of a file of examples. Relative paths in it are seen from the folder `base`.
pub fn examples(name: &str, text: &str, base: &Path) -> Result<Vec<Example>, Diagnostics> {
    let read = |root: &node::Node, source: &Source| lower_examples::examples(root, source, base);
    plain(&EXAMPLES_FILE, name, text, |_| Vec::new(), read)
}

/// A file over which the command line has no say.
fn plain<T>(
    document: &'static Document,
    name: &str,
    text: &str,
    rules: fn(&node::Node) -> Vec<Diagnostic>,
    lower: impl FnOnce(&node::Node, &Source) -> lower::Lowered<T>,
) -> Result<T, Diagnostics> {
    let sources = vec![Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }];
    let (root, mut found) = document.tree(text);
    if let Some(root) = &root {
        found.extend(check::Checker::new(root, document, &sources).run());
        found.extend(rules(root));
    }
    found = expression::told(&sources[0], found);
    let read = root.filter(|_| found.is_empty());
    let read = read.map(|root| lower(&root, &sources[0]));
    match read {
        Some(read) => read.map_err(|wrong| Diagnostics::new(sources, vec![*wrong])),
        None => Err(Diagnostics::new(sources, found)),
    }
}
