//! Deletes everything of a stack but its downloaded results.

use super::failure::{Exit, Failure};
use super::interrupt;
use super::recorded_costs;
use super::reporter::Progress;
use super::target::Target;
use crate::model::action::Action;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::observed::{Cluster, Observed};
use crate::model::plan::{Plan, Planned};
use crate::plan;
use crate::run::reconcile::reconcile;

/// The message after Ctrl-C, and how to continue.
pub(crate) const STOPPED: [&str; 2] = [
    "interrupted before everything was deleted",
    "destroy again to continue",
];

/// The first pass deletes; later ones find what was still being created.
const MAX_PASSES: usize = 3;

/// The plan that deletes what exists. An empty plan is checked again after the visibility window:
/// AWS may not list yet what an interrupted apply has just created.
pub(crate) async fn destroy_plan(
    target: &Target<'_>,
    stack: &StackName,
) -> Result<(Plan, Observed), Failure> {
    let (plan, observed) = current_plan(target, stack).await?;
    if !plan.is_empty() || target.cloud.lag().is_zero() {
        return Ok((plan, observed));
    }
    later_plan(target, stack).await
}

/// The plan after the visibility window.
async fn later_plan(target: &Target<'_>, stack: &StackName) -> Result<(Plan, Observed), Failure> {
    tokio::time::sleep(target.cloud.lag()).await;
    current_plan(target, stack).await
}

async fn current_plan(target: &Target<'_>, stack: &StackName) -> Result<(Plan, Observed), Failure> {
    let observed = target.cloud.inventory(stack).await?;
    Ok((plan::destroy(stack, &observed), observed))
}

/// A stack that is to be deleted, and where it is.
pub(crate) struct Destroy<'a> {
    pub(crate) target: &'a Target<'a>,
    pub(crate) stack: &'a StackName,
    pub(crate) progress: &'a dyn Progress,
}

impl Destroy<'_> {
    /// Deletes what exists, under the stack's lease.
    pub(crate) async fn under_lease(&self) -> Result<(), Failure> {
        let lease = self.target.cloud.lease(self.stack, self.progress);
        let lease = interrupt::or_stop(lease, STOPPED).await??;
        let destroyed = interrupt::or_stop(self.run(), STOPPED).await;
        let released = lease.release().await;
        destroyed??;
        Ok(released?)
    }

    /// Deletes what exists. The lease keeps others from adding to it; what an ending cluster still
    /// creates is deleted by the next pass.
    async fn run(&self) -> Result<(), Failure> {
        let (mut plan, mut observed) = destroy_plan(self.target, self.stack).await?;
        for _ in 0..MAX_PASSES {
            if plan.is_empty() {
                return Ok(());
            }
            self.pass(plan, observed).await?;
            (plan, observed) = later_plan(self.target, self.stack).await?;
        }
        if plan.is_empty() {
            return Ok(());
        }
        let stack = self.stack;
        Err(
            Failure::new(Exit::Failed, format!("stack {stack} still has resources"))
                .hint("see what is left")
                .hint(Command::clusterup("status").stack(stack)),
        )
    }

    /// Applies the plan. Costs are recorded after clusters have ended and before their records go.
    async fn pass(&self, mut plan: Plan, observed: Observed) -> Result<(), Failure> {
        let cloud = &*self.target.cloud;
        let deletes_record = |planned: &Planned| matches!(planned.action, Action::DeleteCluster(_));
        if let Some(first) = plan.actions.iter().position(deletes_record) {
            let deletions = plan.actions.split_off(first);
            reconcile(cloud, &plan, self.progress).await?;
            self.note(observed.clusters).await;
            plan.actions = deletions;
        }
        Ok(reconcile(cloud, &plan, self.progress).await?)
    }

    /// Records what clusters have cost; those that the pass has ended are read again.
    async fn note(&self, mut clusters: Vec<Cluster>) {
        if clusters.iter().any(|cluster| !cluster.state.is_over()) {
            clusters = match self.target.cloud.watch(self.stack).await {
                Ok(clusters) => clusters,
                // A missing cost record must not stop the deletion.
                Err(error) => {
                    return self.target.session.reporter.say(&format!(
                        "warning: could not record what this cost: {error}"
                    ));
                }
            };
        }
        recorded_costs::note(&clusters, self.target).await;
    }
}
