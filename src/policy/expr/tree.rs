//! A rule as a tree; each node knows its place in the text.

use std::ops::Range;

#[derive(Debug)]
pub(super) struct Node {
    /// The place in bytes, enclosing brackets included.
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    /// The maximum depth of the tree below this node.
    pub(super) height: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    Bool,
    Int,
    Double,
    Text,
    List(Vec<Node>),
    Name(String),
    Field(Box<Node>, Word),
    Index(Box<Node>, Box<Node>),
    /// The arguments of a function, or of a method of the first node.
    Call(Option<Box<Node>>, Word, Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// Parts joined by `&&` or by `||`.
    Logic(Vec<Node>),
    Binary(Box<Node>, Word, Box<Node>),
    Choice(Box<[Node; 3]>),
}

/// A name or an operator, and its place.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) range: Range<usize>,
}

impl Kind {
    pub(super) fn children(&self) -> Vec<&Node> {
        match self {
            Self::Bool | Self::Int | Self::Double | Self::Text | Self::Name(_) => Vec::new(),
            Self::List(all) | Self::Logic(all) => all.iter().collect(),
            Self::Field(inner, _) | Self::Not(inner) | Self::Negate(inner) => vec![inner],
            Self::Index(one, other) | Self::Binary(one, _, other) => vec![one, other],
            Self::Call(on, _, args) => on.iter().map(|on| &**on).chain(args).collect(),
            Self::Choice(parts) => parts.iter().collect(),
        }
    }
}
