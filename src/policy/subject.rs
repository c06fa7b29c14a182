//! The subject of a judgement: a stack, its price, and the caller.

use crate::model::money::Usd;
use crate::model::stack::Stack;

/// What policies judge.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// The price; `None` if it is unknown, which fails every limit of cost.
    pub price: Option<Price>,
    /// The caller: on AWS an ARN, on this machine `user@host`.
    pub by: &'a str,
}

/// What a stack's cluster costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Dollars per hour of the whole cluster.
    pub hourly: Usd,
    /// The most dollars that one life of the cluster can cost, termination included.
    pub worst: Usd,
    /// The least dollars that a budget can limit it to: the cost of creating it and terminating it
    /// at once.
    pub least: Usd,
}
