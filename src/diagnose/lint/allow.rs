//! Comments that silence findings on their line: `# clusterup: allow(collects)`.

use crate::model::lint::{LintCode, LintFinding};
use ruff_python_ast::token::{TokenKind, Tokens};
use std::collections::BTreeSet;
use std::ops::Range;

/// The codes that are silenced, by the line of the comment.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    codes: BTreeSet<(usize, LintCode)>,
    /// Comments that name no code.
    pub(super) findings: Vec<LintFinding>,
    starts: Vec<usize>,
}

impl Allowed {
    pub(super) fn of(text: &str, tokens: &Tokens) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let mut allowed = Self {
            starts: std::iter::once(0).chain(ends).collect(),
            ..Self::default()
        };
        for token in tokens {
            if token.kind() == TokenKind::Comment {
                let at = token.as_tuple().1.to_std_range();
                allowed.comment(text, at);
            }
        }
        allowed
    }

    fn comment(&mut self, text: &str, at: Range<usize>) {
        let comment = text.get(at.clone()).unwrap_or_default();
        let Some((_, list)) = comment.split_once("clusterup: allow(") else {
            return;
        };
        let line = self.line(at.start);
        let start = at.start + comment.len() - list.len();
        let list = list.split(')').next().unwrap_or_default();
        let mut next = start;
        for word in list.split(',') {
            let name = word.trim();
            let begin = next + (word.len() - word.trim_start().len());
            next += word.len() + 1;
            match LintCode::of(name) {
                Some(code) => {
                    self.codes.insert((line, code));
                }
                None => self.findings.push(LintFinding {
                    code: LintCode::UnknownCode,
                    at: begin..begin + name.len(),
                    message: format!("there is no code {name:?}"),
                    help: Some(format!("the codes are {}", all())),
                }),
            }
        }
    }

    /// The number of the line with this byte, from 0.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// Whether a comment on a finding's line silences it.
    pub(super) fn silences(&self, finding: &LintFinding) -> bool {
        let line = self.line(finding.at.start);
        self.codes.contains(&(line, finding.code))
    }
}

fn all() -> String {
    let codes = LintCode::OF_SCRIPTS.map(LintCode::as_str);
    codes.join(", ")
}
