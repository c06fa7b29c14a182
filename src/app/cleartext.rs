//! Warns of data that is downloaded by plain HTTP without a digest: anybody on the network path
//! could replace it unnoticed.

use crate::model::stack::{Source, Stack};
use crate::text::line_of;
use serde::Serialize;
use std::path::Path;

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Warning {
    pub(crate) file: String,
    /// Line number, from 1.
    pub(crate) line: usize,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// A warning for each such data set, with its line in the stack's file, whose content is `text`.
pub(crate) fn warnings(file: &Path, text: &str, stack: &Stack) -> Vec<Warning> {
    let unprotected = stack
        .data
        .iter()
        .filter(|(_, data)| is_unprotected(&data.source));
    let warning = |name| Warning {
        file: file.display().to_string(),
        line: line_of(text, &format!("data.{name}.url")),
        message: format!(
            "data.{name} is downloaded by plain HTTP and has no sha256: anybody on the network \
             path could change it unnoticed"
        ),
        help: "use https, or add its sha256 (sha256sum prints it)",
    };
    unprotected.map(|(name, _)| warning(name)).collect()
}

fn is_unprotected(source: &Source) -> bool {
    match source {
        Source::Url { url, sha256, .. } => sha256.is_none() && is_plain_http(url),
        Source::Path(_) | Source::S3(_) => false,
    }
}

fn is_plain_http(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::parse;

    #[test]
    fn unprotected_data_is_warned_of_at_its_line() {
        let sum = "a5".repeat(32);
        let text = format!(
            "stack: s\nregion: us-east-1\ndata:\n  a: {{ url: 'http://h/a' }}\n  \
             b:\n    sampled: false\n    url: http://h/b.zip\n    member: b\n  \
             c: {{ url: 'https://h/c' }}\n  d: {{ url: 'http://h/d', sha256: {sum} }}\n  \
             e: {{ beside: d, file: e }}\n  f: {{ path: f }}\n\
             cluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             guardrails: {{ max_lifetime: 10m }}\n"
        );
        let file = Path::new("there-is-no/s.yaml");
        let stack = parse("s.yaml", &text, Path::new(""), &[]).unwrap();
        let warnings = warnings(file, &text, &stack);
        let places: Vec<_> = warnings
            .iter()
            .map(|warning| (warning.line, &warning.message[..6]))
            .collect();
        // A data set `beside` another has no digest of its own.
        assert_eq!(places, [(4, "data.a"), (7, "data.b"), (11, "data.e")]);
    }
}
