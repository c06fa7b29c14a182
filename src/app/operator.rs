//! What an operator requests of the watchdog, on its page: a cluster's end or a later deadline.

use super::extend::{Moved, under_lease};
use super::failure::Failure;
use super::session::Session;
use super::target::{Target, TargetChoice};
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::span::Span;
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
        let extend = with_limits(extend, max_lifetime, budget);
        return Err(format!(
            "the deadline of a cluster of another account can be moved with the credentials of \
             account {account}: {}",
            extend.arg("--why").arg(request.why.as_str())
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

/// The limits that the operator entered, as flags of `extend`.
fn with_limits(extend: Command, max_lifetime: Option<Span>, budget: Option<Usd>) -> Command {
    let extend = match max_lifetime {
        Some(max_lifetime) => extend.arg("--max-lifetime").arg(max_lifetime.to_string()),
        None => extend,
    };
    match budget {
        Some(budget) => extend.arg("--budget").arg(budget.to_string()),
        None => extend,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_has_the_limits_that_were_entered() {
        let command = |max_lifetime: Option<&str>, budget: Option<&str>| {
            let max_lifetime = max_lifetime.map(|it| it.parse().unwrap());
            let budget = budget.map(|it| it.parse().unwrap());
            with_limits(Command::clusterup("extend"), max_lifetime, budget).to_string()
        };
        let both = command(Some("6h"), Some("$7.50"));
        assert_eq!(both, "clusterup extend --max-lifetime 6h --budget '$7.50'");
        assert_eq!(
            command(Some("6h"), None),
            "clusterup extend --max-lifetime 6h"
        );
        assert_eq!(
            command(None, Some("$8")),
            "clusterup extend --budget '$8.00'"
        );
    }
}
