//! Readers of values of a step that have no type of their own in the model.

use crate::model::Invalid;

/// The full name of a class, such as `org.example.Main`.
pub(crate) fn class(text: &str) -> Result<String, Invalid> {
    let part = |part: &str| {
        let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$');
        part.bytes().all(byte) && part.starts_with(|c: char| !c.is_ascii_digit())
    };
    if text.split('.').all(part) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "the full name of a class, such as `org.example.Main`",
    ))
}

/// A package of Maven.
pub(crate) fn maven(text: &str) -> Result<String, Invalid> {
    let part = |part: &str| {
        let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        !part.is_empty() && part.bytes().all(byte)
    };
    if text.split(':').count() == 3 && text.split(':').all(part) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "a package of Maven, such as `org.apache.spark:spark-avro_2.12:3.5.1`",
    ))
}

/// The name of an environment variable.
pub(crate) fn variable(text: &str) -> Result<String, Invalid> {
    let byte = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && text.len() <= 128 && text.bytes().all(byte) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "the name of an environment variable, such as `STAGE`",
    ))
}

/// The value of an environment variable.
pub(crate) fn variable_value(text: &str) -> Result<String, Invalid> {
    if text.chars().any(char::is_control) {
        return Err(Invalid::new("a text on one line"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_packages_and_variables() {
        for good in ["Main", "org.example.Main", "a.B$C", "_x"] {
            assert!(class(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "1a", "a b", "a-b", "a/b.class"] {
            assert!(class(bad).is_err(), "{bad}");
        }
        for good in ["a:b:1", "org.apache.spark:spark-avro_2.12:3.5.1"] {
            assert!(maven(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a:b",
            "a:b:",
            "a:b:1:2",
            "a,b:c:1",
            "a:b:[1,2)",
            "a b:c:1",
        ] {
            assert!(maven(bad).is_err(), "{bad}");
        }
        for bad in ["", "1A", "A-B", "A=B", "A B", "Ä"] {
            assert!(variable(bad).is_err(), "{bad}");
        }
        assert!(variable("_A1").is_ok() && variable_value("").is_ok());
        for bad in ["a\nb", "\0", "\u{1b}[0m"] {
            assert!(variable_value(bad).is_err(), "{bad:?}");
        }
    }
}
