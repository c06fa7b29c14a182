//! Writes texts as YAML.

use crate::model::shown::json;

/// A text as YAML reads it back: plain, or in double quotes as in JSON.
pub(crate) fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    json(&serde_json::Value::from(text).to_string())
}

/// Whether the text needs no quotes, in a list as well.
fn is_plain(text: &str) -> bool {
    let begins = text.trim_start_matches('-');
    let begins = text.len() - begins.len() <= 2
        && begins.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    // Of addresses alone, a colon needs no quotes.
    let colons = text.matches(':').count() - text.matches("://").count();
    let rest = |c: char| c.is_ascii_alphanumeric() || "_./-+=@:".contains(c);
    let is_word = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    let digits = text.trim_start_matches('-');
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && (digits.starts_with("0x")
            || digits.starts_with("0o")
            || digits
                .chars()
                .all(|c| c.is_ascii_digit() || "+-._eE".contains(c)));
    begins && colons == 0 && text.chars().all(rest) && !is_word && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_quotes_where_yaml_reads_them_otherwise() {
        for plain in [
            "a",
            "--out",
            "-f",
            "/tmp/a-b_c.py",
            "a=b",
            "m5.xlarge",
            "2026-11-01x",
            "s3://b/k",
        ] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, quoted) in [
            ("", r#""""#),
            ("-", r#""-""#),
            ("---", r#""---""#),
            ("---a", r#""---a""#),
            ("true", r#""true""#),
            ("260", r#""260""#),
            ("1e5", r#""1e5""#),
            ("2026-11-01", r#""2026-11-01""#),
            ("a:b", r#""a:b""#),
            ("a: b", r#""a: b""#),
            ("a b", r#""a b""#),
            ("a\n\"\\", r#""a\n\"\\""#),
            ("\u{202e}", r#""\u202e""#),
            ("{{ ds }}", r#""{{ ds }}""#),
            ("*", r#""*""#),
        ] {
            assert_eq!(scalar(text), quoted);
        }
    }
}
