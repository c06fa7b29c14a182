//! The declarations as reference documents, and as the paths that `--set` takes.

use super::document::{Document, POLICY_FILE, STACK_FILE};
use super::nearest::{any_of, quote};
use super::shape::{Field, Kind, Need, Object};
use std::fmt::Write as _;

/// The text of `docs/stack-reference.md`.
#[cfg_attr(closed, expect(dead_code, reason = "a test writes the document"))]
pub fn stack_reference() -> String {
    document(&STACK_FILE, "stack", "cluster.size=5 x m5.xlarge")
}

/// The text of `docs/policy-reference.md`.
#[cfg_attr(closed, expect(dead_code, reason = "a test writes the document"))]
pub fn policy_reference() -> String {
    document(&POLICY_FILE, "policy", "")
}

/// The paths that `--set` takes for any stack, in the order of the declarations. The first item of
/// a list stands for all items.
pub fn setting_paths() -> Vec<String> {
    let mut paths = Vec::new();
    add_paths(&(STACK_FILE.shape)(), "", &mut paths);
    paths
}

/// Whether a path of `--set` sets a path on this machine.
pub fn is_local_path(setting: &str) -> bool {
    let keys: Vec<&str> = setting.split('.').collect();
    leads_to_path(&Kind::Map((STACK_FILE.shape)()), &keys)
}

fn leads_to_path(kind: &Kind, keys: &[&str]) -> bool {
    match (kind, keys) {
        (Kind::Text(text), []) => text.is_path,
        (Kind::Map(object) | Kind::Forms(_, object, _), [key, rest @ ..]) => object
            .field(key)
            .is_some_and(|field| leads_to_path(&field.kind, rest)),
        (Kind::Named(_, object), [_, key, rest @ ..]) => object
            .field(key)
            .is_some_and(|field| leads_to_path(&field.kind, rest)),
        (Kind::OneOr(one, _), keys) => leads_to_path(one, keys),
        // The name of an item may contain dots.
        (Kind::List(items) | Kind::Several(items), keys) => {
            (1..=keys.len()).any(|name| leads_to_path(&items.of, &keys[name..]))
        }
        _ => false,
    }
}

fn add_paths(object: &Object, above: &str, paths: &mut Vec<String>) {
    for field in &object.fields {
        let path = format!("{above}{}", field.head.key);
        paths.push(path.clone());
        add_paths_below(&field.kind, &path, paths);
    }
}

fn add_paths_below(kind: &Kind, path: &str, paths: &mut Vec<String>) {
    match kind {
        Kind::OneOr(one, _) => add_paths_below(one, path, paths),
        Kind::Map(inner) | Kind::Forms(_, inner, _) => {
            add_paths(inner, &format!("{path}."), paths);
        }
        Kind::List(items) | Kind::Several(items) => {
            if let Some(inner) = items.of.below() {
                add_paths(inner, &format!("{path}.0."), paths);
            }
        }
        Kind::Text(_)
        | Kind::Words(_)
        | Kind::Switch
        | Kind::Whole(..)
        | Kind::WholeOrAuto(..)
        | Kind::Argument
        | Kind::Conf
        | Kind::Configurations
        | Kind::Texts(..)
        | Kind::Named(..) => {}
    }
}

fn document(document: &Document, room: &str, setting: &str) -> String {
    let title = document.noun.replacen('a', "A", 1);
    let mut page = format!(
        "# {title}, field by field\n\n\
         Generated from the declarations in `src/text/{room}`; `BLESS=1 cargo test --test text` writes it.\n\
         The same as JSON Schema is printed by `clusterup schema {room}`.\n"
    );
    if !setting.is_empty() {
        let _ = write!(
            page,
            "A heading is the path that `--set` takes, as in `--set \"{setting}\"`;\n\
             `NAME` stands for a name that you chose, `0` for the index of an item.\n"
        );
    }
    section(&(document.shape)(), "", "", &mut page);
    page
}

/// A section for a mapping, followed by those of the mappings in it.
fn section(object: &Object, path: &str, short: &str, page: &mut String) {
    let name = match path {
        "" => "The file".to_owned(),
        path => quote(path),
    };
    let _ = write!(page, "\n## {name}\n\n{}{short}\n\n", object.doc);
    *page += "| key | value | default | for |\n|---|---|---|---|\n";
    for field in &object.fields {
        let cells = [
            quote(field.head.key),
            value(field),
            default(field.head.need, object),
            meaning(field),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    for Field { head, kind, .. } in &object.fields {
        let path = match path {
            "" => head.key.to_owned(),
            path => format!("{path}.{}", head.key),
        };
        below(kind, &path, page);
    }
}

fn below(kind: &Kind, path: &str, page: &mut String) {
    if let Some(below) = kind.mapping(path) {
        let short = below
            .short
            .map(|short| format!(" Its short form is {}.", short.what));
        section(below.object, &below.path, &short.unwrap_or_default(), page);
    }
}

/// The type of value, and an example if the type's description has none.
fn value(field: &Field) -> String {
    let what = kind(&field.kind);
    if what.contains('`') {
        what
    } else {
        format!("{what}, such as `{}`", field.head.example)
    }
}

fn kind(of: &Kind) -> String {
    match of {
        Kind::Text(text) => text.what.clone(),
        Kind::Words(words) => any_of(words.iter().map(|(word, _)| *word)),
        Kind::Switch => "`true` or `false`".to_owned(),
        Kind::Whole(min, max) => format!("a whole number from {min} to {max}"),
        Kind::WholeOrAuto(min, max) => {
            format!("a whole number from {min} to {max}, or `auto`")
        }
        Kind::Argument => "text with `${…}` in it".to_owned(),
        Kind::Conf => "settings of Spark by their names".to_owned(),
        Kind::Configurations => "properties by classifications".to_owned(),
        Kind::List(items) if items.min > 0 => "a list of at least one".to_owned(),
        Kind::List(_) => "a list".to_owned(),
        Kind::Several(_) => "one, or a list".to_owned(),
        Kind::OneOr(one, _) => format!("{}; or a list", kind(one)),
        Kind::Texts(_, _, max) => format!("at most {max} texts by keys"),
        Kind::Named(..) => "mappings by names".to_owned(),
        Kind::Map(_) => "a mapping".to_owned(),
        Kind::Forms(short, ..) => format!("{}; or a mapping", short.what),
    }
}

fn default(need: Need, object: &Object) -> String {
    match need {
        Need::Required => "required".to_owned(),
        Need::Optional => String::new(),
        Need::Default(text) => quote(text),
        Need::Either => {
            let all = object.choices();
            format!(
                "one of {} is required",
                any_of(all.iter().map(|one| one.key))
            )
        }
        Need::With(one) => format!("only with `{one}`"),
        Need::NeededWith(one) => format!("required with `{one}`"),
    }
}

fn meaning(field: &Field) -> String {
    let mut text = field.doc.clone();
    if let Kind::Words(words) = &field.kind {
        text.extend(
            words
                .iter()
                .map(|(word, of)| format!(" {}: {of}", quote(word))),
        );
    }
    text
}
