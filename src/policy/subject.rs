//! What policies judge: a stack, its price, and who asks.

use crate::model::money::Usd;
use crate::model::stack::Stack;

#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub stack: &'a Stack,
    /// None where it is not known, which no limit of cost lets pass.
    pub price: Option<Price>,
    /// Who asks: on AWS an ARN, on this machine `user@host`.
    pub by: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// $/h of the cluster whole.
    pub hourly: Usd,
    /// The most that one life of the cluster can cost, its ending included.
    pub worst: Usd,
    /// The least that a budget can bound it to: it is made, and its end is asked for at once.
    pub least: Usd,
}
