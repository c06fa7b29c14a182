//! One attempt at a plan. The loop is the caller's.

use crate::cloud::{Cloud, CloudError};
use crate::model::event::{Event, Listener};
use crate::model::plan::Plan;

/// Carries out the actions of a plan, in order. Stops at the first that fails; the next plan starts
/// from what exists then.
///
/// # Errors
/// Returns an error if a call to the cloud fails.
pub async fn reconcile(
    cloud: &dyn Cloud,
    plan: &Plan,
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    for planned in &plan.actions {
        let action = &planned.action;
        listener.on_event(&Event::ActionStarted {
            action: action.clone(),
        });
        cloud.apply(&plan.stack, action, listener).await?;
        listener.on_event(&Event::ActionDone {
            action: action.clone(),
        });
    }
    Ok(())
}
