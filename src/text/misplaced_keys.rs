//! Keys that are not where they belong: the nearest key here, or the place they belong to.

use super::check::Site;
use super::diag::{Code, Diagnostic};
use super::nearest::{any_of, nearest, quote};
use super::node::Entry;
use super::shape::{Kind, Object};
use std::collections::BTreeSet;

pub(crate) fn unknown_key(
    root: &'static Object,
    object: &'static Object,
    entry: &Entry,
    site: Site<'_>,
) -> Diagnostic {
    let key = entry.key.text.as_str();
    let message = format!("{} has no key {}", site.name, quote(key));
    let found =
        Diagnostic::new(Code::UnknownKey, entry.key.mark, message).expected(match object.fields {
            [only] => format!("the key {}", quote(only.key)),
            _ => format!("one of {}", any_of(object.keys())),
        });
    if let Some(meant) = nearest(key, object.keys()) {
        return found.meant(Some(meant));
    }
    let mut homes = BTreeSet::new();
    find(root, key, &mut Vec::new(), &mut homes);
    match homes.iter().next() {
        // One that could belong to several places says nothing of where it was meant to be.
        Some(home) if homes.len() == 1 && home.is_empty() => {
            found.help(format!("`{key}` belongs to the top of the file"))
        }
        Some(home) if homes.len() == 1 => found.help(format!("`{key}` belongs under `{home}`")),
        _ => found,
    }
}

/// The paths of the mappings that have a key.
fn find(
    object: &'static Object,
    key: &str,
    path: &mut Vec<&'static str>,
    homes: &mut BTreeSet<String>,
) {
    if object.field(key).is_some() {
        homes.insert(path.join("."));
    }
    for field in object.fields {
        if let Some(inner) = below(&field.kind) {
            path.push(field.key);
            find(inner, key, path, homes);
            path.pop();
        }
    }
}

fn below(kind: &'static Kind) -> Option<&'static Object> {
    match kind {
        Kind::Map(object) | Kind::Named(_, object) => Some(object),
        Kind::List(list) | Kind::Several(list) => below(&list.of),
        Kind::Forms(forms) => Some(forms.long),
        Kind::Text(_)
        | Kind::Words(_)
        | Kind::Switch
        | Kind::Whole { .. }
        | Kind::Reference(_)
        | Kind::Argument
        | Kind::Conf
        | Kind::Expression(_)
        | Kind::Texts(_) => None,
    }
}
