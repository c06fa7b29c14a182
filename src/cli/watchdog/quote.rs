//! Quotes words for the command line of a systemd unit (systemd.service(5), "Command lines";
//! systemd.unit(5), "Specifiers").

/// Quotes a word so that systemd reads the same single word; `None` if systemd cannot express it.
pub(super) fn quoted(word: &str) -> Option<String> {
    if word.chars().any(char::is_control) {
        return None;
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Some(word.to_owned());
    }
    let escaped = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        // `%` begins a specifier, `$` an environment variable.
        '%' => "%%".to_owned(),
        '$' => "$$".to_owned(),
        c => c.to_string(),
    };
    let inner: String = word.chars().map(escaped).collect();
    Some(format!("\"{inner}\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_stays_one_word() {
        for (word, expected) in [
            ("--region=eu-west-1", "--region=eu-west-1"),
            ("/etc/clusterup/policies", "/etc/clusterup/policies"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            (";", "\";\""),
            ("100%", "\"100%%\""),
            ("%h/$HOME", "\"%%h/$$HOME\""),
            ("say \"no\" \\ 'so'", "\"say \\\"no\\\" \\\\ 'so'\""),
            ("é", "\"é\""),
        ] {
            assert_eq!(quoted(word).as_deref(), Some(expected), "{word}");
        }
        for unquotable in ["a\nExecStart=/bin/sh", "a\0", "\x1b", "\t"] {
            assert_eq!(quoted(unquotable), None);
        }
    }
}
