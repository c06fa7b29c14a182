//! Decodes the bytes of a file. Bytes that are not UTF-8 are reported with their place and the
//! probable encoding.

use super::diag::{Code, Diagnostic, Diagnostics};
use super::source::{Mark, Source};

/// Returns the text of the file `name`.
///
/// # Errors
/// Returns the encoding that the file seems to have instead, or the first byte that is not text.
pub fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Diagnostics> {
    if let Some((encoding, shown)) = wide(&bytes) {
        let message = format!("the file is in {encoding}, not in UTF-8");
        return Err(wrong(name, shown, 0..0, message, encoding));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        let message = format!("the byte 0x{:02X} is not UTF-8", bytes[at]);
        let shown = String::from_utf8_lossy(bytes).into_owned();
        let mark = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
        wrong(name, shown, mark, message, "WINDOWS-1252")
    })?;
    match text.find('\0') {
        Some(at) => {
            let sources = sources(name, text);
            let message = "the file is not text: it contains a zero byte";
            let found = Diagnostic::new(Code::NotText, Mark::new(0, at..at + 1), message);
            let found = found.expected("a text in UTF-8");
            Err(Diagnostics::new(sources, vec![found]))
        }
        None => Ok(text),
    }
}

fn sources(name: &str, text: String) -> Vec<Source> {
    let name = name.to_owned();
    vec![Source { name, text }]
}

fn wrong(
    name: &str,
    text: String,
    at: std::ops::Range<usize>,
    message: String,
    encoding: &str,
) -> Diagnostics {
    let help = format!(
        "save it as UTF-8 in your editor, or: iconv -f {encoding} -t UTF-8 {0} > utf8.yaml",
        quoted(name)
    );
    let found = Diagnostic::new(Code::NotText, Mark::new(0, at), message);
    let found = found.expected("a text in UTF-8").help(help);
    Diagnostics::new(sources(name, text), vec![found])
}

/// The name quoted for a shell.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%".contains(c);
    if name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

/// The encoding of a text with two or four bytes per character, by its byte-order mark or the
/// places of zero bytes; and the text as far as it can be decoded.
fn wide(bytes: &[u8]) -> Option<(&'static str, String)> {
    // Zeros among the first characters, at even and odd places.
    let first = &bytes[..bytes.len().min(64) & !1];
    let zeros = |odd: usize| {
        first
            .iter()
            .skip(odd)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd, most) = (zeros(0), zeros(1), first.len() / 4);
    let (encoding, width, big, skip) = match bytes {
        [0xff, 0xfe, 0, 0, ..] => ("UTF-32", 4, false, 4),
        [0, 0, 0xfe, 0xff, ..] => ("UTF-32", 4, true, 4),
        [0xff, 0xfe, ..] => ("UTF-16", 2, false, 2),
        [0xfe, 0xff, ..] => ("UTF-16", 2, true, 2),
        // Most characters of a stack are ASCII.
        [a, 0, 0, 0, b, 0, 0, 0, ..] if *a > 0 && *b > 0 => ("UTF-32LE", 4, false, 0),
        [0, 0, 0, a, 0, 0, 0, b, ..] if *a > 0 && *b > 0 => ("UTF-32BE", 4, true, 0),
        _ if first.len() >= 4 && even == 0 && odd > most => ("UTF-16LE", 2, false, 0),
        _ if first.len() >= 4 && odd == 0 && even > most => ("UTF-16BE", 2, true, 0),
        _ => return None,
    };
    let units = bytes[skip..].chunks_exact(width).map(|unit| {
        let number = |all: u32, byte: &u8| all << 8 | u32::from(*byte);
        if big {
            unit.iter().fold(0, number)
        } else {
            unit.iter().rev().fold(0, number)
        }
    });
    let text = if width == 4 {
        let character = |unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
        units.map(character).collect()
    } else {
        let units: Vec<u16> = units.filter_map(|unit| u16::try_from(unit).ok()).collect();
        String::from_utf16_lossy(&units)
    };
    Some((encoding, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "stack: x\nregion: us-east-1\n";

    fn of(bytes: Vec<u8>) -> (String, (usize, usize)) {
        let wrong = decode("a b.yaml", bytes).unwrap_err();
        let found = wrong.iter().next().unwrap();
        let (_, line, column) = wrong.place(found.at);
        (found.message.clone(), (line, column))
    }

    #[test]
    fn what_is_in_another_encoding_is_named() {
        let utf16 = |big: bool| -> Vec<u8> {
            let bytes = |unit: u16| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            };
            TEXT.encode_utf16().flat_map(bytes).collect()
        };
        let utf32 = |big: bool| -> Vec<u8> {
            let bytes = |c: char| {
                if big {
                    u32::from(c).to_be_bytes()
                } else {
                    u32::from(c).to_le_bytes()
                }
            };
            TEXT.chars().flat_map(bytes).collect()
        };
        let with = |mark: &[u8], text: Vec<u8>| [mark.to_vec(), text].concat();
        for (bytes, encoding) in [
            (with(&[0xff, 0xfe], utf16(false)), "UTF-16,"),
            (with(&[0xfe, 0xff], utf16(true)), "UTF-16,"),
            (utf16(false), "UTF-16LE,"),
            (utf16(true), "UTF-16BE,"),
            (utf32(false), "UTF-32LE,"),
            (utf32(true), "UTF-32BE,"),
            (with(&[0xff, 0xfe, 0, 0], utf32(false)), "UTF-32,"),
            (with(&[0, 0, 0xfe, 0xff], utf32(true)), "UTF-32,"),
        ] {
            let shown = decode("a b.yaml", bytes).unwrap_err().to_string();
            assert!(
                shown.contains(&format!("the file is in {encoding}")),
                "{shown}"
            );
            assert!(shown.contains("stack: x"), "{shown}");
            assert!(
                shown.contains("iconv -f UTF-") && shown.contains("'a b.yaml'"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_byte_that_is_no_text_has_its_place() {
        let latin = b"stack: x\nteam: caf\xe9\n".to_vec();
        assert_eq!(
            of(latin),
            ("the byte 0xE9 is not UTF-8".to_owned(), (2, 10))
        );
        let cut = b"stack: \xe2\x80".to_vec();
        assert_eq!(of(cut), ("the byte 0xE2 is not UTF-8".to_owned(), (1, 8)));
        let (message, place) = of(b"stack: x\nregion\0: y and much more of it\n".to_vec());
        assert_eq!((message.contains("not text"), place), (true, (2, 7)));
        assert!(of(vec![0; 5_000]).0.contains("not text"));
    }

    #[test]
    fn utf_8_is_left_as_it_is() {
        for text in ["", "\u{feff}stack: x\n", "ä", "a: \u{1f600}", "x\n\ty"] {
            assert_eq!(decode("f", text.as_bytes().to_vec()).unwrap(), text);
        }
    }
}
