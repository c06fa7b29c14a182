//! What must agree between several places of a stack. Says nothing where one of them is missing
//! or cannot be read: that is told already.

use super::diag::{Code, Diagnostic};
use super::hidden_names;
use super::nearest::quote;
use super::node::{Entry, Node};
use super::stack_shape::DATA_SETS;
use super::values::read_whole;
use crate::model::cidr::Cidr;
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use std::collections::BTreeSet;
use std::str::FromStr;

pub(crate) fn check(root: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    guardrails(root, &mut found);
    openings(root, &mut found);
    circles(root, &mut found);
    tasks(root, &mut found);
    hidden_names::check(root, &mut found);
    found
}

/// A value that can be read, and its node.
fn read<'a, T: FromStr>(node: &'a Node, path: &[&str]) -> Option<(T, &'a Node)> {
    let node = node.find(path)?;
    Some((node.text()?.parse().ok()?, node))
}

fn guardrails(root: &Node, found: &mut Vec<Diagnostic>) {
    let (least, most) = (Guardrails::IDLE_LEAST, Guardrails::IDLE_MOST);
    let idle = read::<Span>(root, &["guardrails", "idle_timeout"]);
    let life = read::<Span>(root, &["guardrails", "max_lifetime"]);
    if let Some((span, node)) = idle
        && !(least..=most).contains(&span)
    {
        let message = format!("`idle_timeout` cannot be {span}");
        found.push(
            Diagnostic::new(Code::OutOfRange, node.mark, message)
                .expected(format!("from {}s to {most}", least.as_secs()))
                .help("EMR watches for idleness within these limits only"),
        );
    }
    if let Some((span, node)) = life
        && span < least
    {
        let message = format!("`max_lifetime` cannot be {span}");
        found.push(
            Diagnostic::new(Code::OutOfRange, node.mark, message)
                .expected(format!("at least {}s", least.as_secs())),
        );
    }
    let written = root.find(&["guardrails", "max_lifetime"]).is_some();
    let limit = match life {
        Some((span, _)) => Some(span),
        None if written => None,
        None => Some(Guardrails::default().max_lifetime),
    };
    if let (Some((idle, node)), Some(limit)) = (idle, limit)
        && idle > limit
        && idle <= most
    {
        let message = "`idle_timeout` is longer than `max_lifetime`";
        let mut wrong = Diagnostic::new(Code::OutOfRange, node.mark, message)
            .expected(format!("at most {limit}"))
            .help("a cluster cannot be idle for longer than it lives");
        match life {
            Some((_, life)) => wrong = wrong.related(life.mark, "`max_lifetime`"),
            None => wrong = wrong.help(format!("`max_lifetime` is {limit} when nothing is said")),
        }
        found.push(wrong);
    }
}

/// A port that is open to everybody has to be meant.
fn openings(root: &Node, found: &mut Vec<Diagnostic>) {
    let groups = root.get("security_groups").map_or(&[][..], Node::items);
    let ingress = |group| Node::get(group, "ingress").map_or(&[][..], Node::items);
    for opening in groups.iter().flat_map(ingress) {
        let meant = opening.get("anywhere").and_then(Node::text) == Some("true");
        if let Some((range, node)) = read::<Cidr>(opening, &["from"])
            && range.is_the_world()
            && !meant
        {
            let port = opening
                .get("port")
                .and_then(Node::scalar)
                .and_then(read_whole);
            let port = port.map_or_else(|| "?".to_owned(), |port| port.to_string());
            let message = format!("port {port} would be open to the whole world");
            found.push(
                Diagnostic::new(Code::OpenToTheWorld, node.mark, message)
                    .expected("`caller` or a narrower range")
                    .help("write `anywhere: true` beside it if that is meant"),
            );
        }
    }
}

/// A data set lies beside one that has a place of its own, and so never beside itself.
fn circles(root: &Node, found: &mut Vec<Diagnostic>) {
    let Some(data) = root.get(DATA_SETS.root) else {
        return;
    };
    let beside = |entry: &'_ Entry| entry.value.get("beside").map(|node| node.mark);
    let lost: BTreeSet<&str> = data
        .entries()
        .iter()
        .filter(|entry| beside(entry).is_some())
        .map(|entry| entry.key.text.as_str())
        .collect();
    for entry in data.entries() {
        if let Some(node) = entry.value.get("beside")
            && let Some(other) = node.text().filter(|other| lost.contains(other))
        {
            let message = format!("data set {} has no place of its own", quote(other));
            found.push(
                Diagnostic::new(Code::Conflict, node.mark, message)
                    .expected("one with `path`, `url` or `s3`"),
            );
        }
    }
}

/// EMR has no task nodes without core nodes.
fn tasks(root: &Node, found: &mut Vec<Diagnostic>) {
    let Some(size) = root.find(&["cluster", "size"]) else {
        return;
    };
    if let Some(task) = size.entry("task")
        && size.entry("core").is_none()
    {
        found.push(
            Diagnostic::new(
                Code::Conflict,
                task.key.mark,
                "`task` nodes need `core` nodes",
            )
            .help("write these as `core`, or add a `core` of at least one node"),
        );
    }
}
