//! Expands short forms to long forms, keeping the places of their parts.

use super::node::{Entry, Key, Node};
use super::source::Mark;
use crate::model::instance::Nodes;

fn map(mark: Mark, entries: impl IntoIterator<Item = (&'static str, String)>) -> Node {
    let entry = |(key, text): (&'static str, String)| Entry {
        key: Key {
            text: key.to_owned(),
            mark,
        },
        value: Node::plain(mark, text),
    };
    Node::map(mark, entries.into_iter().map(entry).collect())
}

/// `3 x m5.xlarge`: one primary and two core nodes.
pub(crate) fn expand_size(node: &Node) -> Option<Node> {
    let Nodes {
        count,
        instance_type,
    } = node.text()?.parse().ok()?;
    let primary = ("primary", instance_type.to_string());
    let rest = count.checked_sub(1).filter(|count| *count > 0);
    let core = rest.map(|count| {
        (
            "core",
            Nodes {
                count,
                instance_type,
            }
            .to_string(),
        )
    });
    Some(map(node.mark, [Some(primary), core].into_iter().flatten()))
}

pub(crate) fn expand_primary(node: &Node) -> Option<Node> {
    Some(map(node.mark, [("type", node.text()?.to_owned())]))
}

pub(crate) fn expand_group(node: &Node) -> Option<Node> {
    Some(map(node.mark, [("nodes", node.text()?.to_owned())]))
}
