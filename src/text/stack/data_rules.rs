//! Checks of data sets together. Places that are missing or invalid are skipped, because those
//! mistakes are already reported.

use super::data::DATA;
use crate::model::staged::unread;
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::At;
use crate::text::nearest::quote;
use crate::text::node::{Entry, Node};
use crate::text::paths;
use std::collections::BTreeSet;

const BESIDE: &str = DATA.key("beside");
const FILE: &str = DATA.key("file");
const S3: &str = DATA.key("s3");

/// Checks the mapping of all data sets.
pub(super) fn check(at: &mut At<'_, '_>, data: &Node) {
    circles(at, data);
    hidden_names(at, data);
}

/// A data set `beside` another requires that one to have its own place; this also rules out cycles.
fn circles(at: &mut At<'_, '_>, data: &Node) {
    let beside = |entry: &'_ Entry| entry.value.get(BESIDE).map(|node| node.mark);
    let lost: BTreeSet<&str> = data
        .entries()
        .iter()
        .filter(|entry| beside(entry).is_some())
        .map(|entry| entry.key.text.as_str())
        .collect();
    for entry in data.entries() {
        if let Some(node) = entry.value.get(BESIDE)
            && let Some(other) = node.text().filter(|other| lost.contains(other))
        {
            let other = quote(other);
            let message = format!("data set {other} is itself declared with `{BESIDE}`");
            at.wrong(
                Diagnostic::new(Code::Conflict, node.mark, message)
                    .expected("one with `path`, `url` or `s3`"),
            );
        }
    }
}

/// Refuses data in S3 whose name Hadoop ignores: the job would read nothing and still complete.
fn hidden_names(at: &mut At<'_, '_>, data: &Node) {
    for entry in data.entries() {
        let text = |key| entry.value.get(key).and_then(Node::text);
        let own = text(S3).map(str::to_owned);
        let beside = || {
            let other = data.get(text(BESIDE)?)?.get(S3).and_then(Node::text)?;
            Some(paths::sibling(other, text(FILE)?))
        };
        let Some(place) = own.or_else(beside) else {
            continue;
        };
        let node = entry.value.get(S3).or_else(|| entry.value.get(FILE));
        let key = place
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'));
        if let (Some(node), Some(why)) = (node, key.and_then(|(_, key)| unread(key))) {
            let message = format!("Spark would not read {}", quote(&place));
            at.wrong(
                Diagnostic::new(Code::BadValue, node.mark, message)
                    .expected("an object that Hadoop reads by its name")
                    .help(format!("{why}; give the object another name: aws s3 mv")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::text::parse;
    use std::path::Path;

    fn wrong(data: &str) -> Option<String> {
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             data:\n{data}guardrails: {{ when_done: keep }}\n"
        );
        let parsed = parse("t.yaml", &text, Path::new(""), &[]);
        parsed.err().map(|wrong| wrong.to_string())
    }

    #[test]
    fn data_that_no_job_would_see_is_refused_at_its_place() {
        for (name, why) in [
            ("a/_x.csv", "`_` or `.`"),
            ("a/.x.csv", "`_` or `.`"),
            ("a/x._COPYING_", "`._COPYING_`"),
            ("a/x:y.csv", "`:`"),
            ("a/*.csv", "pattern"),
            ("a/{x,y}.csv", "pattern"),
        ] {
            let shown = wrong(&format!("  a: {{ s3: \"s3://bucket/{name}\" }}\n")).unwrap();
            assert!(
                shown.contains("t.yaml:5:12") && shown.contains(why),
                "{name}: {shown}"
            );
        }
        let beside = "  a: { s3: s3://bucket/a/x.csv }\n  b: { beside: a, file: _y.csv }\n";
        assert!(wrong(beside).unwrap().contains("t.yaml:6:"));
        let good = "  a: { s3: s3://bucket/_old/x.csv }\n  b: { path: _y.csv }\n";
        assert_eq!(
            wrong(good),
            None,
            "files of this machine are staged under plain names"
        );
    }
}
