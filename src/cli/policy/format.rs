//! Output of `policy check` for CI: SARIF 2.1.0 for code scanning, and annotations for GitHub's
//! workflows.

use super::remark::Remark;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Sarif,
    Github,
}

/// A SARIF log of one run with a result for each remark (OASIS, SARIF 2.1.0).
pub(super) fn sarif(remarks: &[Remark<'_>]) -> Value {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for remark in remarks {
        let about = json!({ "text": remark.about_rule });
        let rule = json!({ "id": remark.rule, "shortDescription": about });
        rules.insert(&remark.rule, rule);
        results.push(json!({
            "ruleId": remark.rule,
            "level": remark.level,
            "message": { "text": remark.message },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri(&remark.file.replace('\\', "/")) },
                "region": { "startLine": remark.line },
            } }],
        }));
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "clusterup",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "results": results,
        }],
    })
}

/// A path as a reference in SARIF: other characters than these are percent-encoded (RFC 3986).
fn uri(path: &str) -> String {
    let parts = path.bytes().map(|byte| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    parts.collect()
}

/// A workflow command for each remark (GitHub, workflow commands).
pub(super) fn github(remarks: &[Remark<'_>]) -> String {
    let lines = remarks.iter().map(|remark| {
        format!(
            "::{} file={},line={},title={}::{}",
            remark.level,
            property(remark.file),
            remark.line,
            property(&remark.title),
            escaped(&remark.message),
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn escaped(text: &str) -> String {
    let text = text.replace('%', "%25");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_of_an_annotation() {
        assert_eq!(escaped("50% of\nit"), "50%25 of%0Ait");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }

    #[test]
    fn paths_are_references_in_sarif() {
        assert_eq!(uri("stacks/a_b-1.yaml"), "stacks/a_b-1.yaml");
        assert_eq!(uri("a b/50%#é.yaml"), "a%20b/50%25%23%C3%A9.yaml");
        assert_eq!(uri("c:x"), "c%3Ax");
    }
}
