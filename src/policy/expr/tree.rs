//! A rule as a tree, each node with its place in the text.

use std::ops::Range;

#[derive(Debug)]
pub(super) struct Node {
    /// In bytes; of one in brackets with them.
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    /// How many nodes lie beneath each other here, at most.
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
    /// A function's arguments, or a method's of the first node.
    Call(Option<Box<Node>>, Word, Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// Several joined by `&&`, or by `||`.
    Logic(Vec<Node>),
    Binary(Box<Node>, Word, Box<Node>),
    Choice(Box<[Node; 3]>),
}

/// A name or an operator, and where it stands.
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
