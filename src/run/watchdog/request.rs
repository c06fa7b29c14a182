//! What a person asks of the watchdog while it runs.

use crate::model::fleet::Place;
use crate::model::money::Usd;
use crate::model::name::ClusterId;
use crate::model::span::Span;
use tokio::sync::oneshot;

/// What was done, or why not, in a line.
pub type Answer = Result<String, String>;

/// An operator's request about one cluster.
#[derive(Debug)]
pub struct OperatorRequest {
    pub place: Place,
    pub id: ClusterId,
    /// Who asks.
    pub who: String,
    /// Why, as it is recorded.
    pub why: String,
    pub what: RequestedAction,
    pub answer: oneshot::Sender<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedAction {
    /// A deadline moved, within the stack's ceiling and the policies: to a lifetime, counted from
    /// the cluster's creation, or a budget, or both.
    Extend {
        max_lifetime: Option<Span>,
        budget: Option<Usd>,
    },
    /// The cluster's end.
    End,
}
