//! The supervisor of one local cluster: a process in a session of its own that plays the part of
//! EMR's control plane. It starts Spark, runs the steps, applies the guards and ends the cluster,
//! whether or not any other process is alive.

mod end;
mod signals;
mod startup;
mod steps;

use crate::cloud::error::{Class, CloudError};
use crate::cloud::local::cluster::{
    ClusterLock, Folder, Master, Order, Request, Rig, Worker, adopt_orphans, master, reap_orphans,
};
use crate::guard::{Verdict, sweep};
use crate::model::clock::Clock;
use crate::model::observed::{Cluster, ClusterState, End, EndReason, Step};
use crate::model::stack::WhenDone;
use signals::Signals;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use steps::{Driver, Queue};

/// How often requests, logs and guards are checked. The exit of a child process is handled at once.
const TICK: Duration = Duration::from_millis(200);
/// The same while Spark starts, when every log line counts.
const EAGER_TICK: Duration = Duration::from_millis(20);
/// How often workers are restarted, over the life of a cluster.
const MAX_RESTARTS: u32 = 20;

struct Supervisor {
    folder: Folder,
    rig: Rig,
    clock: Arc<dyn Clock>,
    cluster: Cluster,
    /// What `status.json` has.
    written: Option<Cluster>,
    queue: Queue,
    master: Master,
    workers: Vec<Worker>,
    driver: Option<Driver>,
    restarts: u32,
    begun: Instant,
}

/// Runs the cluster in `folder` from its record to its end. Returns at once if another supervisor
/// runs it or ran it. Must run on the process's main thread.
pub async fn supervise(folder: &Path, clock: Arc<dyn Clock>) -> Result<(), CloudError> {
    let folder = Folder::at(folder);
    let order = folder.order()?;
    let Some(_lock) = ClusterLock::take(&folder.lock())? else {
        return Ok(());
    };
    if folder.finalize()? {
        folder.tidy();
        return Ok(());
    }
    // Fails only if this process leads a session already, which is all that is needed.
    let _ = rustix::process::setsid();
    if !adopt_orphans() {
        return Err(CloudError::new(
            Class::Missing,
            "the local target needs Linux",
        ));
    }
    let mut signals = Signals::listen()?;
    let cluster = begin(&order);
    folder.write(&cluster)?;
    let (cluster, driver, end) =
        match Supervisor::new(&folder, &order, cluster.clone(), clock.clone()) {
            Ok(mut supervisor) => {
                let end = supervisor.run(&mut signals).await;
                let driver = supervisor.driver.map(|driver| driver.child);
                (supervisor.cluster, driver, end)
            }
            Err(error) => (cluster, None, error.into()),
        };
    end::end(&folder, cluster, driver, end, clock.as_ref())
}

fn begin(order: &Order) -> Cluster {
    let mut cluster = order.cluster.clone();
    cluster.state = ClusterState::Starting;
    cluster.attended = true;
    cluster
}

impl Supervisor {
    fn new(
        folder: &Folder,
        order: &Order,
        cluster: Cluster,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CloudError> {
        let mut queue = Queue::default();
        if let Some(job) = &order.job {
            queue.queue_first(job);
        }
        let rig = Rig::prepare(folder, &order.launch)?;
        Ok(Self {
            folder: folder.clone(),
            master: master(&rig)?,
            rig,
            clock,
            cluster,
            written: None,
            queue,
            workers: Vec::new(),
            driver: None,
            restarts: 0,
            begun: Instant::now(),
        })
    }

    async fn run(&mut self, signals: &mut Signals) -> End {
        loop {
            if let Err(end) = self.turn() {
                return end;
            }
            let tick = match self.cluster.ready_at {
                Some(_) => TICK,
                None => EAGER_TICK,
            };
            if let Some(signal) = signals.wait(tick).await {
                return End {
                    reason: EndReason::Lost,
                    message: format!("this machine stopped it ({signal})").into(),
                };
            }
        }
    }

    /// Does everything that is due now. An error ends the cluster.
    fn turn(&mut self) -> Result<(), End> {
        self.start()?;
        self.watch()?;
        let handled = self.requests();
        self.steps()?;
        self.save()?;
        // A request's file is removed only when its effect is in `status.json`.
        for file in handled? {
            let _ = std::fs::remove_file(file);
        }
        self.guard()?;
        self.finish()
    }

    /// Carries out the requests in the spool and returns their files.
    fn requests(&mut self) -> Result<Vec<std::path::PathBuf>, End> {
        let mut files = Vec::new();
        for spooled in self.folder.spooled()? {
            let Ok(spooled) = spooled else { continue };
            files.push(spooled.file);
            match spooled.request {
                Request::AddSteps { job, run } => self.queue.add(&mut self.cluster, &job, run),
                Request::Update(want) => {
                    // The lease starts when it is requested, not when the cluster was created.
                    if want.guardrails.lease.is_some() {
                        self.cluster.renewed_at = Some(self.clock.now());
                    }
                    let spec = &mut self.cluster.spec;
                    spec.guardrails = want.guardrails;
                    spec.team = want.team;
                    spec.tags = want.tags;
                    spec.overridden = want.overridden;
                    spec.budgets = want.budgets;
                }
                Request::Extend(extension) => {
                    let extensions = &mut self.cluster.extensions;
                    if !extensions.contains(&extension) {
                        extensions.push(extension);
                    }
                }
                Request::Renew => self.cluster.renewed_at = Some(self.clock.now()),
                Request::Terminate(end) => return Err(end),
            }
        }
        Ok(files)
    }

    fn guard(&self) -> Result<(), End> {
        match sweep(self.clock.now(), &self.cluster) {
            Verdict::Keep { .. } => Ok(()),
            Verdict::Terminate { reason, message } => {
                let message = message.into();
                Err(End { reason, message })
            }
        }
    }

    /// Ends a cluster with `when_done: terminate` once its steps are over. A cluster that never had
    /// a step is left to the guards.
    fn finish(&self) -> Result<(), End> {
        let steps = &self.cluster.steps;
        let over = !steps.is_empty() && steps.iter().all(|step| step.state.is_over());
        match self.cluster.spec.guardrails.when_done {
            WhenDone::Keep => return Ok(()),
            WhenDone::Terminate if !over => return Ok(()),
            WhenDone::Terminate => {}
        }
        match steps.iter().find(|step| Step::has_failed_job(step)) {
            Some(step) => Err(End {
                reason: EndReason::StepFailed,
                message: format!("step {} failed", step.name).into(),
            }),
            None => Err(End {
                reason: EndReason::StepsCompleted,
                message: "all steps completed".into(),
            }),
        }
    }

    fn save(&mut self) -> Result<(), End> {
        if self.written.as_ref() != Some(&self.cluster) {
            self.folder.write(&self.cluster)?;
            self.written = Some(self.cluster.clone());
        }
        Ok(())
    }

    /// Reaps orphans that exited, except the master, the workers and the driver, whose status is
    /// read elsewhere.
    fn reap(&self) {
        let daemons = self.workers.iter().map(|worker| &worker.child);
        let driver = self.driver.iter().map(|driver| &driver.child);
        let all = daemons.chain(driver).chain([&self.master.child]);
        let ids = all.filter_map(|child| i32::try_from(child.id()).ok());
        reap_orphans(&ids.collect::<BTreeSet<i32>>());
    }
}

impl From<CloudError> for End {
    fn from(error: CloudError) -> Self {
        let message = match &error.source {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        Self {
            reason: EndReason::Failure,
            message: message.into(),
        }
    }
}
