//! The secret that allows actions through the page.

use crate::model::invalid::Invalid;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The shortest token in characters: shorter ones can be guessed.
const MIN_LENGTH: usize = 16;

/// A token of at least 16 visible ASCII characters. Only its digest is stored.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// Whether `text` is this token. The comparison takes constant time: it compares all bytes of
    /// the digests.
    pub fn matches(&self, text: &str) -> bool {
        let other = digest(text);
        let differing = self
            .0
            .iter()
            .zip(other)
            .fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(differing) == 0
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl FromStr for Token {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() >= MIN_LENGTH && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(digest(text)))
        } else {
            Err(Invalid::new(
                "a token of at least 16 letters, digits and signs without spaces",
            ))
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_matches_itself_and_is_not_printed() {
        let token: Token = "correct-horse-battery".parse().unwrap();
        assert!(token.matches("correct-horse-battery"));
        for other in ["", "correct-horse-batter", "correct-horse-battery "] {
            assert!(!token.matches(other), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
        for bad in [
            "",
            "short",
            "with spaces in the middle",
            "ünïcödé-ünïcödé-ü",
        ] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }
}
