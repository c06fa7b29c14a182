//! Keys that are not where they belong: the nearest key here, or the place they belong to.

use super::check::Site;
use super::diag::{Code, Diagnostic};
use super::nearest::{any_of, nearest, quote};
use super::node::Entry;
use super::shape::{Kind, Object};

pub(crate) fn unknown_key(
    root: &'static Object,
    object: &'static Object,
    entry: &Entry,
    site: Site<'_>,
) -> Diagnostic {
    let key = entry.key.text.as_str();
    let message = format!("{} has no key {}", site.name, quote(key));
    let found = Diagnostic::new(Code::UnknownKey, entry.key.mark, message)
        .expected(format!("one of {}", any_of(object.keys())));
    let home = home(root, key, &mut Vec::new());
    match (nearest(key, object.keys()), home) {
        (Some(meant), _) => found.meant(Some(meant)),
        (None, Some(path)) if path.is_empty() => {
            found.help(format!("`{key}` belongs to the top of the file"))
        }
        (None, Some(path)) => found.help(format!("`{key}` belongs under `{}`", path.join("."))),
        (None, None) => found,
    }
}

/// The path to the mapping that has a key, the shallowest first where it is.
fn home(
    object: &'static Object,
    key: &str,
    path: &mut Vec<&'static str>,
) -> Option<Vec<&'static str>> {
    if object.field(key).is_some() {
        return Some(path.clone());
    }
    object.fields.iter().find_map(|field| {
        let inner = below(&field.kind)?;
        path.push(field.key);
        let home = home(inner, key, path);
        path.pop();
        home
    })
}

fn below(kind: &'static Kind) -> Option<&'static Object> {
    match kind {
        Kind::Map(object) | Kind::Named(_, object) => Some(object),
        Kind::List(list) => below(&list.of),
        Kind::Forms(forms) => Some(forms.long),
        Kind::Text(_)
        | Kind::Words(_)
        | Kind::Switch
        | Kind::Whole { .. }
        | Kind::Reference(_)
        | Kind::Argument
        | Kind::Conf => None,
    }
}
