//! Begins and ends clusters of this machine.

use super::cluster::{Folder, Launch, Order, Request};
use super::place::Place;
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

/// An orderly end takes about a second; a supervisor that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same, with room to spare, as a budget has to leave it.
pub(super) const ENDING: Span = Span::from_secs(3);

impl Local {
    /// Records the cluster whole, then begins it: cut off in between, a later run begins it.
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
            bucket::clear(&self.place, stack, job)?;
        }
        let id = fresh_id()?;
        // Clusters are told apart by their birth, also where the clock has gone back.
        let newest = self
            .clusters(stack)?
            .last()
            .map(|cluster| cluster.created_at);
        let after = newest.map(|newest| newest + TimeDelta::milliseconds(1));
        let born = after.map_or(self.clock.now(), |after| after.max(self.clock.now()));
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
            ..Cluster::new(id, stack.clone(), spec.clone(), born)
        };
        let machine = &self.machine;
        let (program, environment) = (machine.program.clone(), machine.environment.clone());
        let launch = Launch::new(program, runtime, python_path, environment);
        let order = Order {
            cluster,
            job: job.cloned(),
            launch,
        };
        Folder::create(&self.place.stack(stack), &order)?.start()
    }
}

/// Gives a living cluster another run of a job, into folders that no earlier run wrote to.
pub(super) fn add_steps(
    place: &Place,
    stack: &StackName,
    folder: &Folder,
    job: &JobSpec,
) -> Result<(), CloudError> {
    let latest = folder.read()?.run_of(&job.hash).map_or(0, |run| run.number);
    bucket::clear(place, stack, job)?;
    let (job, run) = (job.clone(), latest + 1);
    ask(folder, &Request::AddSteps { job, run })
}

/// Forgets a cluster, ending one that has begun in the meantime.
pub(super) fn delete(folder: &Folder) -> Result<(), CloudError> {
    let mut removed = folder.remove();
    for _ in 0..3 {
        match removed {
            Err(error) if error.class == Class::Busy => {
                terminate(folder, &End::asked("it is forgotten"))?;
                removed = folder.remove();
            }
            removed => return removed,
        }
    }
    removed
}

/// Asks a living cluster for something and sees that it is taken up.
pub(super) fn ask(folder: &Folder, request: &Request) -> Result<(), CloudError> {
    if folder.request(request)? {
        return Ok(());
    }
    let message = format!("the cluster in {} does not answer", folder.path().display());
    Err(CloudError::new(Class::Failed, message)
        .hint("see what became of it")
        .hint(Command::clusterup("status --local")))
}

/// Asks for the end and waits for it; one that does not answer is ended by force.
pub(super) fn terminate(folder: &Folder, end: &End) -> Result<(), CloudError> {
    if !folder.held()? {
        return Ok(());
    }
    if folder.request(&Request::Terminate(end.clone())).is_err() {
        // There is no room for a request. Why it ended is then what a signal says.
        folder.stop()?;
    }
    if folder.wait_over(PATIENCE)? {
        return Ok(());
    }
    folder.kill_hard()?;
    if folder.wait_over(PATIENCE)? {
        return Ok(());
    }
    let message = format!("the cluster in {} does not end", folder.path().display());
    Err(CloudError::new(Class::Failed, message)
        .hint("see its processes")
        .hint(Command::other("pgrep -fa clusterup")))
}

/// An id that no other cluster has.
fn fresh_id() -> Result<ClusterId, CloudError> {
    let mut bytes = [0_u8; 4];
    rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty())
        .map_err(std::io::Error::from)
        .during(|| "draw a random id".to_owned())?;
    let hex = hex(&bytes);
    format!("local-{hex}")
        .parse()
        .map_err(|_| CloudError::new(Class::Failed, "cannot name the cluster"))
}
