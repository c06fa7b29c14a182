//! Secrets in a line for a shell, in an address with parameters, in a header, and in JSON that is cut off.

use super::names::is_secret_name;
use super::values::{is_filled, is_login, is_option};

/// Words before the secret of a header such as `Authorization: Bearer TOKEN`.
const SCHEMES: [&str; 4] = ["basic", "bearer", "digest", "token"];

/// The name of the first secret.
pub(super) fn secret(text: &str) -> Option<String> {
    let mut reader = Reader::default();
    let mut rest = text;
    loop {
        let gap = rest.find(|c| !ends(c)).unwrap_or(rest.len());
        let (between, after) = rest.split_at(gap);
        if after.is_empty() {
            return None;
        }
        let (word, after) = after.split_at(after.find(ends).unwrap_or(after.len()));
        if let Some(name) = reader.word(between, word) {
            return Some(name.trim_start_matches('-').to_owned());
        }
        rest = after;
    }
}

fn ends(c: char) -> bool {
    c.is_whitespace() || ";&|'\"`(),?\\<>".contains(c)
}

/// What the words before one say about it.
#[derive(Default)]
struct Reader<'t> {
    /// The word before.
    before: &'t str,
    /// The name of a secret that ended in `=` or `:`, whose value comes next.
    waits: Option<&'t str>,
}

impl<'t> Reader<'t> {
    /// The name of the secret that a word is or has. `between`: what is between it and the word before.
    fn word(&mut self, between: &str, word: &'t str) -> Option<String> {
        let before = std::mem::replace(&mut self.before, word);
        let is_empty = between.contains("\"\"") || between.contains("''");
        if let Some(name) = self.waits.take().filter(|_| !is_empty) {
            // `$(` begins a command, such as one of AWS's command line that reads the secret.
            if word == "$" || is_scheme(word) {
                self.waits = Some(name);
                return None;
            }
            if word != "aws" && is_filled(word) {
                return Some(name.to_owned());
            }
        }
        let is_flag = before.starts_with('-') && !before.contains('=');
        let is_value = is_secret_name(before) && is_filled(word) && !is_option(word);
        if is_flag && (is_value || is_login(before, word)) {
            return Some(before.to_owned());
        }
        if is_scheme(before) && before.len() > 5 && word.len() >= 8 && is_filled(word) {
            return Some(String::new());
        }
        self.assigned(before, word)
    }

    /// The name of a secret with its value behind `=` or `:`, whatever is before the name.
    fn assigned(&mut self, before: &'t str, word: &'t str) -> Option<String> {
        let mut from = 0;
        let mut is_arn = word.starts_with("arn:");
        for (at, sign) in word.match_indices(['=', ':']) {
            let part = word.get(from..at).unwrap_or_default();
            let value = word.get(at + 1..).unwrap_or_default();
            from = at + 1;
            if sign == "=" {
                is_arn = value.starts_with("arn:");
            } else if is_arn || value.starts_with('/') {
                continue;
            }
            // `"password": "x"` has the name in the word before.
            let part = if at == 0 { before } else { part };
            let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let name = part.rsplit(|c| !is_name(c)).next().unwrap_or_default();
            if !is_secret_name(name) || sign == ":" && part.ends_with(".jar") {
                continue;
            }
            if value.is_empty() || value == "$" || is_scheme(value) {
                self.waits = Some(name);
            } else if is_filled(value) {
                return Some(name.to_owned());
            }
        }
        let (flag, value) = word.split_once('=')?;
        is_login(flag, value).then(|| flag.to_owned())
    }
}

fn is_scheme(word: &str) -> bool {
    SCHEMES.iter().any(|it| word.eq_ignore_ascii_case(it))
}
