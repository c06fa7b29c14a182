//! A tree of examples in which nothing was found wrong, made `Example`s: paths joined.

use super::lower::{Lowered, each, needed, text, unread, word};
use super::lower_policy::begin;
use super::node::Node;
use super::paths;
use super::policy_readers::dollars;
use super::source::Source;
use crate::model::money::Usd;
use crate::model::policy::{Example, Standing};
use std::path::Path;

pub(crate) fn examples(root: &Node, source: &Source, base: &Path) -> Lowered<Vec<Example>> {
    each(root, "examples", |node| example(node, source, base))
}

fn example(node: &Node, source: &Source, base: &Path) -> Lowered<Example> {
    Ok(Example {
        name: text(needed(node, "name")?)?,
        stack: paths::join(base, &text(needed(node, "stack")?)?),
        sets: each(node, "set", text)?,
        spent: node.find(&["month", "spent"]).map(amount).transpose()?,
        reserved: node.find(&["month", "promised"]).map(amount).transpose()?,
        expect: word(
            node,
            "expect",
            [
                ("allow", Standing::Allow),
                ("warn", Standing::Warn),
                ("deny", Standing::Deny),
            ],
        )?,
        because: each(node, "because", text)?,
        line: source.place(source.clip(begin(node)).start).0,
    })
}

fn amount(node: &Node) -> Lowered<Usd> {
    dollars(&text(node)?).map_err(|invalid| unread(node, &invalid.expected))
}
