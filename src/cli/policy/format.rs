//! Output of `policy check` for CI: SARIF 2.1.0 for code scanning, and annotations for GitHub's
//! workflows.

use crate::app::document::{Document, document};
use crate::app::policies::PolicySource;
use crate::model::name::StackName;
use crate::model::policy::Effect;
use crate::policy::{Finding, Judgement};
use crate::text;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Sarif,
    Github,
}

/// The result of checking one stack's file.
pub(super) struct Checked {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) stack: StackName,
    pub(super) judgement: Judgement,
    pub(super) from: Vec<PolicySource>,
}

impl Checked {
    pub(super) fn document(&self) -> Document {
        let judgement = &self.judgement;
        document!({
            "file": self.file,
            "stack": self.stack,
            "standing": judgement.standing,
            "policies": judgement.policies,
            "findings": judgement.findings,
            "bounds": judgement.bounds,
            "from": self.from,
        })
    }

    /// The line of the stack's file that a finding is about: that of its key, or if the file does
    /// not have the key, of the nearest key above it.
    fn line(&self, finding: &Finding) -> usize {
        text::line_of(&self.text, finding.at)
    }
}

const fn level(effect: Effect) -> &'static str {
    match effect {
        Effect::Deny => "error",
        Effect::Warn => "warning",
    }
}

fn message(finding: &Finding) -> String {
    format!(
        "{} ({}). To pass: {}",
        finding.message, finding.place, finding.pass
    )
}

/// A SARIF log of one run with a result for each finding (OASIS, SARIF 2.1.0).
pub(super) fn sarif(checked: &[Checked]) -> Value {
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for stack in checked {
        for finding in &stack.judgement.findings {
            let id = format!("{}/{}", finding.policy, finding.rule);
            let text = format!("Policy {}, {}", finding.policy, finding.rule);
            let rule = json!({ "id": id, "shortDescription": { "text": text } });
            rules.insert(id.clone(), rule);
            results.push(json!({
                "ruleId": id,
                "level": level(finding.effect),
                "message": { "text": message(finding) },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": stack.file.replace('\\', "/") },
                    "region": { "startLine": stack.line(finding) },
                } }],
            }));
        }
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

/// A workflow command for each finding (GitHub, workflow commands).
pub(super) fn github(checked: &[Checked]) -> String {
    let mut lines = Vec::new();
    for stack in checked {
        for finding in &stack.judgement.findings {
            lines.push(format!(
                "::{} file={},line={},title={}::{}",
                level(finding.effect),
                property(&stack.file),
                stack.line(finding),
                property(&format!("{} {}", finding.policy, finding.rule)),
                escaped(&message(finding)),
            ));
        }
    }
    lines.join("\n")
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
}
