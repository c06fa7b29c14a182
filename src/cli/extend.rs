//! `extend`: moves a deadline of a living cluster, on every rung, and records who, when and why.

use super::admission::purse::{Asked, Purse};
use super::args::TargetArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::interrupt;
use super::policies::{PoliciesArgs, Read};
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::view::progress::Progress;
use super::view::words::{long, wrap};
use crate::guard::{self, Deadline, Refused};
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::extension::Extension;
use crate::model::money::Usd;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use crate::model::span::Span;
use crate::policy::Ask;
use crate::run::clock::SystemClock;
use chrono::{DurationRound, TimeDelta};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct ExtendArgs {
    /// A stack's file or name
    stack: String,
    #[command(flatten)]
    target: TargetArgs,
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
    let fields = json!({
        "stack": stack,
        "cluster": cluster.id,
        "extension": extension,
        "deadline": deadline,
    });
    screen.document("extend", 0, fields);
    Ok(Exit::Done)
}

/// A deadline to be moved.
pub(super) struct Moved<'a> {
    pub(super) stack: &'a StackName,
    /// Of this cluster and no other, where one is meant.
    pub(super) id: Option<&'a ClusterId>,
    pub(super) max_lifetime: Option<Span>,
    /// So much longer than now.
    pub(super) by: Option<Span>,
    pub(super) budget: Option<Usd>,
    pub(super) why: &'a str,
    pub(super) who: &'a str,
}

/// Moves it, with the stack held meanwhile.
pub(super) async fn held(
    wanted: &Moved<'_>,
    read: &Read,
    target: &Target,
    context: &Context,
    screen: &Screen,
) -> Result<(Cluster, Extension, Deadline), Failure> {
    let progress = Progress::new(screen);
    let asking = Asking {
        wanted,
        read,
        target,
        context,
        screen,
    };
    let lease = target.cloud.lease(wanted.stack, &progress);
    let lease = interrupt::or_stop(lease, STOPPED).await??;
    let moved = interrupt::or_stop(asking.extend(&progress), STOPPED);
    let moved = moved.await;
    let released = lease.release().await;
    let moved = moved??;
    released?;
    progress.clear();
    Ok(moved)
}

struct Asking<'a> {
    wanted: &'a Moved<'a>,
    read: &'a Read,
    target: &'a Target,
    context: &'a Context,
    screen: &'a Screen,
}

impl Asking<'_> {
    async fn extend(
        &self,
        progress: &Progress<'_>,
    ) -> Result<(Cluster, Extension, Deadline), Failure> {
        let (wanted, target) = (self.wanted, self.target);
        let stack = wanted.stack;
        let observed = target.cloud.observe(stack, None).await?;
        let meant = |cluster: &&Cluster| wanted.id.is_none_or(|id| cluster.id == *id);
        let Some(cluster) = observed.live().filter(meant) else {
            let flag = target.flag();
            let message = format!("stack {stack} has no living cluster");
            return Err(Failure::input(message).hint(format!(
                "see what became of it: clusterup status {stack}{flag}"
            )));
        };
        let now = SystemClock.now();
        let by = |by: Span| {
            let most = cluster.guardrails().max_lifetime.as_secs();
            Span::from_secs(most.saturating_add(by.as_secs()))
        };
        let extension = Extension {
            at: now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now),
            max_lifetime: wanted.max_lifetime.or(wanted.by.map(by)),
            budget: wanted.budget,
            by: wanted.who.to_owned(),
            why: wanted.why.to_owned(),
        };
        let deadline =
            guard::extended(cluster, &extension).map_err(|refused| told(refused, stack))?;
        self.ask(cluster, &extension).await?;
        let action = Action::ExtendCluster(cluster.id.clone(), extension.clone());
        target.cloud.apply(stack, &action, progress).await?;
        Ok((cluster.clone(), extension, deadline))
    }

    /// Asks policies, and sets aside what the extension may cost.
    async fn ask(&self, cluster: &Cluster, extension: &Extension) -> Result<(), Failure> {
        let whose = (&cluster.stack, cluster.spec.team.as_ref());
        let purse = Purse::open(self.read, whose, self.target, self.context, self.screen).await?;
        purse.refuse(&self.read.policies.extended(cluster, extension))?;
        purse
            .reserve(match Ask::extended(cluster, extension) {
                Some(ask) => Asked::Money {
                    cluster: Some(cluster.id.clone()),
                    ask: Box::new(ask),
                    overridden: cluster.spec.overridden.clone(),
                },
                None => Asked::Unpriced,
            })
            .await
    }
}

fn told(refused: Refused, stack: &StackName) -> Failure {
    let (exit, message, next) = match refused {
        Refused::Input { message, next } => (Exit::Input, message, next),
        Refused::Ceiling { message, next } => (Exit::Refused, message, next),
    };
    Failure::new(exit, message).hint(next.replace("STACK", stack.as_str()))
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
