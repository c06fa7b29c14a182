//! Follows a job on its cluster until its steps, or the cluster, are over. Watches, and acts on one
//! thing alone: a guard's verdict, where the target has nobody who does.

use crate::cloud::{Cloud, CloudError};
use crate::guard::{self, Verdict};
use crate::model::action::Action;
use crate::model::address::without_password;
use crate::model::clock::Clock;
use crate::model::event::{Event, Listener};
use crate::model::name::{JobHash, StackName};
use crate::model::observed::{Cluster, ClusterState, End, Step, StepState};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What following came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Each step of the job ended well.
    Completed,
    /// A step failed, or did not run because one before it failed.
    Failed,
    /// The cluster ended under the job.
    Cut,
    /// There is no such job on any cluster.
    Absent,
}

/// How often whoever follows a cluster says so, at the least.
const BEAT: Duration = Duration::from_secs(300);

/// What has been told already, so that each thing is told once.
#[derive(Default)]
struct Reported {
    /// When the target was last told that somebody follows.
    renewed: Option<Instant>,
    cluster: Option<ClusterState>,
    steps: BTreeMap<usize, StepState>,
}

/// Follows `job` of `stack`, telling each change of state and Spark's own progress between them.
///
/// # Errors
/// What the cloud said no with.
pub async fn follow(
    cloud: &dyn Cloud,
    clock: &dyn Clock,
    stack: &StackName,
    job: &JobHash,
    listener: &dyn Listener,
) -> Result<Outcome, CloudError> {
    let mut told = Reported::default();
    for looks in 0.. {
        let clusters = cloud.watch(stack).await?;
        let Some(cluster) = newest(&clusters, job) else {
            return Ok(Outcome::Absent);
        };
        // What was over before anybody looked is no news.
        if let Some(outcome) =
            outcome(cluster, job).filter(|_| looks == 0 && cluster.state.is_over())
        {
            return Ok(outcome);
        }
        told.tell(cluster, job, listener);
        if let Some(outcome) = outcome(cluster, job) {
            return Ok(outcome);
        }
        told.renew(cloud, stack, cluster, listener).await;
        guard(cloud, clock, stack, cluster, listener).await?;
        tell_progress(cloud, cluster, job, listener).await;
        tokio::time::sleep(cloud.pause(looks)).await;
    }
    Ok(Outcome::Absent)
}

/// Ends a cluster that may live no longer, where the target has nobody who does.
pub(super) async fn guard(
    cloud: &dyn Cloud,
    clock: &dyn Clock,
    stack: &StackName,
    cluster: &Cluster,
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    if cloud.guards_itself() || !cluster.state.is_live() {
        return Ok(());
    }
    let now = clock.now();
    // Somebody follows it: we do, whether or not the target could be told.
    let followed = Cluster {
        renewed_at: Some(now),
        ..cluster.clone()
    };
    let Verdict::Terminate { reason, message } = guard::sweep(now, &followed) else {
        return Ok(());
    };
    let message = message.into();
    let action = Action::TerminateCluster(cluster.id.clone(), End { reason, message });
    cloud.apply(stack, &action, listener).await
}

/// The newest cluster that has the job.
pub fn newest<'a>(clusters: &'a [Cluster], job: &JobHash) -> Option<&'a Cluster> {
    clusters
        .iter()
        .rev()
        .find(|cluster| cluster.run_of(job).is_some())
}

/// How the job ended on this cluster; none while it goes on.
pub fn outcome(cluster: &Cluster, job: &JobHash) -> Option<Outcome> {
    let steps: Vec<&Step> = cluster.steps_of(job).collect();
    let any = |state: StepState| steps.iter().any(|step| step.state == state);
    let over = steps.iter().all(|step| step.state.is_over());
    if !over {
        return cluster.state.is_over().then_some(Outcome::Cut);
    }
    if any(StepState::Interrupted) || (any(StepState::Cancelled) && !any(StepState::Failed)) {
        // The reason stands on the cluster, which says it when it is over.
        return cluster.state.is_over().then_some(Outcome::Cut);
    }
    Some(if any(StepState::Failed) {
        Outcome::Failed
    } else {
        Outcome::Completed
    })
}

/// Says that somebody follows a cluster: its lease begins anew, and `status` can tell. What cannot
/// be said now is said at the next look.
///
/// # Errors
/// What the cloud said no with.
pub async fn renew(
    cloud: &dyn Cloud,
    stack: &StackName,
    cluster: &Cluster,
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    let leased = cluster.guardrails().lease.is_some();
    if !cluster.state.is_live() || (cloud.guards_itself() && !leased) {
        return Ok(());
    }
    let action = Action::RenewLease(cluster.id.clone());
    cloud.apply(stack, &action, listener).await
}

/// Says that its follower leaves a cluster on purpose. A lease begins then.
///
/// # Errors
/// What the cloud said no with.
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
    cloud.unfollow(stack, &cluster.id).await
}

impl Reported {
    async fn renew(
        &mut self,
        cloud: &dyn Cloud,
        stack: &StackName,
        cluster: &Cluster,
        listener: &dyn Listener,
    ) {
        let lease = cluster.guardrails().lease;
        let every = lease.map_or(BEAT, |lease| {
            BEAT.min(Duration::from_secs(lease.as_secs() / 4))
        });
        if self.renewed.is_none_or(|at| at.elapsed() >= every)
            && renew(cloud, stack, cluster, listener).await.is_ok()
        {
            self.renewed = Some(Instant::now());
        }
    }

    /// What led to what comes first: a cluster lives before its steps run, and ends after them.
    fn tell(&mut self, cluster: &Cluster, job: &JobHash, listener: &dyn Listener) {
        if cluster.state.is_live() {
            self.tell_cluster(cluster, listener);
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
        }
        self.tell_cluster(cluster, listener);
    }

    fn tell_cluster(&mut self, cluster: &Cluster, listener: &dyn Listener) {
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

async fn tell_progress(
    cloud: &dyn Cloud,
    cluster: &Cluster,
    job: &JobHash,
    listener: &dyn Listener,
) {
    let running = cluster
        .steps_of(job)
        .find(|step| step.state == StepState::Running);
    let waiting = |what: String| {
        listener.on_event(&Event::Progress {
            what,
            done: 0,
            total: 0,
        });
    };
    let Some(step) = running else {
        return waiting(format!("cluster {} is getting ready", cluster.id));
    };
    let progress = match step.ui.as_deref() {
        Some(ui) => cloud
            .progress(ui)
            .await
            .map(|progress| (without_password(ui), progress)),
        None => None,
    };
    match progress {
        Some((ui, progress)) if progress.tasks > 0 => {
            listener.on_event(&Event::Spark {
                name: step.name.clone(),
                ui,
                progress,
            });
        }
        Some(_) | None => waiting(format!("step {} is running", step.name)),
    }
}
