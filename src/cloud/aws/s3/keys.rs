//! Keys of objects may contain any character, but XML may not.

/// Decodes a key of a listing with `encoding-type=url` (S3 API, ListObjectsV2): bytes as `%41`, a
/// space also as `+`. `None` if the text is not encoded that way.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Whether XML 1.0 can contain a key (production 2, Char), for requests that delete many.
pub(super) fn fits_xml(key: &str) -> bool {
    let fits = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => c >= ' ',
    };
    key.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded() {
        for (text, key) in [
            ("work/t/a.csv", "work/t/a.csv"),
            ("a+b%2Bc%20d", "a b+c d"),
            ("%00%01%1b%0A", "\0\u{1}\u{1b}\n"),
            ("%E2%80%AE%c3%a9", "\u{202e}\u{e9}"),
            ("%2E%2E%2F%5C", "../\\"),
            ("%2541", "%41"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(key), "{text}");
        }
        for none in ["%", "%4", "%zz", "%+1", "%ff", "%c3"] {
            assert_eq!(decoded(none), None, "{none}");
        }
    }

    #[test]
    fn keys_that_xml_cannot_contain_are_detected() {
        for key in ["a", "a\nb\tc\r", "\u{202e}\u{7f}\u{85}", "\u{10ffff}"] {
            assert!(fits_xml(key), "{key:?}");
        }
        for key in [
            "a\0",
            "\u{1}",
            "\u{1b}[2J",
            "\u{8}",
            "\u{ffff}",
            "\u{fffe}x",
        ] {
            assert!(!fits_xml(key), "{key:?}");
        }
    }
}
