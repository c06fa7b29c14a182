//! Data sets: where each is, `beside` resolved.

use super::diag::{Code, Diagnostic};
use super::lower::{Lowered, needed};
use super::node::Node;
use super::paths;
use crate::model::name::DataName;
use crate::model::stack::{Data, Source};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) fn data(node: Option<&Node>, base: &Path) -> Lowered<BTreeMap<DataName, Data>> {
    let Some(all) = node else {
        return Ok(BTreeMap::new());
    };
    let mut sets = BTreeMap::new();
    for entry in all.entries() {
        let wrong = || {
            let message = format!("`{}` is not understood", entry.key.text);
            Box::new(Diagnostic::new(Code::BadValue, entry.key.mark, message))
        };
        let sampled = entry.value.get("sampled").and_then(Node::text) != Some("false");
        let source = source(all, &entry.value, base)?.ok_or_else(wrong)?;
        sets.insert(
            entry.key.text.parse().map_err(|_| wrong())?,
            Data { source, sampled },
        );
    }
    Ok(sets)
}

fn source(all: &Node, node: &Node, base: &Path) -> Lowered<Option<Source>> {
    if let Some(source) = place(node, base) {
        return Ok(Some(source));
    }
    let text = |key| node.get(key).and_then(Node::text);
    let (Some(beside), Some(file)) = (text("beside"), text("file")) else {
        return Ok(None);
    };
    let other = place(needed(all, beside)?, base);
    Ok(other.map(|other| sibling(other, file)))
}

/// The place that a data set has of its own.
fn place(node: &Node, base: &Path) -> Option<Source> {
    let text = |key| node.get(key).and_then(Node::text).map(str::to_owned);
    let path = || text("path").map(|path| Source::Path(paths::join(base, &path)));
    let url = || {
        let (member, sha256) = (text("member"), text("sha256"));
        text("url").map(|url| Source::Url {
            url,
            member,
            sha256,
        })
    };
    path().or_else(url).or_else(|| text("s3").map(Source::S3))
}

fn sibling(source: Source, file: &str) -> Source {
    match source {
        Source::Path(path) => Source::Path(path.with_file_name(file)),
        Source::Url {
            url,
            member: Some(member),
            ..
        } => {
            let member = Some(paths::sibling(&member, file));
            Source::Url {
                url,
                member,
                sha256: None,
            }
        }
        Source::Url {
            url, member: None, ..
        } => {
            let place = url.split(['?', '#']).next().unwrap_or_default();
            Source::Url {
                url: paths::sibling(place, file),
                member: None,
                sha256: None,
            }
        }
        Source::S3(uri) => Source::S3(paths::sibling(&uri, file)),
    }
}
