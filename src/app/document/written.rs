//! Writes documents as text.

use super::tree::Document;
use std::fmt::{self, Write};

impl fmt::Display for Document {
    /// In one line, or indented by two columns for each level with `{:#}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, f.alternate().then_some(0), f)
    }
}

/// `level` is `None` for one line.
fn write(document: &Document, level: Option<usize>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match document {
        Document::Null => f.write_str("null"),
        Document::Bool(value) => write!(f, "{value}"),
        Document::Number(digits) => f.write_str(digits),
        Document::Text(text) => quoted(text, f),
        Document::List(list) => items(list, ('[', ']'), level, write, f),
        Document::Object(fields) => items(fields, ('{', '}'), level, field, f),
    }
}

fn field(
    (name, value): &(String, Document),
    level: Option<usize>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    quoted(name, f)?;
    f.write_str(if level.is_some() { ": " } else { ":" })?;
    write(value, level, f)
}

fn items<T>(
    all: &[T],
    (open, close): (char, char),
    level: Option<usize>,
    item: impl Fn(&T, Option<usize>, &mut fmt::Formatter<'_>) -> fmt::Result,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let inner = level.map(|level| level + 1);
    f.write_char(open)?;
    for (n, one) in all.iter().enumerate() {
        if n > 0 {
            f.write_char(',')?;
        }
        line(inner, f)?;
        item(one, inner, f)?;
    }
    if !all.is_empty() {
        line(level, f)?;
    }
    f.write_char(close)
}

/// Begins a line, if the text has lines.
fn line(level: Option<usize>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match level {
        Some(level) => write!(f, "\n{:1$}", "", level * 2),
        None => Ok(()),
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", serde_json::Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::document::document;
    use crate::model::memory::Memory;
    use crate::model::money::Usd;
    use crate::model::percent::Percent;
    use crate::model::span::Span;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn quantities_are_numbers_under_their_units() {
        let usd: Usd = "$0.1208945258000000000000001".parse().unwrap();
        let document = document!({
            "usd": usd,
            "none": Usd::ZERO - "$1.5".parse().unwrap(),
            "span": "1h30m".parse::<Span>().unwrap(),
            "memory": "12g".parse::<Memory>().unwrap(),
            "share": "50%".parse::<Percent>().unwrap(),
        });
        let expected = concat!(
            r#"{"usd":{"usd":0.1208945258000000000000001},"none":{"usd":-1.5},"#,
            r#""span":{"seconds":5400},"memory":{"bytes":12884901888},"share":{"percent":50}}"#
        );
        assert_eq!(document.to_string(), expected);
        // A document in a document is the same.
        assert_eq!(document!(document).to_string(), expected);
        // What records keep is as people write it.
        assert_eq!(
            serde_json::to_string(&usd).unwrap(),
            r#""$0.1208945258000000000000001""#
        );
    }

    #[test]
    fn keys_keep_their_order_and_lists_their_lines() {
        let list = document!([1, 2]);
        let document =
            document!({ "b": list, "a": document!({ "n": Option::<u8>::None }), "c": [0_u8; 0] });
        let expected =
            "{\n  \"b\": [\n    1,\n    2\n  ],\n  \"a\": {\n    \"n\": null\n  },\n  \"c\": []\n}";
        assert_eq!(format!("{document:#}"), expected);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Those with all digits are not read back to the last one.
            any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(".*", inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_value_is_written_unchanged(value in any_value()) {
            let document = Document::of(&value);
            for text in [document.to_string(), format!("{document:#}")] {
                prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value);
            }
            prop_assert_eq!(document.to_string(), value.to_string());
            prop_assert_eq!(format!("{document:#}"), format!("{value:#}"));
        }
    }
}
