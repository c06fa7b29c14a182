//! The apply loop: observe, plan, one attempt, follow the job, until the plan is empty.

use super::follow::{Follower, Following, Outcome};
use super::reconcile::reconcile;
use crate::cloud::{Cloud, CloudError};
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::desired::Desired;
use crate::model::event::Listener;
use crate::model::facts::Facts;
use crate::model::observed::{Cluster, ClusterState, End, Observed};
use crate::model::plan::{Plan, Planned};
use crate::model::stack::{Stack, WhenDone};
use crate::plan::{self, Options, Refusal};
use std::path::Path;

/// A plan, with the states that it was computed from.
pub struct Prepared {
    /// What turns `observed` into `desired`.
    pub plan: Plan,
    /// What the stack asks for, with every choice made.
    pub desired: Desired,
    /// What existed when the plan was made.
    pub observed: Observed,
}

impl Prepared {
    /// Whether the job has succeeded, and nothing is left to do or to wait for.
    pub fn is_over(&self) -> bool {
        let job = self.desired.job.as_ref();
        let has_succeeded =
            job.is_some_and(|job| plan::cluster::good_run(job, &self.observed).is_some());
        let has_ended = |cluster: &Cluster| cluster.state.is_over() && !cluster.is_left_armed();
        let mut clusters = self.observed.clusters.iter();
        self.plan.is_empty() && has_succeeded && clusters.all(has_ended)
    }
}

/// Why a plan could not be made or carried out.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// A call to the cloud failed.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The planner refuses the stack, for each of these reasons.
    #[error("the stack cannot run as it is")]
    Refused(Vec<Refusal>),
    /// The plan is still not empty after this many passes.
    #[error("the plan is not empty after {0} passes")]
    Unsettled(usize),
}

/// How many passes [`Driver::settle`] makes at most. A stack needs three: one that acts, one that
/// downloads results, and one that finds nothing to do.
const MAX_PASSES: usize = 8;

/// While a cluster starts, its lease is renewed on every fourth poll.
const POLLS_PER_RENEWAL: u32 = 4;

/// Whether an action is part of finishing a job, and needs no confirmation.
fn finishes_job(planned: &Planned) -> bool {
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
    /// Where the stack runs.
    pub cloud: &'a dyn Cloud,
    /// The stack, as read from its file.
    pub stack: &'a Stack,
    /// The other inputs of a plan.
    pub facts: &'a Facts,
    /// Who receives events.
    pub listener: &'a dyn Listener,
    /// The time, for the guards.
    pub clock: &'a dyn Clock,
}

impl Driver<'_> {
    /// # Errors
    /// Returns an error if a call to the cloud fails or the planner refuses the stack.
    /// Observes the stack and plans. Changes nothing.
    ///
    pub async fn prepare(&self, options: Options) -> Result<Prepared, Stopped> {
        let create_roles = match self.cloud.aws() {
            Some(aws) if options.create_roles => aws.has_missing_roles().await?,
            Some(_) | None => false,
        };
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

    /// Carries out the plan once. Changes since the plan was made are for the caller's next plan.
    ///
    /// # Errors
    /// Returns an error if a call to the cloud fails.
    pub async fn attempt(&self, plan: &Plan) -> Result<(), Stopped> {
        Ok(reconcile(self.cloud, plan, self.listener).await?)
    }

    /// Follows the stack's job to its end. Returns `None` if the stack has no job.
    ///
    /// # Errors
    /// Returns an error if a call to the cloud fails.
    pub async fn follow(
        &self,
        prepared: &Prepared,
        following: &mut Following,
    ) -> Result<Option<Outcome>, Stopped> {
        let Some(job) = &prepared.desired.job else {
            return Ok(None);
        };
        let outcome = self.follower().follow(job, following).await?;
        // The record of a good run may outlive the record of its cluster.
        let completed = plan::cluster::good_run(job, &prepared.observed).is_some();
        Ok(Some(if completed && outcome == Outcome::Absent {
            Outcome::Completed
        } else {
            outcome
        }))
    }

    /// Finishes the job: downloads its results, records that it ended well, and waits for what is
    /// ending. Nobody has agreed to the plan's other actions; they are not carried out and remain
    /// in the plan that is returned.
    ///
    /// # Errors
    /// Returns an error if a call to the cloud fails, or if the plan is not empty after
    /// [`MAX_PASSES`].
    pub async fn settle(&self) -> Result<Prepared, Stopped> {
        for _ in 0..MAX_PASSES {
            let mut prepared = self.prepare(Options::default()).await?;
            let (own, others) = prepared.plan.actions.into_iter().partition(finishes_job);
            prepared.plan.actions = own;
            if prepared.plan.is_empty() {
                prepared.plan.actions = others;
                return Ok(prepared);
            }
            self.attempt(&prepared.plan).await?;
        }
        Err(Stopped::Unsettled(MAX_PASSES))
    }

    /// Waits until the newest cluster is over, if it is ending or will end after its steps.
    ///
    /// # Errors
    /// Returns an error if a call to the cloud fails.
    pub async fn ended(&self) -> Result<(), Stopped> {
        for polls in 0.. {
            let clusters = self.cloud.watch(&self.stack.name).await?;
            let ends = self.stack.guardrails.when_done == WhenDone::Terminate;
            let ending = |state: ClusterState| !state.is_over() && (ends || !state.is_live());
            if !clusters.last().is_some_and(|cluster| ending(cluster.state)) {
                return self.disarm(&clusters).await;
            }
            self.guard(clusters.last()).await?;
            let what = "waiting until the cluster has terminated".to_owned();
            self.listener.on_wait(what);
            tokio::time::sleep(self.cloud.pause(polls)).await;
        }
        Ok(())
    }

    /// Disarms the safeguards of clusters that are over.
    async fn disarm(&self, clusters: &[Cluster]) -> Result<(), Stopped> {
        for cluster in clusters.iter().filter(|cluster| cluster.is_left_armed()) {
            let action = Action::Disarm(cluster.id.clone());
            self.cloud
                .apply(&self.stack.name, &action, self.listener)
                .await?;
        }
        Ok(())
    }

    /// Waits until the live cluster accepts steps and returns it. If it ends meanwhile, returns it
    /// as it ended; `None` if the stack has no cluster.
    ///
    /// # Errors
    /// Returns an error if a call to the cloud fails.
    pub async fn ready(&self) -> Result<Option<Cluster>, Stopped> {
        for polls in 0.. {
            let clusters = self.cloud.watch(&self.stack.name).await?;
            let live = clusters
                .iter()
                .rev()
                .find(|cluster| cluster.state.is_live());
            if live.is_none_or(|cluster| cluster.ready_at.is_some()) {
                return Ok(live.or(clusters.last()).cloned());
            }
            self.guard(live).await?;
            if let Some(cluster) = live.filter(|_| polls % POLLS_PER_RENEWAL == 0) {
                // A renewal that fails is repeated by a later poll.
                let _ = self.follower().renew(cluster).await;
            }
            tokio::time::sleep(self.cloud.pause(polls)).await;
        }
        Ok(None)
    }

    const fn follower(&self) -> Follower<'_> {
        Follower {
            cloud: self.cloud,
            clock: self.clock,
            stack: &self.stack.name,
            listener: self.listener,
        }
    }

    /// Ends the cluster if a guard says so and the target does not guard itself.
    async fn guard(&self, cluster: Option<&Cluster>) -> Result<(), Stopped> {
        if let Some(cluster) = cluster {
            self.follower().guard(cluster).await?;
        }
        Ok(())
    }

    /// Ends the live cluster, if there is one, for this reason.
    ///
    /// # Errors
    /// Returns an error if a call to the cloud fails.
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
