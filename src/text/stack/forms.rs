//! Expands short forms to long forms, keeping the places of their parts.

use super::cluster::{INSTANCES, PRIMARY, SIZE};
use super::network::{KEY, SUBNET};
use super::volumes::ROOT_VOLUME;
use crate::model::instance::Nodes;
use crate::text::node::{Entry, Key, Node};
use crate::text::source::Mark;

const PRIMARY_KEY: &str = SIZE.key("primary");
const CORE_KEY: &str = SIZE.key("core");
const TYPE_KEY: &str = PRIMARY.key("type");
const NODES_KEY: &str = INSTANCES.key("nodes");
const ROOT_SIZE_KEY: &str = ROOT_VOLUME.key("size");
const ID_KEY: &str = SUBNET.key("id");
const NAME_KEY: &str = KEY.key("name");

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
pub(super) fn expand_size(node: &Node) -> Option<Node> {
    let Nodes {
        count,
        instance_type,
    } = node.text()?.parse().ok()?;
    let primary = (PRIMARY_KEY, instance_type.to_string());
    let rest = count.checked_sub(1).filter(|count| *count > 0);
    let core = rest.map(|count| {
        (
            CORE_KEY,
            Nodes {
                count,
                instance_type,
            }
            .to_string(),
        )
    });
    Some(map(node.mark, [Some(primary), core].into_iter().flatten()))
}

pub(super) fn expand_primary(node: &Node) -> Option<Node> {
    Some(map(node.mark, [(TYPE_KEY, node.text()?.to_owned())]))
}

pub(super) fn expand_group(node: &Node) -> Option<Node> {
    Some(map(node.mark, [(NODES_KEY, node.text()?.to_owned())]))
}

pub(super) fn expand_root_volume(node: &Node) -> Option<Node> {
    Some(map(node.mark, [(ROOT_SIZE_KEY, node.text()?.to_owned())]))
}

pub(super) fn expand_subnet(node: &Node) -> Option<Node> {
    Some(map(node.mark, [(ID_KEY, node.text()?.to_owned())]))
}

pub(super) fn expand_key(node: &Node) -> Option<Node> {
    Some(map(node.mark, [(NAME_KEY, node.text()?.to_owned())]))
}
