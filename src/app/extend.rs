//! Moves the deadline of a living cluster, within its stack's ceiling, its policies and its team's
//! month.

use super::failure::Failure;
use super::interrupt;
use super::reservations::{BudgetRequest, Reservations, both};
use super::target::Target;
use super::unknown_stack;
use super::{AdmissionContext, OperationError};
use crate::guard::{self, Deadline, Refused};
use crate::model::action::Action;
use crate::model::event::Listener;
use crate::model::extension::Extension;
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use crate::model::span::Span;
use crate::policy::{CostBound, Policies};
use chrono::{DurationRound, TimeDelta};

/// A request to move a deadline.
pub struct Moved<'a> {
    /// The stack.
    pub stack: &'a StackName,
    /// The only cluster that may be extended; `None` for the living one.
    pub id: Option<&'a ClusterId>,
    /// The new lifetime, from the creation.
    pub max_lifetime: Option<Span>,
    /// The time to add to the current lifetime.
    pub by: Option<Span>,
    /// The new budget in dollars.
    pub budget: Option<Usd>,
    /// The reason that was given.
    pub why: &'a str,
    /// Who requests it, as `user@host`.
    pub who: &'a str,
}

/// Moves the deadline; the caller holds the stack's lease.
///
/// # Errors
/// Returns an error if there is no such cluster, if the extension is not allowed, or if the cloud
/// cannot change the cluster.
pub async fn extend(
    request: &Moved<'_>,
    context: AdmissionContext<'_>,
    listener: &dyn Listener,
) -> Result<(Cluster, Extension, Deadline), OperationError> {
    let stack = request.stack;
    let place = context.place;
    let observed = place.cloud.observe(stack, None).await?;
    let meant = |cluster: &&Cluster| request.id.is_none_or(|id| cluster.id == *id);
    let Some(cluster) = observed.live().filter(meant) else {
        return Err(OperationError::NoCluster(stack.clone()));
    };
    let now = context.services.now();
    let by = |by: Span| {
        let lifetime = cluster.guardrails().max_lifetime.as_secs();
        Span::from_secs(lifetime.saturating_add(by.as_secs()))
    };
    let extension = Extension {
        at: now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now),
        max_lifetime: request.max_lifetime.or(request.by.map(by)),
        budget: request.budget,
        by: request.who.into(),
        why: request.why.into(),
    };
    let deadline = guard::extended(cluster, &extension)?;
    admit(cluster, &extension, context).await?;
    let action = Action::ExtendCluster(cluster.id.clone(), extension.clone());
    place.cloud.apply(stack, &action, listener).await?;
    Ok((cluster.clone(), extension, deadline))
}

/// Checks the policies, and reserves what the extension may cost in the months of the budgets that
/// are recorded with the cluster and of those that the policies set.
async fn admit(
    cluster: &Cluster,
    extension: &Extension,
    context: AdmissionContext<'_>,
) -> Result<(), OperationError> {
    let subject = (&cluster.stack, cluster.spec.team.as_ref());
    let reservations = Reservations::open(context, subject).await?;
    reservations.refuse(&context.policies.extended(cluster, extension))?;
    let budgets = both(reservations.of_policies(), &cluster.spec.budgets);
    let asked = match CostBound::extended(cluster, extension) {
        Some(ask) => BudgetRequest::Money {
            cluster: Some(cluster.id.clone()),
            ask: Box::new(ask),
            overridden: cluster.spec.overridden.clone(),
        },
        None => BudgetRequest::Unpriced,
    };
    reservations.reserve(&budgets, asked).await
}

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted while the deadline was being moved",
    "extend again moves it in every safeguard; status shows where it is",
];

/// Moves the deadline under the stack's lease.
pub(crate) async fn under_lease(
    request: &Moved<'_>,
    policies: &Policies,
    target: &Target<'_>,
) -> Result<(Cluster, Extension, Deadline), Failure> {
    let session = target.session;
    let progress = session.reporter.progress();
    let lease = target.cloud.lease(request.stack, &*progress);
    let lease = interrupt::or_stop(lease, STOPPED).await??;
    let context = AdmissionContext {
        policies,
        place: target.opened(),
        services: session,
    };
    let moved = extend(request, context, &*progress);
    let moved = interrupt::or_stop(moved, STOPPED).await;
    let released = lease.release().await;
    let moved = match moved? {
        Err(OperationError::NoCluster(stack)) if request.id.is_none() => {
            let observed = target.cloud.observe(&stack, None).await?;
            if observed.is_empty() {
                unknown_stack::refuse("status", &stack, target).await?;
            }
            Err(OperationError::NoCluster(stack))
        }
        moved => moved,
    };
    let moved = moved.map_err(|error| refused(error, request.stack))?;
    released?;
    progress.clear();
    Ok(moved)
}

fn refused(error: OperationError, stack: &StackName) -> Failure {
    let apply = matches!(error, OperationError::Deadline(Refused::Ceiling { .. }));
    let failure = Failure::from(error);
    if apply {
        failure.hint(Command::clusterup("apply").stack(stack))
    } else {
        failure
    }
}
