//! `extend`: raises a running cluster's lifetime or budget in every safeguard, and records who,
//! when and why.

use super::flags::{PoliciesArgs, TargetArgs};
use super::verb::{Finished, Verb};
use super::view::words::{long, wrap};
use crate::app::adopt;
use crate::app::diagnosis::cluster_id;
use crate::app::extend::{Moved, under_lease};
use crate::app::failure::Failure;
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::app::target::Target;
use crate::guard::{Cause, Deadline};
use crate::model::clock::Clock;
use crate::model::extension::Extension;
use crate::model::hint::CommandContext;
use crate::model::money::Usd;
use crate::model::name::ClusterId;
use crate::model::name::StackName;
use crate::model::observed::Cluster;
use crate::model::span::Span;
use crate::run::clock::SystemClock;
use chrono::{DurationRound, TimeDelta};
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct ExtendArgs {
    /// A stack's file or name, or the id of an adopted cluster (j-…)
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

impl Verb for ExtendArgs {
    fn here(&self) -> CommandContext {
        self.target.here(Some(&self.stack))
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        if let Some(id) = cluster_id(&self.stack) {
            return self.adopted(&id, session).await;
        }
        let reporter = &session.reporter;
        let given = GivenStack::open(&self.stack, &self.target.choice(), session).await?;
        let (stack, target) = (&given.name, &given.target);
        let place = self.policies.place();
        let read = place.read_for(Some(&self.stack), session).await?;
        let request = Moved {
            stack,
            id: None,
            max_lifetime: self.max_lifetime,
            by: self.by,
            budget: self.budget,
            why: &self.why,
            who: &session.environment.who,
        };
        let (cluster, extension, deadline) = under_lease(&request, &read.policies, target).await?;
        show(&cluster, &extension, deadline, session);
        if target.costs() {
            reporter.text(
                "  the primary node reads it within a minute; status then shows the power-off as \
                 armed",
            );
        }
        let fields = ExtendDocument {
            stack: Some(stack.clone()),
            cluster: cluster.id,
            extension,
            deadline,
        };
        Ok(Finished::done(fields))
    }
}

impl ExtendArgs {
    /// Extends an adopted cluster, which has no stack.
    async fn adopted(&self, id: &ClusterId, session: &Session) -> Result<Finished, Failure> {
        let target = Target::open(&self.target.choice(), None, session).await?;
        let policies = self
            .policies
            .place()
            .read_for(None, session)
            .await?
            .policies;
        let adopted = adopt::account(&target)?.adopted(id).await?;
        let cluster = adopted.ok_or_else(|| adopt::unadopted(id))?.cluster;
        let lifetime = cluster.guardrails().max_lifetime.as_secs();
        let by = |by: Span| Span::from_secs(lifetime.saturating_add(by.as_secs()));
        let now = SystemClock.now();
        let extension = Extension {
            at: now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now),
            max_lifetime: self.max_lifetime.or(self.by.map(by)),
            budget: self.budget,
            by: session.environment.who.as_str().into(),
            why: self.why.as_str().into(),
        };
        let deadline = adopt::extend(&cluster, &extension, &policies, &target).await?;
        show(&cluster, &extension, deadline, session);
        if deadline.cause == Cause::Budget && self.budget.is_none() {
            let reporter = &session.reporter;
            reporter.text("  its budget ends it before its lifetime: raise it with --budget");
        }
        let fields = ExtendDocument {
            stack: None,
            cluster: id.clone(),
            extension,
            deadline,
        };
        Ok(Finished::done(fields))
    }
}

fn show(cluster: &Cluster, extension: &Extension, deadline: Deadline, session: &Session) {
    let left = long(deadline.at - SystemClock.now());
    let at = deadline.at.format("%F %H:%M:%S UTC");
    let changed = words(cluster, extension);
    let reporter = &session.reporter;
    reporter.text(&format!("cluster {}: {changed}", cluster.id));
    reporter.text(&format!("  {} ends it in {left}, at {at}", deadline.cause));
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

/// A deadline that was moved.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ExtendDocument {
    /// The stack; null of an adopted cluster.
    stack: Option<StackName>,
    /// The cluster.
    cluster: ClusterId,
    /// What was moved.
    extension: Extension,
    /// The new deadline.
    deadline: Deadline,
}
