//! `extend`: raises a running cluster's lifetime or budget in every safeguard, and records who,
//! when and why.

use super::admission::services::CliServices;
use super::args::TargetArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::interrupt;
use super::policies::{LoadedPolicies, PoliciesArgs};
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::unknown_stack;
use super::view::progress::Progress;
use super::view::words::{long, wrap};
use crate::app::OperationError;
use crate::app::extend::{self, Moved};
use crate::guard::Deadline;
use crate::guard::Refused;
use crate::model::clock::Clock;
use crate::model::extension::Extension;
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::name::StackName;
use crate::model::observed::Cluster;
use crate::model::span::Span;
use crate::run::clock::SystemClock;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct ExtendArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// New lifetime of the cluster from its start, such as 4h
    #[arg(long, value_name = "SPAN", required_unless_present_any = ["by", "budget"])]
    max_lifetime: Option<Span>,
    /// Extend the current lifetime by this much, such as 1h
    #[arg(long, value_name = "SPAN", conflicts_with = "max_lifetime")]
    by: Option<Span>,
    /// New budget of the cluster in total, such as '$5'
    #[arg(long, value_name = "DOLLARS")]
    budget: Option<Usd>,
    /// The reason, which is recorded with the cluster
    #[arg(long)]
    why: String,
}

const STOPPED: [&str; 2] = [
    "interrupted while the deadline was being moved",
    "extend again moves it in every safeguard; status shows where it is",
];

pub(super) async fn run(
    args: &ExtendArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let (stack, region) = stack_file::name(&args.stack)?;
    let target = Target::open(&args.target, region.as_ref(), context).await?;
    let policies = args.policies.read_for(Some(&args.stack), context, screen);
    let read = policies.await?;
    let request = Moved {
        stack: &stack,
        id: None,
        max_lifetime: args.max_lifetime,
        by: args.by,
        budget: args.budget,
        why: &args.why,
        who: &context.who,
    };
    let (cluster, extension, deadline) =
        extend_under_lease(&request, &read, &target, context, screen).await?;
    let left = long(deadline.at - SystemClock.now());
    let at = deadline.at.format("%F %H:%M:%S UTC");
    screen.text(&format!(
        "cluster {}: {}",
        cluster.id,
        words(&cluster, &extension)
    ));
    screen.text(&format!("  {} ends it in {left}, at {at}", deadline.cause));
    if target.costs() {
        screen.text("  the primary node reads it within a minute; status shows when it has");
    }
    let fields = json!({
        "stack": stack,
        "cluster": cluster.id,
        "extension": extension,
        "deadline": deadline,
    });
    screen.document("extend", 0, fields);
    Ok(Exit::Done)
}

/// Moves the deadline under the stack's lease.
pub(super) async fn extend_under_lease(
    request: &Moved<'_>,
    read: &LoadedPolicies,
    target: &Target,
    context: &Context,
    screen: &Screen,
) -> Result<(Cluster, Extension, Deadline), Failure> {
    let progress = Progress::new(screen);
    let services = CliServices { context, screen };
    let lease = target.cloud.lease(request.stack, &progress);
    let lease = interrupt::or_stop(lease, STOPPED).await??;
    let place = target.place_of_clusters();
    let moved = extend::extend(request, &read.policies, place, &services, &progress);
    let moved = interrupt::or_stop(moved, STOPPED).await;
    let released = lease.release().await;
    let moved = match moved? {
        Err(OperationError::NoCluster(stack)) if request.id.is_none() => {
            let observed = target.cloud.observe(&stack, None).await?;
            let is_known =
                !observed.is_empty() || unknown_stack::existed(&stack, target, context, screen);
            if !is_known {
                return Err(unknown_stack::failure("status", &stack, target).await);
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

/// What changed, from what to what.
fn words(cluster: &Cluster, extension: &Extension) -> String {
    let now = cluster.guardrails();
    let lifetime = extension.max_lifetime;
    let lifetime = lifetime.map(|to| format!("max_lifetime ({} -> {to})", now.max_lifetime));
    let budget = extension.budget.zip(now.budget);
    let budget = budget.map(|(to, now)| format!("budget ({now} -> {to})"));
    let moved: Vec<String> = lifetime.into_iter().chain(budget).collect();
    wrap(&moved.join(", "), 2)
}
