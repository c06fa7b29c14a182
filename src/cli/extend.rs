//! `extend`: moves a deadline of a living cluster, on every rung, and records who, when and why.

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
    /// How long the cluster may live in all, such as 4h
    #[arg(long, value_name = "SPAN", required_unless_present_any = ["by", "budget"])]
    max_lifetime: Option<Span>,
    /// How much longer than now it may live, such as 1h
    #[arg(long, value_name = "SPAN", conflicts_with = "max_lifetime")]
    by: Option<Span>,
    /// What it may cost in all, such as '$5'
    #[arg(long, value_name = "DOLLARS")]
    budget: Option<Usd>,
    /// Why: it is recorded with the cluster
    #[arg(long)]
    why: String,
}

const STOPPED: [&str; 2] = [
    "interrupted while the deadline was moved",
    "extend again moves it on every rung; status shows where it stands",
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
    let wanted = Moved {
        stack: &stack,
        id: None,
        max_lifetime: args.max_lifetime,
        by: args.by,
        budget: args.budget,
        why: &args.why,
        who: &context.who,
    };
    let (cluster, extension, deadline) = held(&wanted, &read, &target, context, screen).await?;
    let left = long(deadline.at - SystemClock.now());
    let at = deadline.at.format("%F %H:%M:%S UTC");
    screen.text(&format!(
        "cluster {}: {}",
        cluster.id,
        words(&cluster, &extension)
    ));
    screen.text(&format!("  {} ends it in {left}, at {at}", deadline.cause));
    if target.costs() {
        screen
            .text("  its primary reads the new deadline within a minute; status shows when it has");
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

/// Moves it, with the stack held meanwhile.
pub(super) async fn held(
    wanted: &Moved<'_>,
    read: &LoadedPolicies,
    target: &Target,
    context: &Context,
    screen: &Screen,
) -> Result<(Cluster, Extension, Deadline), Failure> {
    let progress = Progress::new(screen);
    let services = CliServices { context, screen };
    let lease = target.cloud.lease(wanted.stack, &progress);
    let lease = interrupt::or_stop(lease, STOPPED).await??;
    let place = target.place_of_clusters();
    let moved = extend::extend(wanted, &read.policies, place, &services, &progress);
    let moved = interrupt::or_stop(moved, STOPPED).await;
    let released = lease.release().await;
    let moved = match moved? {
        Err(OperationError::NoCluster(stack)) if wanted.id.is_none() => {
            let there = target.cloud.observe(&stack, None).await?;
            let is_known =
                !there.is_empty() || unknown_stack::has_been(&stack, target, context, screen);
            if !is_known {
                return Err(unknown_stack::was("status", &stack, target).await);
            }
            Err(OperationError::NoCluster(stack))
        }
        moved => moved,
    };
    let moved = moved.map_err(|trouble| refused(trouble, wanted.stack))?;
    released?;
    progress.clear();
    Ok(moved)
}

fn refused(trouble: OperationError, stack: &StackName) -> Failure {
    let apply = matches!(trouble, OperationError::Deadline(Refused::Ceiling { .. }));
    let failure = Failure::from(trouble);
    if apply {
        failure.hint(Command::clusterup("apply").stack(stack))
    } else {
        failure
    }
}

/// What was moved, from what to what.
fn words(cluster: &Cluster, extension: &Extension) -> String {
    let now = cluster.guardrails();
    let lifetime = extension.max_lifetime;
    let lifetime = lifetime.map(|to| format!("max_lifetime ({} -> {to})", now.max_lifetime));
    let budget = extension.budget.zip(now.budget);
    let budget = budget.map(|(to, now)| format!("budget ({now} -> {to})"));
    let moved: Vec<String> = lifetime.into_iter().chain(budget).collect();
    wrap(&moved.join(", "), 2)
}
