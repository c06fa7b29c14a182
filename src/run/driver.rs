//! The only loop: observe, plan, one attempt, follow, until the plan is empty.

use super::follow::{self, Outcome};
use super::reconcile::reconcile;
use crate::cloud::{Cloud, CloudError};
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::desired::Desired;
use crate::model::event::{Event, Listener};
use crate::model::facts::Facts;
use crate::model::observed::{Cluster, ClusterState, End, Observed};
use crate::model::plan::{Plan, Planned};
use crate::model::stack::{Stack, WhenDone};
use crate::plan::{self, Options, Refusal};
use std::path::Path;

/// A plan, and what it rests on.
pub struct Prepared {
    pub plan: Plan,
    pub desired: Desired,
    pub observed: Observed,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error("the stack cannot run as it is")]
    Refused(Vec<Refusal>),
    #[error("the plan is not empty after {0} passes")]
    Unsettled(usize),
}

/// Passes that a stack takes to settle: make, bring home, and one that finds nothing to do.
const MOST_PASSES: usize = 8;

/// Looks at a cluster that is awaited, until it is said again that somebody does.
const RENEWED: u32 = 4;

/// Whether an action is one of those that a job leaves to do.
fn is_left(planned: &Planned) -> bool {
    let kind = matches!(
        planned.action,
        Action::BringHome(_)
            | Action::Remember(_)
            | Action::Disarm(_)
            | Action::TerminateCluster(..)
    );
    kind && !planned.asks
}

/// Drives one stack on one cloud.
pub struct Driver<'a> {
    pub cloud: &'a dyn Cloud,
    pub stack: &'a Stack,
    pub facts: &'a Facts,
    pub listener: &'a dyn Listener,
    pub clock: &'a dyn Clock,
}

impl Driver<'_> {
    /// # Errors
    /// What the cloud or the planner said no with.
    pub async fn prepare(&self, options: Options) -> Result<Prepared, Stopped> {
        let create_roles = options.create_roles && self.cloud.lacks_roles().await?;
        let options = Options {
            create_roles,
            ..options
        };
        let home = self
            .stack
            .job
            .as_ref()
            .and_then(|job| job.results.as_deref());
        let observed = self
            .cloud
            .observe(&self.stack.name, home.map(Path::new))
            .await?;
        let (plan, desired) =
            plan::plan(self.stack, self.facts, &observed, options).map_err(Stopped::Refused)?;
        Ok(Prepared {
            plan,
            desired,
            observed,
        })
    }

    /// Makes the plan that was shown true. What has moved since is planned anew by the caller.
    ///
    /// # Errors
    /// What the cloud said no with.
    pub async fn attempt(&self, plan: &Plan) -> Result<(), Stopped> {
        Ok(reconcile(self.cloud, plan, self.listener).await?)
    }

    /// Follows the job, if the stack has one.
    ///
    /// # Errors
    /// What the cloud said no with.
    pub async fn follow(&self, prepared: &Prepared) -> Result<Option<Outcome>, Stopped> {
        let Some(job) = &prepared.desired.job else {
            return Ok(None);
        };
        let name = &self.stack.name;
        let outcome =
            follow::follow(self.cloud, self.clock, name, &job.hash, self.listener).await?;
        // A run that is remembered may have outlived all that is known of its cluster.
        let known = plan::cluster::good_run(job, &prepared.observed).is_some();
        Ok(Some(if known && outcome == Outcome::Absent {
            Outcome::Completed
        } else {
            outcome
        }))
    }

    /// Does what is left after the job, and nothing else: brings its results home, notes that it
    /// ended well, waits for what is ending. What a plan has besides was agreed to by nobody; it
    /// stays in the plan that is given back.
    ///
    /// # Errors
    /// What the cloud said no with, or a plan that does not settle.
    pub async fn settle(&self) -> Result<Prepared, Stopped> {
        for _ in 0..MOST_PASSES {
            let mut prepared = self.prepare(Options::default()).await?;
            let (left, others) = prepared.plan.actions.into_iter().partition(is_left);
            prepared.plan.actions = left;
            if prepared.plan.is_empty() {
                prepared.plan.actions = others;
                return Ok(prepared);
            }
            self.attempt(&prepared.plan).await?;
        }
        Err(Stopped::Unsettled(MOST_PASSES))
    }

    /// Waits until a cluster that is ending, or that lives for work which is over, is over itself.
    ///
    /// # Errors
    /// What the cloud said no with.
    pub async fn ended(&self) -> Result<(), Stopped> {
        for looks in 0.. {
            let clusters = self.cloud.watch(&self.stack.name).await?;
            let ends = self.stack.guardrails.when_done == WhenDone::Terminate;
            let ending = |state: ClusterState| !state.is_over() && (ends || !state.is_live());
            if !clusters.last().is_some_and(|cluster| ending(cluster.state)) {
                return self.disarm(&clusters).await;
            }
            self.guard(clusters.last()).await?;
            let what = "waiting until the cluster has terminated".to_owned();
            self.listener.on_event(&Event::Progress {
                what,
                done: 0,
                total: 0,
            });
            tokio::time::sleep(self.cloud.pause(looks)).await;
        }
        Ok(())
    }

    /// Removes what would have ended clusters that are over.
    async fn disarm(&self, clusters: &[Cluster]) -> Result<(), Stopped> {
        for cluster in clusters.iter().filter(|cluster| cluster.is_left_armed()) {
            let action = Action::Disarm(cluster.id.clone());
            self.cloud
                .apply(&self.stack.name, &action, self.listener)
                .await?;
        }
        Ok(())
    }

    /// Waits until the living cluster takes work; gives it, or the one that it was.
    ///
    /// # Errors
    /// What the cloud said no with.
    pub async fn ready(&self) -> Result<Option<Cluster>, Stopped> {
        for looks in 0.. {
            let clusters = self.cloud.watch(&self.stack.name).await?;
            let live = clusters
                .iter()
                .rev()
                .find(|cluster| cluster.state.is_live());
            if live.is_none_or(|cluster| cluster.ready_at.is_some()) {
                return Ok(live.or(clusters.last()).cloned());
            }
            self.guard(live).await?;
            if let Some(cluster) = live.filter(|_| looks % RENEWED == 0) {
                // What cannot be said now is said at a later look.
                let _ = follow::renew(self.cloud, &self.stack.name, cluster, self.listener).await;
            }
            tokio::time::sleep(self.cloud.pause(looks)).await;
        }
        Ok(None)
    }

    /// Ends a cluster that may live no longer, where nobody else does.
    async fn guard(&self, cluster: Option<&Cluster>) -> Result<(), Stopped> {
        if let Some(cluster) = cluster {
            let name = &self.stack.name;
            follow::guard(self.cloud, self.clock, name, cluster, self.listener).await?;
        }
        Ok(())
    }

    /// Ends the living cluster, if there is one, for this reason.
    ///
    /// # Errors
    /// What the cloud said no with.
    pub async fn terminate(&self, observed: &Observed, end: End) -> Result<(), Stopped> {
        let Some(cluster) = observed.live() else {
            return Ok(());
        };
        let action = Action::TerminateCluster(cluster.id.clone(), end);
        Ok(self
            .cloud
            .apply(&self.stack.name, &action, self.listener)
            .await?)
    }
}
