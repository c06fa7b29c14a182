//! One attempt to make a plan true. The loop belongs to the caller.

use crate::cloud::{Cloud, CloudError};
use crate::model::event::{Event, Listener};
use crate::model::plan::Plan;

/// Makes the actions of a plan true, in order, and stops at the first that fails: the next plan
/// begins with what is then there.
///
/// # Errors
/// What the cloud said no with.
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
