//! Parses a stack's YAML into a `Stack` and a policy's into a `Policy`, and reports every mistake
//! at once, underlined. Owns the keys of the files, their JSON Schemas and the template of a new
//! stack; only this room uses the YAML crate. It opens no file: relative paths are joined to the
//! folder that the caller passes.
//!
//! `read` parses the text into a tree, and `set` applies `--set` to it. What a `document` may
//! contain is declared once, in `stack`, `policy` and `example`, with the macro of `field`: values,
//! diagnostics, JSON Schema and reference follow from it. Code that looks a key up in a tree takes it
//! from the declaration (`Record::key`). The conditions of a policy stay text: the code that compiles
//! them reports flaws to `Written`, which knows their places.

mod accounts;
mod align;
mod arg;
mod classifications;
mod collections;
mod conf;
mod decode;
mod diag;
mod document;
mod example;
mod expression;
mod field;
pub mod field_table;
mod format;
mod json_schema;
mod known_classifications;
mod linted;
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
mod read;
mod read_stack;
mod reader;
mod readers;
pub mod reference;
mod render;
mod scalar;
mod set;
mod settings;
mod shape;
mod source;
mod stack;
mod stack_names;
mod step_files;
mod step_readers;
mod suggestions;
mod syntax;
mod template;
mod template_value;
mod texts;
mod types;
mod written;

pub use decode::decode;
pub use diag::{Code, Diagnostic, Diagnostics};
pub use json_schema::{json_schema, policy_schema};
pub use linted::LintedText;
pub use named::{Complaint, Named, What};
pub(crate) use nearest::nearest;
pub use read::MAX_BYTES;
pub use read_stack::ReadStack;
pub use reference::{is_local_path, setting_paths};
pub(crate) use scalar::scalar;
pub use set::Setting;
pub use settings::{At, SettingsFile, settings};
pub use source::Mark;
pub use stack_names::StackNames;
pub use template::{NewData, NewStack, RESULTS};
pub use template_value::template_value;
pub use written::{Flaw, Written};

use crate::model::policy::Example;
use crate::model::stack::Stack;
use crate::model::watched_account::AccountsFile;
use accounts::ACCOUNTS;
use document::{ACCOUNTS_FILE, Document, EXAMPLES_FILE, POLICY_FILE};
use example::EXAMPLES;
use field::Record;
use policy::POLICY;
use reader::Reader;
use source::Source;
use std::path::Path;

/// The line, from 1, of a key such as `cluster.size`, or of its nearest parent in the text.
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

/// Parses the stack's file `name`. Relative paths are joined to the folder `base`; `sets` are
/// applied in order and override the file.
///
/// # Errors
/// Returns every mistake in the text and in `sets`.
pub fn parse(name: &str, text: &str, base: &Path, sets: &[Setting]) -> Result<Stack, Diagnostics> {
    ReadStack::new(name, text, base, sets).checked(&[])
}

/// Returns the value if there are no mistakes.
fn whole<T>(
    read: Option<T>,
    sources: Vec<Source>,
    mut found: Vec<Diagnostic>,
) -> Result<T, Diagnostics> {
    match read {
        Some(read) if found.is_empty() => return Ok(read),
        None if found.is_empty() => {
            // Not reachable; an error is returned instead of a panic.
            let message = "the file cannot be read";
            found.push(Diagnostic::new(Code::BadValue, Mark::new(0, 0..0), message));
        }
        Some(_) | None => {}
    }
    Err(Diagnostics::new(sources, found))
}

/// Parses the policy's file `name`. The conditions of its rules are not checked; `Written::checked`
/// does that.
///
/// # Errors
/// Returns every mistake in the text.
pub fn policy(name: &str, text: &str) -> Result<Written, Diagnostics> {
    let base = Path::new("");
    let read = plain(&POLICY_FILE, &POLICY, name, text, base);
    read.map(|((policy, conditions), source)| Written {
        policy,
        source,
        conditions,
    })
}

/// Parses a file of examples. Relative paths are joined to the folder `base`.
///
/// # Errors
/// Returns every mistake in the text.
pub fn examples(name: &str, text: &str, base: &Path) -> Result<Vec<Example>, Diagnostics> {
    let read = plain(&EXAMPLES_FILE, &EXAMPLES, name, text, base);
    read.map(|(examples, _)| examples)
}

/// Parses a file of the accounts that the watchdog watches by roles.
///
/// # Errors
/// Returns every mistake in the text.
pub fn accounts(name: &str, text: &str) -> Result<AccountsFile, Diagnostics> {
    let read = plain(&ACCOUNTS_FILE, &ACCOUNTS, name, text, Path::new(""));
    read.map(|(file, _)| file)
}

/// Parses a file to which `--set` does not apply.
fn plain<T>(
    document: &'static Document,
    record: &Record<T>,
    name: &str,
    text: &str,
    base: &Path,
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
        read
    });
    let found = expression::explained(&source, found);
    whole(read, sources, found).map(|read| (read, source))
}
