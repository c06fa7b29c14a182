//! A stack's YAML to a `Stack`, a policy's to a `Policy`, every mistake at once, each underlined.
//! Owns the words of the files, their JSON Schemas, and the template of a new stack; the only room
//! that knows the YAML crate. It opens no file: paths are joined to the folder that it is told,
//! and that is all.
//!
//! `read` makes a tree of the text and `set` changes it by what the command line says. What such a
//! `document` may say is declared once, in `stack`, `policy` and `example`, by the words of `field`:
//! of that come the values, every mistake, the JSON Schema and the reference. `rules` holds parts
//! of the tree against each other that have no mapping in common. A policy's conditions stay text:
//! what reads them reports their mistakes to `Written`, which knows where they stand.

mod align;
mod arg;
mod collections;
mod conf;
mod decode;
mod diag;
mod document;
mod example;
mod expression;
mod field;
mod format;
mod forms;
mod hidden_names;
mod json_schema;
mod misplaced_keys;
mod named;
mod nearest;
mod node;
mod odd_characters;
mod open;
mod paths;
mod policy;
mod policy_format;
mod policy_readers;
mod policy_rules;
mod read;
mod reader;
mod readers;
mod reference;
mod render;
mod rules;
mod set;
mod shape;
mod source;
mod stack;
mod suggestions;
mod syntax;
mod template;
mod texts;
mod types;
mod written;

pub use decode::decode;
pub use diag::{Code, Diagnostic, Diagnostics};
pub use json_schema::{json_schema, policy_schema};
pub use named::{Complaint, Named, What, named};
pub(crate) use nearest::nearest;
pub use read::MOST_BYTES;
pub use reference::{is_local_path, policy_reference, setting_paths, stack_reference};
pub use set::Setting;
pub use source::Mark;
pub use template::template;
pub use written::{Flaw, Written};

use crate::model::policy::Example;
use crate::model::stack::Stack;
use document::{Document, EXAMPLES_FILE, POLICY_FILE, STACK_FILE};
use example::EXAMPLES;
use field::Record;
use policy::POLICY;
use reader::Reader;
use source::Source;
use stack::STACK;
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
        found.extend(set::apply(&mut root, &(STACK_FILE.shape)(), setting, n + 1));
    }
    let mut reader = Reader::new(&root, &STACK_FILE, &sources, base);
    let stack = reader.whole(&STACK);
    found.extend(reader.found);
    found.extend(rules::check(&root));
    found.extend(named::diagnostics(wrong));
    whole(stack, sources, found)
}

/// What was read, where nothing was found wrong.
fn whole<T>(
    read: Option<T>,
    sources: Vec<Source>,
    mut found: Vec<Diagnostic>,
) -> Result<T, Diagnostics> {
    match read {
        Some(read) if found.is_empty() => return Ok(read),
        None if found.is_empty() => {
            // What no type lets through; said rather than panicked about.
            let message = "the file is not understood";
            found.push(Diagnostic::new(Code::BadValue, Mark::new(0, 0..0), message));
        }
        Some(_) | None => {}
    }
    Err(Diagnostics::new(sources, found))
}

/// Reads the text of the policy's file called `name`. The conditions of its rules are not looked
/// into: that is for `Written::checked`.
pub fn policy(name: &str, text: &str) -> Result<Written, Diagnostics> {
    let base = Path::new("");
    let read = plain(&POLICY_FILE, &POLICY, name, text, base, policy_rules::check);
    read.map(|((policy, conditions), source)| Written {
        policy,
        source,
        conditions,
    })
}

/// Reads the text of a file of examples. Relative paths in it are seen from the folder `base`.
pub fn examples(name: &str, text: &str, base: &Path) -> Result<Vec<Example>, Diagnostics> {
    let read = plain(&EXAMPLES_FILE, &EXAMPLES, name, text, base, |_| Vec::new());
    read.map(|(examples, _)| examples)
}

/// A file over which the command line has no say.
fn plain<T>(
    document: &'static Document,
    record: &Record<T>,
    name: &str,
    text: &str,
    base: &Path,
    rules: fn(&node::Node) -> Vec<Diagnostic>,
) -> Result<(T, Source), Diagnostics> {
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let sources = vec![source.clone()];
    let (root, mut found) = document.tree(text);
    let read = root.as_ref().and_then(|root| {
        let mut reader = Reader::new(root, document, &sources, base);
        let read = reader.whole(record);
        found.extend(reader.found);
        found.extend(rules(root));
        read
    });
    let found = expression::told(&source, found);
    whole(read, sources, found).map(|read| (read, source))
}
