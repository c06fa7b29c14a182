//! A stack's YAML to a `Stack`, every mistake at once, each underlined. Owns the words of the
//! file, their JSON Schema, and the template of a new one; the only room that knows the YAML
//! crate. It opens no file: paths are joined to the folder that it is told, and that is all.
//!
//! `read` makes a tree of the text and `set` changes it by what the command line says. `check`
//! holds it against the declared shape (`stack_shape`), `rules` its parts against each other; if
//! neither has found anything, `lower` makes the `Stack`.

mod arg;
mod check;
mod conf;
mod diag;
mod format;
mod forms;
mod json_schema;
mod lost;
mod lower;
mod lower_data;
mod mend;
mod nearest;
mod node;
mod open;
mod paths;
mod read;
mod readers;
mod render;
mod rules;
mod set;
mod shape;
mod source;
mod stack_shape;
mod syntax;
mod template;
mod values;

pub use diag::{Code, Diagnostic, Diagnostics};
pub use json_schema::json_schema;
pub(crate) use nearest::nearest;
pub use set::Setting;
pub use source::Mark;
pub use template::template;

use crate::model::stack::Stack;
use node::Value;
use source::Source;
use stack_shape::STACK;
use std::path::Path;

/// Reads the text of the file called `name`. Relative paths in it are seen from the folder
/// `base`; `sets` go over what the file says, in their order.
pub fn parse(name: &str, text: &str, base: &Path, sets: &[Setting]) -> Result<Stack, Diagnostics> {
    let mut sources = vec![Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }];
    sources.extend(sets.iter().map(Setting::source));
    let (root, mut found) = tree(text);
    let Some(mut root) = root else {
        return Err(Diagnostics::new(sources, found));
    };
    for (n, setting) in sets.iter().enumerate() {
        found.extend(set::apply(&mut root, &STACK, setting, n + 1));
    }
    found.extend(check::Checker::new(&root, &STACK, &sources).run());
    found.extend(rules::check(&root));
    if !found.is_empty() {
        return Err(Diagnostics::new(sources, found));
    }
    lower::stack(&root, base).map_err(|wrong| Diagnostics::new(sources, vec![*wrong]))
}

/// The file's mapping, where there is one, and what is wrong so far.
fn tree(text: &str) -> (Option<node::Node>, Vec<Diagnostic>) {
    let read::Read { root, mut found } = read::read(text, 0, 0);
    let help = "`clusterup init` writes a stack to begin with";
    match root {
        Some(root) if root.is_null() => {
            let empty = Diagnostic::new(Code::Empty, Mark::new(0, 0..0), "the file says nothing");
            found.push(empty.help(help));
            (None, found)
        }
        None if found.is_empty() => {
            let blank = text.trim().is_empty();
            let message = if blank {
                "the file is empty"
            } else {
                "the file says nothing"
            };
            let empty = Diagnostic::new(Code::Empty, Mark::new(0, 0..0), message);
            (None, vec![empty.help(help)])
        }
        Some(root) if !matches!(root.value, Value::Map(_)) => {
            if root.value != Value::Broken {
                let message = format!("a stack is a mapping, not {}", root.word());
                let wrong = Diagnostic::new(Code::WrongKind, root.mark, message);
                found.push(
                    wrong
                        .expected("keys and values, such as `stack: NAME`")
                        .help(help),
                );
            }
            (None, found)
        }
        root => (root, found),
    }
}
