//! Plans the removal of everything of a stack except downloaded results.

use super::check;
use super::diff::{Draft, disarm};
use crate::model::action::Action;
use crate::model::name::StackName;
use crate::model::observed::{End, Observed};
use crate::model::plan::Plan;

/// Ends and removes everything of a stack, dependents first.
pub fn destroy(stack: &StackName, observed: &Observed) -> Plan {
    let mut draft = Draft::default();
    for cluster in observed
        .clusters
        .iter()
        .filter(|cluster| !cluster.state.is_over())
    {
        draft.ask(
            Action::TerminateCluster(cluster.id.clone(), End::asked("its stack was destroyed")),
            "it is alive; a job on it is interrupted",
        );
    }
    disarm(observed, &mut draft);
    for cluster in &observed.clusters {
        draft.ask(Action::DeleteCluster(cluster.id.clone()), "its record");
    }
    if let Some(objects) = &observed.bucket {
        let because = match objects.len() {
            1 => "with 1 object in it".to_owned(),
            count => format!("with {count} objects in it"),
        };
        draft.ask(Action::DeleteBucket, because);
    }
    for group in &observed.security_groups {
        draft.ask(
            Action::DeleteGroup(group.name.clone()),
            "it belongs to the stack",
        );
    }
    for pair in &observed.key_pairs {
        let because = if pair.ours {
            "with its private half"
        } else {
            "it belongs to the stack"
        };
        draft.ask(Action::DeleteKeyPair(pair.name.clone()), because);
    }
    if draft.actions.is_empty() {
        draft.settle(format!("stack {stack}"), "nothing of it exists");
    }
    let plan = draft.into_plan(stack);
    debug_assert_eq!(check::flaws(&plan, observed), [], "a bug in the planner");
    plan
}
