//! Arguments of steps that EMR's runners pass on unchanged. Its runner of commands was seen to drop
//! empty arguments and to cut `}}`; AWS documents neither. All that is not plain is encoded, and a
//! script of ours decodes it on the primary.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Comes before each encoded argument, so that none is empty.
const MARK: &str = "=";

/// Whether EMR's runners pass an argument on unchanged: printable ASCII without quotes, `$`, `` ` ``,
/// `\` and double braces.
pub fn is_plain(word: &str) -> bool {
    let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !"\"'`$\\".contains(c);
    !word.is_empty() && word.chars().all(plain) && !has_double_braces(word)
}

/// Whether YARN changes a word of a command that it starts: it takes `{{NAME}}` for a variable
/// (Hadoop, `ApplicationConstants.PARAMETER_EXPANSION_LEFT`).
pub fn has_double_braces(word: &str) -> bool {
    word.contains("{{") || word.contains("}}")
}

/// The value that a word gives: `--input=VALUE` gives `VALUE`, and any other word itself.
pub fn value(word: &str) -> &str {
    let option = word
        .split_once('=')
        .filter(|(flag, _)| flag.starts_with("--"));
    option.map_or(word, |(_, value)| value)
}

/// An argument for our launcher: `=` and the text in Base64.
pub fn encoded(word: &str) -> String {
    format!("{MARK}{}", STANDARD.encode(word))
}

/// The text of such an argument; `None` if it is not one.
pub fn decoded(word: &str) -> Option<String> {
    let bytes = STANDARD.decode(word.strip_prefix(MARK)?).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_give_values() {
        for (word, given) in [
            ("--in=s3://b/k", "s3://b/k"),
            ("--in=a=b", "a=b"),
            ("s3://b/day=1", "s3://b/day=1"),
            ("--in", "--in"),
        ] {
            assert_eq!(value(word), given);
        }
    }

    #[test]
    fn encoded_arguments_are_plain_and_decoded_to_the_same_text() {
        let long = "x".repeat(10_000);
        for word in [
            "",
            " ",
            "{\"a\":{\"b\":1}}",
            "größe",
            "a b",
            "$HOME",
            "a\nb\n",
            "\n",
            "'",
            "=x",
            "-",
            "--",
            long.as_str(),
        ] {
            let sent = encoded(word);
            assert!(is_plain(&sent), "{word:?}");
            assert_eq!(decoded(&sent).as_deref(), Some(word));
        }
    }

    #[test]
    fn the_arguments_of_most_steps_are_plain() {
        for word in [
            "--ratings",
            "s3://bucket/a-b_c/*.csv",
            "spark.sql.shuffle.partitions=64",
            "2026-01-01 00:00",
            "{a}",
            "x,y;z|(1)&<2>!#%^~?[3]",
        ] {
            assert!(is_plain(word), "{word}");
        }
        for word in [
            "", "{{", "a}}b", "é", "\t", "\u{7f}", "$x", "`x`", "\"", "\\",
        ] {
            assert!(!is_plain(word), "{word:?}");
        }
    }
}
