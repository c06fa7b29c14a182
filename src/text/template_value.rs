//! A template of CloudFormation in YAML, as the JSON that it stands for.

use super::diag::{Code, Diagnostic, Diagnostics};
use super::nearest::quote;
use super::node::{Node, Value};
use super::read::{Read, with_functions};
use super::source::{Mark, Source};
use serde_json::Map;

/// Reads a template: tags are functions, so `!Sub x` is `{ "Fn::Sub": "x" }`. A single value is `null`,
/// `true`, `false` or a text.
///
/// # Errors
/// Returns every mistake in the YAML.
pub fn template_value(name: &str, text: &str) -> Result<serde_json::Value, Diagnostics> {
    let Read { root, mut found } = with_functions(text);
    let value = root.as_ref().map(|root| value(root, &mut found));
    if found.is_empty()
        && let Some(value) = value
    {
        return Ok(value);
    }
    if found.is_empty() {
        let message = "the file is empty";
        found.push(Diagnostic::new(Code::Empty, Mark::new(0, 0..0), message));
    }
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    Err(Diagnostics::new(vec![source], found))
}

fn value(node: &Node, found: &mut Vec<Diagnostic>) -> serde_json::Value {
    match &node.value {
        Value::Scalar(_) if node.is_null() => serde_json::Value::Null,
        Value::Scalar(scalar) => match scalar.text.as_str() {
            "true" if scalar.plain => true.into(),
            "false" if scalar.plain => false.into(),
            text => text.into(),
        },
        Value::Seq(items) => items.iter().map(|item| value(item, found)).collect(),
        Value::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                let below = value(&entry.value, found);
                if map.insert(entry.key.text.clone(), below).is_some() {
                    let message = format!("the key {} is there twice", quote(&entry.key.text));
                    found.push(Diagnostic::new(Code::DuplicateKey, entry.key.mark, message));
                }
            }
            map.into()
        }
        Value::Broken => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_are_functions_and_keys_are_there_once() {
        let text = "a: !Ref X\nb: !Sub 'x-${Y}'\nc: !Join ['', [a, !GetAtt r.Arn]]\n\
                    d: !If\n  - C\n  - { e: 1 }\n  - null\nf: [true, 'true', 2]\n";
        let expected = json!({
            "a": { "Ref": "X" }, "b": { "Fn::Sub": "x-${Y}" },
            "c": { "Fn::Join": ["", ["a", { "Fn::GetAtt": "r.Arn" }]] },
            "d": { "Fn::If": ["C", { "e": "1" }, null] }, "f": [true, "true", "2"],
        });
        assert_eq!(template_value("t", text).unwrap(), expected);
        for (bad, says) in [
            ("a: 1\na: 2", "there twice"),
            ("a: !!str x", "tags are not supported"),
            ("a: [", "not closed"),
            ("", "empty"),
        ] {
            let wrong = template_value("t", bad).unwrap_err().to_string();
            assert!(wrong.contains(says), "{wrong}");
        }
    }
}
