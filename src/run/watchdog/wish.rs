//! What a person asks of the watchdog while it runs.

use crate::model::fleet::Place;
use crate::model::money::Usd;
use crate::model::name::ClusterId;
use crate::model::span::Span;
use tokio::sync::oneshot;

/// One thing asked of one cluster; the answer is what was done, or why not, in a line.
#[derive(Debug)]
pub struct Wish {
    pub place: Place,
    pub id: ClusterId,
    /// Who asks.
    pub who: String,
    /// Why, as it is recorded.
    pub why: String,
    pub what: Wanted,
    pub answer: oneshot::Sender<Result<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A deadline moved, within the stack's ceiling and the policies: to a lifetime, counted from
    /// the cluster's creation, or a budget, or both.
    Extend {
        max_lifetime: Option<Span>,
        budget: Option<Usd>,
    },
    /// The cluster's end.
    End,
}
