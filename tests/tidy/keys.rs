//! A key of a file is written once, in its declaration: code that looks it up in the text takes it from
//! there (`Record::key`), so a renamed key is missed nowhere.

use crate::{code, room, sources};

/// Looking a key up by a text of one's own.
const BY_LITERAL: [&str; 4] = [".get(\"", ".entry(\"", ".find(&[\"", ".get(r#\""];

#[test]
fn keys_are_taken_from_their_declarations() {
    let mut wrong = Vec::new();
    let mut looked_up = 0;
    for (path, text) in sources() {
        if room(&path) != Some("text") {
            continue;
        }
        for (number, line) in code(&text) {
            looked_up += usize::from(line.contains(".key(\""));
            if BY_LITERAL.iter().any(|call| line.contains(call)) {
                wrong.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(
        looked_up > 15,
        "{looked_up} keys are taken from declarations"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
