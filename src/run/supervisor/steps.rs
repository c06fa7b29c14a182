//! Runs steps in order, one at a time. A step that fails cancels the later steps of its job.

use super::Supervisor;
use crate::cloud::local::cluster::{Tail, spark_ui, submit};
use crate::cloud::{FolderLogs, step_folder};
use crate::diagnose::search::{Search, Subject};
use crate::diagnose::stuck::{LogTimes, StuckWatch, Surroundings};
use crate::diagnose::{Asked, diagnose};
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::diagnosis::Diagnosis;
use crate::model::evidence::Evidence;
use crate::model::observed::{Cluster, ClusterState, End, Step, StepState};
use crate::model::stuck::{OnStuck, Stuck};
use std::collections::VecDeque;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

/// The driver process of the running step.
pub(super) struct Driver {
    pub(super) child: Child,
    index: usize,
    spec: StepSpec,
    stderr: Tail,
    watch: StuckWatch,
    on_stuck: OnStuck,
}

/// A pending step.
struct Queued {
    /// Its index among the cluster's steps.
    index: usize,
    spec: StepSpec,
    on_stuck: OnStuck,
}

/// Pending steps.
#[derive(Default)]
pub(super) struct Queue(VecDeque<Queued>);

impl Queue {
    /// Adds run `run` of a job, unless the cluster has it already.
    pub(super) fn add(&mut self, cluster: &mut Cluster, job: &JobSpec, run: u32) {
        if cluster
            .run_of(&job.hash)
            .is_some_and(|latest| latest.number >= run)
        {
            return;
        }
        let first = cluster.steps.len();
        cluster.steps.extend(Step::pending(job, run));
        self.enqueue(first, job);
    }

    /// Queues the job that the cluster was created with, whose steps are recorded already.
    pub(super) fn queue_first(&mut self, job: &JobSpec) {
        self.enqueue(0, job);
    }

    fn enqueue(&mut self, first: usize, job: &JobSpec) {
        let steps = (first..).zip(job.steps.iter().cloned());
        self.0.extend(steps.map(|(index, spec)| Queued {
            index,
            spec,
            on_stuck: job.on_stuck,
        }));
    }

    /// Drops steps that are no longer pending.
    fn prune(&mut self, steps: &[Step]) {
        let pending = |index: usize| {
            steps
                .get(index)
                .is_some_and(|s| s.state == StepState::Pending)
        };
        self.0.retain(|queued| pending(queued.index));
    }
}

impl Supervisor {
    pub(super) fn steps(&mut self) -> Result<(), End> {
        if self.cluster.ready_at.is_none() {
            return Ok(());
        }
        self.follow()?;
        if self.driver.is_none() {
            self.next()?;
        }
        self.cluster.state = match self.driver {
            Some(_) => ClusterState::Running,
            None => ClusterState::Waiting,
        };
        Ok(())
    }

    /// Reads what the driver has logged. An error ends the cluster, since the step hangs.
    fn follow(&mut self) -> Result<(), End> {
        let Some(driver) = &mut self.driver else {
            return Ok(());
        };
        let lines = driver.stderr.new_lines();
        let ui = lines
            .iter()
            .rev()
            .find_map(|line| spark_ui(line))
            .map(|port| self.rig.page(port));
        let exit = driver.child.try_wait();
        let lines = lines.iter().map(String::as_str);
        driver.watch.read(lines, self.clock.now());
        if let Some(step) = self.cluster.steps.get_mut(driver.index) {
            step.ui = ui.or(step.ui.take());
        }
        if let Ok(Some(status)) = exit
            && let Some(driver) = self.driver.take()
        {
            self.finish_step(&driver, status);
            return Ok(());
        }
        self.find_stuck()
    }

    /// Records how the running step hangs now, and ends the cluster for it if its job asks for that.
    fn find_stuck(&mut self) -> Result<(), End> {
        let Some(driver) = &mut self.driver else {
            return Ok(());
        };
        let Some(step) = self.cluster.steps.get_mut(driver.index) else {
            return Ok(());
        };
        let asked = Asked {
            step: Some(&driver.spec),
            ..Asked::default()
        };
        let found = driver.watch.stuck(asked, Surroundings::default());
        let found = found
            .into_iter()
            .map(|stuck| stuck.decided(driver.on_stuck));
        Stuck::update(&mut step.stuck, found.collect());
        let end = step.stuck.iter().find_map(|stuck| stuck.end(&step.name));
        end.map_or(Ok(()), Err)
    }

    fn finish_step(&mut self, driver: &Driver, status: ExitStatus) {
        let ended_at = self.clock.now();
        let diagnosis = (!status.success()).then(|| self.diagnose(driver, status));
        let Some(step) = self.cluster.steps.get_mut(driver.index) else {
            return;
        };
        step.ended_at = Some(ended_at);
        step.ui = None;
        if status.success() {
            step.state = StepState::Completed;
            step.stuck.clear();
            return;
        }
        step.state = StepState::Failed;
        let cause = diagnosis.as_ref().filter(|found| found.is_known());
        step.failure = Some(match cause {
            Some(found) => found.cause.to_string(),
            None => format!("it ended with {status}"),
        });
        step.diagnosis = diagnosis;
        if step.may_fail {
            return;
        }
        let job = step.job.clone();
        let run = step.run;
        for later in &mut self.cluster.steps {
            if later.state == StepState::Pending && later.job == job && later.run == run {
                later.state = StepState::Cancelled;
            }
        }
        self.queue.prune(&self.cluster.steps);
    }

    /// Finds out why a step failed, from the logs in the cluster's folder.
    fn diagnose(&self, driver: &Driver, status: ExitStatus) -> Diagnosis {
        let folder = step_folder(driver.index + 1, driver.spec.name.as_str());
        let code = || status.signal().map(|signal| 128 + signal);
        let logs = FolderLogs::list(&self.folder.logs());
        let evidence = logs.map_or_else(
            |_| Evidence::default(),
            |logs| {
                let mut search = Search::new(Subject::Step(folder), logs.names());
                logs.serve(&mut search);
                search.evidence(Vec::new())
            },
        );
        let evidence = Evidence {
            exit: status.code().or_else(code),
            ..evidence
        };
        let asked = Asked {
            step: Some(&driver.spec),
            ..Asked::default()
        };
        diagnose(&evidence, asked)
    }

    fn next(&mut self) -> Result<(), End> {
        let Some(address) = &self.master.address else {
            return Ok(());
        };
        let Some(queued) = self.queue.0.pop_front() else {
            return Ok(());
        };
        let Queued {
            index,
            spec,
            on_stuck,
        } = queued;
        let logs = self.folder.step_logs(index, &spec.name);
        let child = submit(&self.rig, address, &spec, index)?;
        let now = self.clock.now();
        let name = format!(
            "steps/{}/stderr",
            step_folder(index + 1, spec.name.as_str())
        );
        self.driver = Some(Driver {
            child,
            index,
            spec,
            stderr: Tail::new(logs.join("stderr")),
            watch: StuckWatch::new(name, now, LogTimes::Live),
            on_stuck,
        });
        if let Some(step) = self.cluster.steps.get_mut(index) {
            step.state = StepState::Running;
            step.started_at = Some(now);
        }
        Ok(())
    }
}
