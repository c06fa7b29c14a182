//! The fields of a stack in brief: the table in README.md.

use super::document::STACK_FILE;
use super::shape::Object;
use std::fmt::Write as _;

/// The lines of README.md between which the table is.
#[cfg_attr(closed, expect(dead_code, reason = "a test writes the table"))]
pub const FIELD_TABLE: [&str; 2] = [
    "<!-- `BLESS=1 cargo test --test text` writes the fields below. -->\n",
    "<!-- End of the fields. -->\n",
];

/// Each field of a stack, by its path as in the reference, and an example of its value on one line.
/// `NAME` stands for a name that the user chooses, `0` for the index of an item.
pub fn field_examples() -> Vec<(String, &'static str)> {
    let mut rows = Vec::new();
    add(&(STACK_FILE.shape)(), "", &mut rows);
    rows
}

/// The table: a part that opens for each key of the file that has fields of its own, and the other
/// keys before them.
#[cfg_attr(closed, expect(dead_code, reason = "a test writes the table"))]
pub fn field_table() -> String {
    let rows = field_examples();
    let head = |row: &(String, &str)| row.0.split('.').next().unwrap_or_default().to_owned();
    let of = |key: &str| {
        rows.iter()
            .filter(|row| head(row) == key)
            .collect::<Vec<_>>()
    };
    let keys: Vec<String> = rows
        .iter()
        .filter(|row| !row.0.contains('.'))
        .map(head)
        .collect();
    let (plain, nested): (Vec<_>, Vec<_>) = keys.iter().partition(|key| of(key).len() == 1);
    let mut text = String::new();
    table(plain.iter().flat_map(|key| of(key)), &mut text);
    for key in nested {
        let fields = of(key);
        let count = fields.len() - 1;
        let _ = write!(
            text,
            "\n<details><summary><code>{key}</code>: {count} fields</summary>\n\n"
        );
        table(fields.into_iter(), &mut text);
        text += "\n</details>\n";
    }
    text
}

fn table<'a>(rows: impl Iterator<Item = &'a (String, &'static str)>, text: &mut String) {
    *text += "| field | example |\n|---|---|\n";
    for (path, example) in rows {
        let example = example.replace('|', "\\|");
        let _ = writeln!(text, "| `{path}` | `{example}` |");
    }
}

fn add(object: &Object, above: &str, rows: &mut Vec<(String, &'static str)>) {
    for field in &object.fields {
        let path = format!("{above}{}", field.head.key);
        rows.push((path.clone(), field.head.example));
        if let Some(below) = field.kind.mapping(&path) {
            add(below.object, &format!("{}.", below.path), rows);
        }
    }
}
