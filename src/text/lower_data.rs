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
        // `beside` may lead through others, but through none of them twice.
        let hops = all.entries().len();
        let source = source(all, &entry.value, base, hops)?.ok_or_else(wrong)?;
        sets.insert(
            entry.key.text.parse().map_err(|_| wrong())?,
            Data { source, sampled },
        );
    }
    Ok(sets)
}

fn source(all: &Node, node: &Node, base: &Path, hops: usize) -> Lowered<Option<Source>> {
    let text = |key| node.get(key).and_then(Node::text).map(str::to_owned);
    if let Some(path) = text("path") {
        return Ok(Some(Source::Path(paths::join(base, &path))));
    }
    if let Some(url) = text("url") {
        let (member, sha256) = (text("member"), text("sha256"));
        return Ok(Some(Source::Url {
            url,
            member,
            sha256,
        }));
    }
    if let Some(s3) = text("s3") {
        return Ok(Some(Source::S3(s3)));
    }
    let (Some(beside), Some(file), Some(hops)) =
        (text("beside"), text("file"), hops.checked_sub(1))
    else {
        return Ok(None);
    };
    let other = source(all, needed(all, &beside)?, base, hops)?;
    Ok(other.map(|other| sibling(other, &file)))
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
