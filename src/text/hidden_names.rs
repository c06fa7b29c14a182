//! Rejects data in S3 whose name Hadoop ignores: the job would read nothing and still complete.

use super::diag::{Code, Diagnostic};
use super::nearest::quote;
use super::node::Node;
use super::paths;
use super::stack::DATA_SETS;
use crate::model::staged::unread;

pub(super) fn check(root: &Node, found: &mut Vec<Diagnostic>) {
    let Some(data) = root.get(DATA_SETS.root) else {
        return;
    };
    for entry in data.entries() {
        let text = |key| entry.value.get(key).and_then(Node::text);
        let own = text("s3").map(str::to_owned);
        let beside = || {
            let other = data.get(text("beside")?)?.get("s3").and_then(Node::text)?;
            Some(paths::sibling(other, text("file")?))
        };
        let Some(place) = own.or_else(beside) else {
            continue;
        };
        let node = entry.value.get("s3").or_else(|| entry.value.get("file"));
        let key = place
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'));
        if let (Some(node), Some(why)) = (node, key.and_then(|(_, key)| unread(key))) {
            let message = format!("Spark would not read {}", quote(&place));
            found.push(
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
            let told = wrong(&format!("  a: {{ s3: \"s3://bucket/{name}\" }}\n")).unwrap();
            assert!(
                told.contains("t.yaml:5:12") && told.contains(why),
                "{name}: {told}"
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
