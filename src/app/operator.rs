//! What an operator requests of the watchdog, on its page: a cluster's end or a later deadline.

use super::extend::{Moved, under_lease};
use super::failure::Failure;
use super::session::Session;
use super::target::{Target, TargetChoice};
use crate::model::hint::Command;
use crate::policy::Policies;
use crate::run::watchdog::Watchdog;
use crate::run::watchdog::request::{OperatorRequest, RequestedAction};

/// Carries the request out; returns a sentence on what was done.
///
/// # Errors
/// A sentence on why it was not.
pub(crate) async fn grant(
    watchdog: &mut Watchdog,
    request: &OperatorRequest,
    policies: &Policies,
    session: &Session,
) -> Result<String, String> {
    let who = &request.who;
    let place = &request.place;
    let id = &request.id;
    let (max_lifetime, budget) = match &request.what {
        RequestedAction::End => return watchdog.end_for((place, id), who, &request.why).await,
        RequestedAction::Extend {
            max_lifetime,
            budget,
        } => (*max_lifetime, *budget),
    };
    let cluster = watchdog
        .snapshot(place, id)
        .and_then(|snapshot| snapshot.ours());
    let stack = cluster
        .map(|cluster| cluster.stack.clone())
        .ok_or_else(|| {
            format!("{place} has no cluster {id} that clusterup created and that still runs")
        })?;
    if let Some(account) = place.account() {
        let extend = Command::clusterup("extend").stack_at(&stack, place);
        let extend = extend.args("--by 1h --why").arg(request.why.as_str());
        return Err(format!(
            "the deadline of a cluster of another account can be moved with the credentials of \
             account {account}: {extend}"
        ));
    }
    let choice = TargetChoice::Place(place.clone());
    let extension = Moved {
        stack: &stack,
        id: Some(id),
        max_lifetime,
        by: None,
        budget,
        why: &request.why,
        who,
    };
    let moved = async {
        let target = Target::open(&choice, None, session).await?;
        // Boxed because the future is large.
        Box::pin(under_lease(&extension, policies, &target)).await
    };
    let (_, _, deadline) = moved
        .await
        .map_err(|failure: Failure| failure.in_a_line())?;
    let at = deadline.at.format("%F %H:%M:%S UTC");
    let outcome = format!("ends at {at} ({})", deadline.cause);
    let of = (place, id);
    watchdog.extended_for(of, who, &request.why, &outcome).await;
    Ok(format!("{id} {outcome}"))
}
