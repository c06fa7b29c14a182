//! A tree in which nothing was found wrong, made a `Stack`: defaults filled in, references kept,
//! paths joined.

use super::arg::{self, Part};
use super::diag::{Code, Diagnostic};
use super::forms::{expand_group, expand_primary, expand_size};
use super::nearest::quote;
use super::node::{Entry, Node, Value};
use super::values::read_whole;
use super::{lower_data, paths};
use crate::model::Invalid;
use crate::model::hours::OffHours;
use crate::model::instance::Nodes;
use crate::model::span::Span;
use crate::model::stack::{
    Arg, Ceiling, Cluster, Ebs, Guardrails, Ingress, IngressSource, InstanceGroup, Job, KeyPair,
    Market, Piece, SecurityGroup, SparkOptions, Stack, Step, VolumeKind, WhenDone,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

pub(crate) type Lowered<T> = Result<T, Box<Diagnostic>>;

pub(crate) fn stack(root: &Node, base: &Path) -> Lowered<Stack> {
    Ok(Stack {
        name: value(root, "stack")?,
        team: maybe(root, "team")?,
        tags: tags(root.get("tags"))?,
        region: value(root, "region")?,
        key_pairs: each(root, "key_pairs", |node| key_pair(node, base))?,
        security_groups: each(root, "security_groups", security_group)?,
        data: lower_data::data(root.get("data"), base)?,
        cluster: cluster(needed(root, "cluster")?)?,
        job: root.get("job").map(|node| job(node, base)).transpose()?,
        guardrails: root
            .get("guardrails")
            .map_or_else(|| Ok(Guardrails::default()), guardrails)?,
    })
}

/// What no check lets through; said rather than panicked about.
pub(crate) fn unread(node: &Node, expected: &str) -> Box<Diagnostic> {
    let message = format!(
        "{} is not understood",
        quote(node.text().unwrap_or(node.word()))
    );
    Box::new(Diagnostic::new(Code::BadValue, node.mark, message).expected(expected))
}

pub(crate) fn needed<'a>(node: &'a Node, key: &str) -> Lowered<&'a Node> {
    node.get(key).ok_or_else(|| {
        let message = format!("`{key}` is missing");
        Box::new(Diagnostic::new(Code::MissingKey, node.mark, message))
    })
}

pub(crate) fn parsed<T: FromStr<Err = Invalid>>(node: &Node) -> Lowered<T> {
    let text = node.text().ok_or_else(|| unread(node, "a single value"))?;
    text.parse()
        .map_err(|invalid: Invalid| unread(node, &invalid.expected))
}

pub(crate) fn value<T: FromStr<Err = Invalid>>(node: &Node, key: &str) -> Lowered<T> {
    parsed(needed(node, key)?)
}

pub(crate) fn maybe<T: FromStr<Err = Invalid>>(node: &Node, key: &str) -> Lowered<Option<T>> {
    node.get(key).map(parsed).transpose()
}

pub(crate) fn each<T>(
    node: &Node,
    key: &str,
    make: impl FnMut(&Node) -> Lowered<T>,
) -> Lowered<Vec<T>> {
    node.get(key)
        .map_or(&[][..], Node::items)
        .iter()
        .map(make)
        .collect()
}

pub(crate) fn text(node: &Node) -> Lowered<String> {
    node.text()
        .map(str::to_owned)
        .ok_or_else(|| unread(node, "a single value"))
}

/// One of a few words; the first where nothing is said.
pub(crate) fn word<T: Copy, const N: usize>(
    node: &Node,
    key: &str,
    words: [(&str, T); N],
) -> Lowered<T> {
    let found = match node.get(key) {
        Some(node) => words.iter().find(|(word, _)| node.text() == Some(word)),
        None => words.first(),
    };
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| unread(node, "another word"))
}

pub(crate) fn whole(node: &Node) -> Lowered<u16> {
    node.scalar()
        .and_then(read_whole)
        .ok_or_else(|| unread(node, "a whole number"))
}

fn tags(node: Option<&Node>) -> Lowered<BTreeMap<String, String>> {
    let entries = node.map_or(&[][..], Node::entries);
    let tag = |entry: &Entry| Ok((entry.key.text.clone(), text(&entry.value)?));
    entries.iter().map(tag).collect()
}

fn key_pair(node: &Node, base: &Path) -> Lowered<KeyPair> {
    let public_key = node.get("public_key").map(text).transpose()?;
    Ok(KeyPair {
        name: value(node, "name")?,
        public_key: public_key.map(|path| paths::join(base, &path)),
    })
}

fn security_group(node: &Node) -> Lowered<SecurityGroup> {
    let ingress = |node: &Node| {
        let from = needed(node, "from")?;
        let from = match from.text() {
            Some("caller") => IngressSource::Caller,
            _ => IngressSource::Range(parsed(from)?),
        };
        Ok(Ingress {
            port: whole(needed(node, "port")?)?,
            from,
        })
    };
    Ok(SecurityGroup {
        name: value(node, "name")?,
        ingress: each(node, "ingress", ingress)?,
    })
}

/// The long form of a value that has a short one.
fn long(node: &Node, expand: fn(&Node) -> Option<Node>) -> Lowered<Cow<'_, Node>> {
    match node.value {
        Value::Map(_) => Ok(Cow::Borrowed(node)),
        Value::Scalar(_) | Value::Seq(_) | Value::Broken => {
            let long = expand(node).map(Cow::Owned);
            long.ok_or_else(|| unread(node, "a size such as `3 x m5.xlarge`"))
        }
    }
}

fn cluster(node: &Node) -> Lowered<Cluster> {
    let size = long(needed(node, "size")?, expand_size)?;
    let primary = long(needed(&size, "primary")?, expand_primary)?;
    let nodes = Nodes {
        count: 1,
        instance_type: value(&primary, "type")?,
    };
    let group = |key| size.get(key).map(instances).transpose();
    Ok(Cluster {
        release: value(node, "release")?,
        primary: InstanceGroup {
            nodes,
            market: market(&primary)?,
            ebs: ebs(&primary)?,
        },
        core: group("core")?,
        task: group("task")?,
        key_pair: maybe(node, "key_pair")?,
        security_groups: each(node, "security_groups", parsed)?,
    })
}

fn instances(node: &Node) -> Lowered<InstanceGroup> {
    let node = long(node, expand_group)?;
    Ok(InstanceGroup {
        nodes: value(&node, "nodes")?,
        market: market(&node)?,
        ebs: ebs(&node)?,
    })
}

fn market(node: &Node) -> Lowered<Market> {
    word(
        node,
        "market",
        [("on-demand", Market::OnDemand), ("spot", Market::Spot)],
    )
}

fn ebs(node: &Node) -> Lowered<Option<Ebs>> {
    let Some(node) = node.get("ebs") else {
        return Ok(None);
    };
    Ok(Some(Ebs {
        kind: word(
            node,
            "type",
            [("gp3", VolumeKind::Gp3), ("gp2", VolumeKind::Gp2)],
        )?,
        size: value(node, "size")?,
        volumes: node.get("volumes").map_or(Ok(1), whole)?,
    }))
}

fn job(node: &Node, base: &Path) -> Lowered<Job> {
    let results = node.get("results").map(text).transpose()?;
    Ok(Job {
        python_packages: each(node, "python_packages", text)?,
        steps: each(node, "steps", |node| step(node, base))?,
        results: results.map(|path| paths::join(base, &path)),
    })
}

fn step(node: &Node, base: &Path) -> Lowered<Step> {
    Ok(Step {
        name: value(node, "name")?,
        script: paths::join(base, &text(needed(node, "script")?)?),
        args: each(node, "args", argument)?,
        spark: node
            .get("spark")
            .map_or_else(|| Ok(SparkOptions::default()), spark)?,
    })
}

fn argument(node: &Node) -> Lowered<Arg> {
    let piece = |part| match part {
        Part::Text(text) => Some(Piece::Text(text)),
        Part::Hole(hole) => arg::piece(&hole.inside?),
    };
    let pieces: Option<Arg> = arg::parts(&text(node)?).into_iter().map(piece).collect();
    pieces.ok_or_else(|| unread(node, "`${data.NAME}`, `${results}` or `${scratch}`"))
}

fn spark(node: &Node) -> Lowered<SparkOptions> {
    let memory = node
        .get("executor_memory")
        .filter(|node| node.text() != Some("auto"));
    let conf = node.get("conf").map_or(&[][..], Node::entries);
    Ok(SparkOptions {
        executor_memory: memory.map(parsed).transpose()?,
        conf: conf
            .iter()
            .map(|entry| Ok((entry.key.text.clone(), text(&entry.value)?)))
            .collect::<Lowered<_>>()?,
    })
}

fn guardrails(node: &Node) -> Lowered<Guardrails> {
    let default = Guardrails::default();
    let max_lifetime = maybe::<Span>(node, "max_lifetime")?.unwrap_or(default.max_lifetime);
    // The default must not outlast a short life that was asked for.
    let idle = default.idle_timeout.min(max_lifetime);
    Ok(Guardrails {
        idle_timeout: maybe(node, "idle_timeout")?.unwrap_or(idle),
        max_lifetime,
        budget: maybe(node, "budget")?,
        lease: maybe(node, "lease")?,
        off_hours: match node.get("off_hours") {
            Some(node) => vec![off_hours(node)?],
            None => Vec::new(),
        },
        ceiling: node
            .get("ceiling")
            .map_or_else(|| Ok(Ceiling::default()), ceiling)?,
        when_done: word(
            node,
            "when_done",
            [("terminate", WhenDone::Terminate), ("keep", WhenDone::Keep)],
        )?,
    })
}

pub(crate) fn off_hours(node: &Node) -> Lowered<OffHours> {
    Ok(OffHours {
        timezone: value(node, "timezone")?,
        terminate: value(node, "terminate")?,
    })
}

fn ceiling(node: &Node) -> Lowered<Ceiling> {
    Ok(Ceiling {
        max_lifetime: maybe(node, "max_lifetime")?,
        budget: maybe(node, "budget")?,
    })
}
