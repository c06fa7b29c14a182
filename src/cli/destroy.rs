//! `destroy`: ends a stack's clusters and deletes everything else of it but downloaded results.

use super::flags::TargetArgs;
use super::prompt::consent;
use super::verb::{Finished, Verb};
use super::view;
use crate::app::agreement::Proposal;
use crate::app::failure::{Exit, Failure};
use crate::app::given_stack::GivenStack;
use crate::app::interrupt;
use crate::app::origin::{CurrentOrigin, OtherOrigin};
use crate::app::recorded_costs;
use crate::app::reporter::Progress;
use crate::app::session::Session;
use crate::app::target::Target;
use crate::model::action::Action;
use crate::model::hint::{Command, CommandContext};
use crate::model::name::StackName;
use crate::model::observed::{Cluster, Observed};
use crate::model::plan::{Plan, Planned};
use crate::plan;
use crate::run::reconcile::reconcile;
use serde::Serialize;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub(super) struct DestroyArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Answer yes to every question
    #[arg(long, short)]
    pub(super) yes: bool,
}

impl Verb for DestroyArgs {
    fn here(&self) -> CommandContext {
        self.target.here(Some(&self.stack))
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let given = GivenStack::open(&self.stack, &self.target.choice(), session).await?;
        let (stack, target) = (&given.name, &given.target);
        let cloud = &*target.cloud;
        let (plan, _) = destroy_plan(target, stack).await?;
        let here = CurrentOrigin::new(Path::new(&self.stack), &session.environment);
        let elsewhere = here.elsewhere(cloud, stack).await?;
        if let Some(elsewhere) = &elsewhere {
            reporter.say(elsewhere.line());
        }
        let empty = plan.is_empty();
        if empty {
            given.refuse_unknown("destroy").await?;
        }
        let proposal = Proposal {
            plan: &plan,
            target,
            prices: None,
            safeguards: &[],
            elsewhere: elsewhere.as_ref(),
        };
        reporter.text(&view::plan::render(&proposal, reporter.here()));
        if !empty {
            let question = format!("This deletes everything of stack {stack}. Continue?");
            let question = OtherOrigin::before(elsewhere.as_ref(), question);
            if !consent(&question, self.yes, &session.environment)? {
                return Ok(Finished::declined(session));
            }
            let progress = reporter.progress();
            let lease = interrupt::or_stop(cloud.lease(stack, &*progress), STOPPED).await??;
            let destroy = Destroy {
                target,
                stack,
                progress: &*progress,
            };
            let destroyed = interrupt::or_stop(destroy.run(), STOPPED).await;
            let released = lease.release().await;
            destroyed??;
            released?;
            progress.clear();
        }
        if let Some(aws) = cloud.aws() {
            interrupt::or_stop(aws.remove_shared(), STOPPED).await??;
        }
        reporter.text(&format!(
            "stack {stack} is destroyed; downloaded results are kept"
        ));
        if empty {
            reporter.say(&format!(
                "nothing of it existed {}",
                target.place.in_words()
            ));
            reporter.say(&reporter.next(&Command::clusterup("status").target(), 2));
        }
        Ok(Finished::done(DestroyDocument {
            stack: stack.clone(),
            plan,
        }))
    }
}

/// The plan that deletes what exists. An empty plan is checked again after the visibility window:
/// AWS may not list yet what an interrupted apply has just created.
async fn destroy_plan(target: &Target<'_>, stack: &StackName) -> Result<(Plan, Observed), Failure> {
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

struct Destroy<'a> {
    target: &'a Target<'a>,
    stack: &'a StackName,
    progress: &'a dyn Progress,
}

impl Destroy<'_> {
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

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted before everything was deleted",
    "destroy again to continue",
];

/// The first pass deletes; later ones find what was still being created.
const MAX_PASSES: usize = 3;

/// What was deleted.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct DestroyDocument {
    /// The stack.
    stack: StackName,
    /// What was deleted, and why.
    plan: Plan,
}
