//! Follows a job until its steps, or its cluster, are over. Its only actions are renewing the lease
//! and, on a target that does not guard itself, ending the cluster when a guard says so or when a step
//! hangs and the job asks for that.

use super::job_watch::JobWatch;
use super::stuck::{StuckNow, StuckSteps};
use crate::cloud::{Cloud, CloudError};
use crate::guard::{self, Verdict};
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::desired::JobSpec;
use crate::model::event::{Event, Listener};
use crate::model::name::{JobHash, StackName, StepName};
use crate::model::observed::{Cluster, ClusterState, End, Step, StepState};
use crate::model::pace::StepPace;
use crate::model::stuck::Stuck;
use crate::progress::Earlier;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How a followed job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All steps of the job completed.
    Completed,
    /// A step failed. Steps after it did not run.
    Failed,
    /// The cluster ended before the job did.
    Cut,
    /// No cluster has the job.
    Absent,
}

/// The longest time between two renewals of the lease, 5 minutes.
const MAX_RENEWAL_INTERVAL: Duration = Duration::from_secs(300);

/// What has been reported, so that each change is reported once.
#[derive(Default)]
struct Reported {
    /// When the lease was last renewed.
    renewed: Option<Instant>,
    cluster: Option<ClusterState>,
    steps: BTreeMap<usize, StepState>,
    /// How its steps hang, by their indexes in the job, as their records have it.
    stuck: BTreeMap<usize, Vec<Stuck>>,
}

/// What is known of a job that is followed. It outlives a pause, so that nothing is reported twice.
#[derive(Default)]
pub struct Following {
    reported: Reported,
    stuck: StuckSteps,
    watch: JobWatch,
}

impl Following {
    /// Nothing is known yet but what earlier runs say.
    pub fn after(earlier: Earlier) -> Self {
        Self {
            watch: JobWatch::new(earlier),
            ..Self::default()
        }
    }

    /// How fast the steps of the job went that had completed when it was over.
    pub fn paces(&self) -> &BTreeMap<StepName, StepPace> {
        self.watch.paces()
    }
}

/// Follows the clusters of one stack.
#[derive(Clone, Copy)]
pub(super) struct Follower<'a> {
    pub(super) cloud: &'a dyn Cloud,
    pub(super) clock: &'a dyn Clock,
    pub(super) stack: &'a StackName,
    pub(super) listener: &'a dyn Listener,
}

impl Follower<'_> {
    /// Follows a job of the stack. Reports each change of state, and Spark's progress in between.
    pub(super) async fn follow(
        self,
        spec: &JobSpec,
        following: &mut Following,
    ) -> Result<Outcome, CloudError> {
        let job = &spec.hash;
        let Following {
            reported,
            stuck,
            watch,
        } = following;
        for polls in 0.. {
            let clusters = self.cloud.watch(self.stack).await?;
            let Some(cluster) = newest(&clusters, job) else {
                return Ok(Outcome::Absent);
            };
            // A job that was over before the first poll is not reported as news.
            if let Some(outcome) =
                outcome(cluster, job).filter(|_| polls == 0 && cluster.state.is_over())
            {
                return Ok(outcome);
            }
            reported.report(cluster, job, self.listener);
            if let Some(outcome) = outcome(cluster, job) {
                watch.note_paces(cluster, job);
                return Ok(outcome);
            }
            reported.renew(self, cluster).await;
            self.guard(cluster).await?;
            let found = stuck.look(self, cluster, spec).await;
            self.end_stuck(cluster, &found).await?;
            let now = watch.observe(self.cloud, self.clock, cluster, job).await;
            let now = Box::new(now);
            self.listener.on_event(&Event::Job { now });
            tokio::time::sleep(self.cloud.pause(polls)).await;
        }
        Ok(Outcome::Absent)
    }

    /// Ends the cluster if a guard says so and the target does not guard itself.
    pub(super) async fn guard(self, cluster: &Cluster) -> Result<(), CloudError> {
        if self.cloud.ends_clusters_itself() || !cluster.state.is_live() {
            return Ok(());
        }
        let now = self.clock.now();
        // This process follows the cluster, even if the lease could not be renewed.
        let followed = Cluster {
            renewed_at: Some(now),
            ..cluster.clone()
        };
        let Verdict::Terminate { reason, message } = guard::sweep(now, &followed) else {
            return Ok(());
        };
        let message = message.into();
        let action = Action::TerminateCluster(cluster.id.clone(), End { reason, message });
        self.cloud.apply(self.stack, &action, self.listener).await
    }

    /// Reports how steps hang, and ends the cluster for what lasts if the job asks for that.
    async fn end_stuck(self, cluster: &Cluster, found: &StuckNow) -> Result<(), CloudError> {
        let step = |index: &usize| cluster.steps.get(*index);
        for (index, stuck) in &found.new {
            if let Some(step) = step(index) {
                report_stuck(step, stuck, self.listener);
            }
        }
        let mut ends = found.lasting.iter();
        let end = ends.find_map(|(index, stuck)| stuck.end(&step(index)?.name));
        let Some(end) = end else { return Ok(()) };
        let action = Action::TerminateCluster(cluster.id.clone(), end);
        self.cloud.apply(self.stack, &action, self.listener).await
    }

    /// As [`renew`].
    pub(super) async fn renew(self, cluster: &Cluster) -> Result<(), CloudError> {
        renew(self.cloud, self.stack, cluster, self.listener).await
    }
}

/// Returns the newest cluster that has the job.
pub fn newest<'a>(clusters: &'a [Cluster], job: &JobHash) -> Option<&'a Cluster> {
    clusters
        .iter()
        .rev()
        .find(|cluster| cluster.run_of(job).is_some())
}

/// Returns how the job ended on this cluster; `None` while it runs.
pub fn outcome(cluster: &Cluster, job: &JobHash) -> Option<Outcome> {
    let steps: Vec<&Step> = cluster.steps_of(job).collect();
    let any = |state: StepState| steps.iter().any(|step| step.state == state);
    let failed = steps.iter().any(|step| step.has_failed_job());
    let over = steps.iter().all(|step| step.state.is_over());
    if !over {
        return cluster.state.is_over().then_some(Outcome::Cut);
    }
    if any(StepState::Interrupted) || (any(StepState::Cancelled) && !failed) {
        // The cluster's end has the reason; it is complete when the cluster is over.
        return cluster.state.is_over().then_some(Outcome::Cut);
    }
    Some(if failed {
        Outcome::Failed
    } else {
        Outcome::Completed
    })
}

/// Renews the cluster's lease, which also lets `status` report that it is followed. Does nothing if
/// the cluster is not live, or if the target guards itself and the cluster has no lease.
async fn renew(
    cloud: &dyn Cloud,
    stack: &StackName,
    cluster: &Cluster,
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    let leased = cluster.guardrails().lease.is_some();
    if !cluster.state.is_live() || (cloud.ends_clusters_itself() && !leased) {
        return Ok(());
    }
    let action = Action::RenewLease(cluster.id.clone());
    cloud.apply(stack, &action, listener).await
}

/// Records that the follower leaves the cluster on purpose. If the cluster has a lease, it starts
/// now.
///
/// # Errors
/// Returns an error if a call to the cloud fails.
pub async fn leave(
    cloud: &dyn Cloud,
    stack: &StackName,
    cluster: &Cluster,
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    if !cluster.state.is_live() {
        return Ok(());
    }
    if cluster.guardrails().lease.is_some() {
        renew(cloud, stack, cluster, listener).await?;
    }
    match cloud.aws() {
        Some(aws) => aws.stop_following(stack, &cluster.id).await,
        // Its supervisor ends the cluster, followed or not.
        None => Ok(()),
    }
}

impl Reported {
    async fn renew(&mut self, follower: Follower<'_>, cluster: &Cluster) {
        let lease = cluster.guardrails().lease;
        let every = lease.map_or(MAX_RENEWAL_INTERVAL, |lease| {
            MAX_RENEWAL_INTERVAL.min(Duration::from_secs(lease.as_secs() / 4))
        });
        if self.renewed.is_none_or(|at| at.elapsed() >= every)
            && follower.renew(cluster).await.is_ok()
        {
            self.renewed = Some(Instant::now());
        }
    }

    /// Reports in the order of causes: the cluster is live before its steps run, and ends after
    /// them.
    fn report(&mut self, cluster: &Cluster, job: &JobHash, listener: &dyn Listener) {
        if cluster.state.is_live() {
            self.report_cluster(cluster, listener);
        }
        for (index, step) in cluster.steps_of(job).enumerate() {
            let before = self.steps.insert(index, step.state);
            if before != Some(step.state) && step.state != StepState::Pending {
                let name = step.name.clone();
                let failure = step.failure.clone();
                let state = step.state;
                listener.on_event(&Event::Step {
                    name,
                    state,
                    failure,
                });
            }
            let reported = self.stuck.entry(index).or_default();
            for stuck in Stuck::news(reported, step.stuck.clone()) {
                report_stuck(step, &stuck, listener);
            }
        }
        self.report_cluster(cluster, listener);
    }

    fn report_cluster(&mut self, cluster: &Cluster, listener: &dyn Listener) {
        let Cluster { id, state, end, .. } = cluster;
        if self.cluster.replace(*state) != Some(*state) {
            listener.on_event(&Event::Cluster {
                id: id.clone(),
                state: *state,
                end: end.clone(),
            });
        }
    }
}

/// Reports how a step hangs.
fn report_stuck(step: &Step, stuck: &Stuck, listener: &dyn Listener) {
    listener.on_event(&Event::Stuck {
        name: step.name.clone(),
        stuck: Box::new(stuck.clone()),
    });
}
