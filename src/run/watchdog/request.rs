//! Operator requests to the running watchdog.

use crate::model::money::Usd;
use crate::model::name::ClusterId;
use crate::model::place::Place;
use crate::model::span::Span;
use tokio::sync::oneshot;

/// What was done, or why it was not, as one line.
pub type Answer = Result<String, String>;

/// An operator's request about one cluster.
#[derive(Debug)]
pub struct OperatorRequest {
    /// Where the cluster runs.
    pub place: Place,
    /// The cluster's id.
    pub id: ClusterId,
    /// The operator's name, as it is recorded.
    pub who: String,
    /// The operator's reason, as it is recorded.
    pub why: String,
    /// What is requested.
    pub what: RequestedAction,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Answer>,
}

/// What an operator can request for a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedAction {
    /// To move the deadline, within the stack's ceiling and the policies: to a lifetime counted
    /// from the cluster's creation, a budget, or both.
    Extend {
        /// The new lifetime, from the cluster's creation.
        max_lifetime: Option<Span>,
        /// The new budget of the cluster, in dollars.
        budget: Option<Usd>,
    },
    /// To end the cluster.
    End,
}
