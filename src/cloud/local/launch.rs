//! Starts and ends clusters of this machine.

use super::cluster::{Folder, Launch, Order, Request};
use super::layout::Layout;
use super::{Local, bucket};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::desired::{ClusterSpec, JobSpec};
use crate::model::event::Listener;
use crate::model::hex::hex;
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, End, Step};
use crate::model::span::Span;
use chrono::TimeDelta;
use rustix::rand::GetRandomFlags;
use std::time::Duration;

/// How long a supervisor may take to end its cluster. It needs about a second; one that takes
/// longer hangs.
const END_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a cluster still costs after its deadline, which a budget has to leave room for.
pub(super) const ENDING: Span = Span::from_secs(3);

impl Local {
    /// Records the cluster atomically, then starts it: if interrupted in between, a later `apply`
    /// starts it.
    pub(super) async fn create_cluster(
        &self,
        stack: &StackName,
        spec: &ClusterSpec,
        job: Option<&JobSpec>,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let runtime = self.store.runtime(listener).await?;
        let python_path = self
            .store
            .packages(&runtime, &spec.python_packages, listener)
            .await?;
        if let Some(job) = job {
            bucket::clear(&self.layout, stack, job)?;
        }
        let id = fresh_id()?;
        // Clusters are ordered by their creation time, even if the clock was set back.
        let newest = self
            .clusters(stack)?
            .last()
            .map(|cluster| cluster.created_at);
        let earliest = newest.map(|newest| newest + TimeDelta::milliseconds(1));
        let created_at =
            earliest.map_or(self.clock.now(), |earliest| earliest.max(self.clock.now()));
        let cluster = Cluster {
            steps: job
                .into_iter()
                .flat_map(|job| Step::pending(job, 1))
                .collect(),
            attended: false,
            owner: self
                .machine
                .environment
                .get("USER")
                .map(|user| user.as_str().into()),
            ..Cluster::new(id, stack.clone(), spec.clone(), created_at)
        };
        let machine = &self.machine;
        let program = machine.program.clone();
        let environment = machine.environment.clone();
        let launch = Launch::new(program, runtime, python_path, environment);
        let order = Order {
            cluster,
            job: job.cloned(),
            launch,
        };
        Folder::create(&self.layout.stack(stack), &order)?.start()
    }
}

/// Adds another run of a job to a live cluster, with empty folders for its output.
pub(super) fn add_steps(
    layout: &Layout,
    stack: &StackName,
    folder: &Folder,
    job: &JobSpec,
) -> Result<(), CloudError> {
    let latest = folder.read()?.run_of(&job.hash).map_or(0, |run| run.number);
    bucket::clear(layout, stack, job)?;
    let job = job.clone();
    let run = latest + 1;
    send(folder, &Request::AddSteps { job, run })
}

/// Deletes a cluster's folder, after ending a cluster that was started meanwhile.
pub(super) fn delete(folder: &Folder) -> Result<(), CloudError> {
    let mut removed = folder.remove();
    for _ in 0..3 {
        match removed {
            Err(error) if error.class == Class::Busy => {
                terminate(folder, &End::asked("it is deleted"))?;
                removed = folder.remove();
            }
            removed => return removed,
        }
    }
    removed
}

/// Sends a request to a live cluster and waits until it is handled.
pub(super) fn send(folder: &Folder, request: &Request) -> Result<(), CloudError> {
    if folder.request(request)? {
        return Ok(());
    }
    let message = format!("the cluster in {} does not answer", folder.path().display());
    Err(CloudError::new(Class::Failed, message)
        .hint("see its state")
        .hint(Command::clusterup("status --local")))
}

/// Requests the end of a cluster and waits for it; a supervisor that does not answer is killed.
pub(super) fn terminate(folder: &Folder, end: &End) -> Result<(), CloudError> {
    if !folder.is_supervised()? {
        return Ok(());
    }
    if folder.request(&Request::Terminate(end.clone())).is_err() {
        // A full disk has no room for a request. The reason that is recorded is then the signal.
        folder.stop()?;
    }
    if folder.wait_over(END_TIMEOUT)? {
        return Ok(());
    }
    folder.kill()?;
    if folder.wait_over(END_TIMEOUT)? {
        return Ok(());
    }
    let message = format!("the cluster in {} does not end", folder.path().display());
    Err(CloudError::new(Class::Failed, message)
        .hint("see its processes")
        .hint(Command::other("pgrep -fa clusterup")))
}

/// Returns a new random id.
fn fresh_id() -> Result<ClusterId, CloudError> {
    let mut bytes = [0_u8; 4];
    rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty())
        .map_err(std::io::Error::from)
        .during(|| "generate a random id".to_owned())?;
    let hex = hex(&bytes);
    format!("local-{hex}")
        .parse()
        .map_err(|_| CloudError::new(Class::Failed, "cannot name the cluster"))
}
