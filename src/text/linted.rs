//! Findings of the lint, as they are shown.

use super::diag::{Code, Diagnostic, Diagnostics};
use super::source::{Mark, Source};
use crate::model::lint::LintFinding;

/// A text and what the lint found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintedText {
    /// Its name, such as the path of a script.
    pub name: String,
    /// The text.
    pub text: String,
    /// What was found.
    pub findings: Vec<LintFinding>,
}

impl Diagnostics {
    /// The findings in these texts; `None` if there are none.
    pub fn of_lint(texts: Vec<LintedText>) -> Option<Self> {
        let mut sources: Vec<Source> = Vec::new();
        let mut list = Vec::new();
        for LintedText {
            name,
            text,
            findings,
        } in texts
        {
            // Several steps can run one script.
            let known = sources.iter().position(|source| source.name == name);
            let source = known.unwrap_or(sources.len());
            if known.is_none() {
                sources.push(Source { name, text });
            }
            list.extend(findings.into_iter().map(|finding| {
                let at = Mark::new(source, finding.at);
                let found = Diagnostic::new(Code::Lint(finding.code), at, finding.message);
                match finding.help {
                    Some(help) => found.help(help),
                    None => found,
                }
            }));
        }
        (!list.is_empty()).then(|| Self::new(sources, list))
    }
}
