//! Spark's master and workers: from their start until they take work, and kept up after that.

use super::{RESTARTS, Supervisor};
use crate::cloud::local::cluster::{Tail, worker};
use crate::diagnose::last_error;
use crate::model::observed::{ClusterState, End, EndReason};
use std::time::Duration;

/// A cluster that does not stand by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

impl Supervisor {
    /// Goes on with the start: the master, then all workers at once, for a worker that finds no
    /// master waits seconds before it tries again.
    pub(super) fn rise(&mut self) -> Result<(), End> {
        if self.cluster.ready_at.is_some() {
            return Ok(());
        }
        self.master.look();
        let Some(address) = self.master.address.clone() else {
            return self.patience(&self.master.log);
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
            Some(late) => self.patience(&late.log),
            None => {
                self.cluster.ready_at = Some(self.clock.now());
                self.cluster.state = ClusterState::Waiting;
                Ok(())
            }
        }
    }

    /// The master must live; workers that died come again, within reason.
    pub(super) fn watch(&mut self) -> Result<(), End> {
        if let Ok(Some(status)) = self.master.child.try_wait() {
            return Err(broken(
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
            if self.restarts > RESTARTS {
                let message = format!("worker {number} ended again and again ({status})");
                return Err(broken(message, &old.log));
            }
            *old = worker(&self.rig, number, &address, self.cluster.spec.worker)?;
        }
        self.reap();
        Ok(())
    }

    fn patience(&self, log: &Tail) -> Result<(), End> {
        if self.begun.elapsed() < PATIENCE {
            return Ok(());
        }
        let message = format!("Spark did not start within {} s", PATIENCE.as_secs());
        Err(broken(message, log))
    }
}

fn broken(what: String, log: &Tail) -> End {
    let message = match last_error(&log.end()) {
        Some(why) => format!("{what}: {why}"),
        None => format!("{what}; see {}", log.path().display()),
    };
    End {
        reason: EndReason::Failure,
        message: message.into(),
    }
}
