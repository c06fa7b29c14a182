//! Mappings whose keys and values the user chooses, such as tags.

use super::check::Site;
use super::diag::{Code, Diagnostic};
use super::nearest::quote;
use super::node::{Entry, Node, Value};
use super::shape::Texts;
use super::values::bad;

pub(crate) fn check(texts: &Texts, node: &Node, site: Site<'_>, found: &mut Vec<Diagnostic>) {
    let Value::Map(entries) = &node.value else {
        let message = format!("{} cannot be {}", site.name, node.word());
        let expected = format!("a mapping such as `{}`", site.example);
        found.push(Diagnostic::new(Code::WrongKind, node.mark, message).expected(expected));
        return;
    };
    if let Some(first) = entries.get(texts.most) {
        let message = format!("{} has {} entries", site.name, entries.len());
        let wrong = Diagnostic::new(Code::OutOfRange, first.key.mark, message);
        found.push(wrong.expected(format!("at most {}", texts.most)));
    }
    for Entry { key, value } in entries {
        let name = quote(&key.text);
        if let Err(invalid) = (texts.key.read)(&key.text) {
            let all = format!("a key of {}", site.name);
            found.push(bad(texts.key, &key.text, key.mark, &all, &invalid));
        }
        if value.is_null() {
            let message = format!("{name} has no value");
            let wrong = Diagnostic::new(Code::MissingValue, key.mark, message);
            let expected = format!("the value of {}", texts.entry);
            found.push(
                wrong
                    .expected(expected.trim_end_matches(','))
                    .help(texts.none),
            );
        } else if let Some(text) = value.text() {
            if let Err(invalid) = (texts.value.read)(text) {
                found.push(bad(texts.value, text, value.mark, &name, &invalid));
            }
        } else if !matches!(value.value, Value::Broken) {
            let message = format!("{name} cannot be {}", value.word());
            let wrong = Diagnostic::new(Code::WrongKind, value.mark, message);
            found.push(wrong.expected("a single value"));
        }
    }
}
