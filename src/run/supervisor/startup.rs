//! Starts Spark's master and workers and restarts workers that exit.

use super::{MAX_RESTARTS, Supervisor};
use crate::cloud::local::cluster::{Tail, worker};
use crate::diagnose::last_error;
use crate::model::observed::{ClusterState, End, EndReason};
use std::time::Duration;

/// A cluster that is not ready by then has failed.
const START_TIMEOUT: Duration = Duration::from_secs(120);

impl Supervisor {
    /// Continues the start: first the master, then all workers at once. A worker that finds no
    /// master waits for seconds before it tries again.
    pub(super) fn start(&mut self) -> Result<(), End> {
        if self.cluster.ready_at.is_some() {
            return Ok(());
        }
        self.master.look();
        let Some(address) = self.master.address.clone() else {
            return self.check_start_timeout(&self.master.log);
        };
        if self.workers.is_empty() {
            for number in 1..=self.cluster.spec.workers {
                let size = self.cluster.spec.worker;
                self.workers
                    .push(worker(&self.rig, number, &address, size)?);
            }
        }
        for worker in &mut self.workers {
            worker.look();
        }
        match self.workers.iter().find(|worker| !worker.registered) {
            Some(late) => self.check_start_timeout(&late.log),
            None => {
                self.cluster.ready_at = Some(self.clock.now());
                self.cluster.state = ClusterState::Waiting;
                Ok(())
            }
        }
    }

    /// Ends the cluster if the master exited; restarts workers that exited, up to a limit.
    pub(super) fn watch(&mut self) -> Result<(), End> {
        if let Ok(Some(status)) = self.master.child.try_wait() {
            return Err(failure(
                format!("Spark's master ended ({status})"),
                &self.master.log,
            ));
        }
        let Some(address) = self.master.address.clone() else {
            return Ok(());
        };
        let mut number = 0;
        for old in &mut self.workers {
            number += 1;
            let Ok(Some(status)) = old.child.try_wait() else {
                continue;
            };
            self.restarts += 1;
            if self.restarts > MAX_RESTARTS {
                let message = format!("worker {number} ended repeatedly ({status})");
                return Err(failure(message, &old.log));
            }
            *old = worker(&self.rig, number, &address, self.cluster.spec.worker)?;
        }
        self.reap();
        Ok(())
    }

    fn check_start_timeout(&self, log: &Tail) -> Result<(), End> {
        if self.begun.elapsed() < START_TIMEOUT {
            return Ok(());
        }
        let message = format!("Spark did not start within {} s", START_TIMEOUT.as_secs());
        Err(failure(message, log))
    }
}

fn failure(what: String, log: &Tail) -> End {
    let message = match last_error(&log.end()) {
        Some(why) => format!("{what}: {why}"),
        None => format!("{what}; see {}", log.path().display()),
    };
    End {
        reason: EndReason::Failure,
        message: message.into(),
    }
}
