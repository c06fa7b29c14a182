//! Suggestions for unknown keys: the nearest key of the mapping, or the mapping that has the key.

use super::diag::{Code, Diagnostic};
use super::nearest::{any_of, nearest, quote};
use super::node::Entry;
use super::reader::Site;
use super::shape::Object;
use std::collections::BTreeSet;

pub(crate) fn unknown_key(
    whole: &Object,
    keys: &[&str],
    entry: &Entry,
    site: Site<'_>,
) -> Diagnostic {
    let key = entry.key.text.as_str();
    let message = format!("{} has no key {}", site.name, quote(key));
    let found = Diagnostic::new(Code::UnknownKey, entry.key.mark, message).expected(match keys {
        [only] => format!("the key {}", quote(only)),
        _ => format!("one of {}", any_of(keys.iter().copied())),
    });
    if let Some(meant) = nearest(key, keys.iter().copied()) {
        return found.meant(Some(meant));
    }
    let mut homes = BTreeSet::new();
    find(whole, key, &mut Vec::new(), &mut homes);
    match homes.iter().next() {
        // A key of several mappings gives no hint.
        Some(home) if homes.len() == 1 && home.is_empty() => {
            found.help(format!("`{key}` belongs at the top level of the file"))
        }
        Some(home) if homes.len() == 1 => found.help(format!("`{key}` belongs under `{home}`")),
        _ => found,
    }
}

/// Finds the paths of the mappings that have a key.
fn find(object: &Object, key: &str, path: &mut Vec<&'static str>, homes: &mut BTreeSet<String>) {
    if object.field(key).is_some() {
        homes.insert(path.join("."));
    }
    for field in &object.fields {
        if let Some(inner) = field.kind.below() {
            path.push(field.head.key);
            find(inner, key, path, homes);
            path.pop();
        }
    }
}
