//! The cluster's state, read by anybody and written by its supervisor, and requests between them.

use super::folder::Folder;
use super::json::{read, write};
use super::lock::ClusterLock;
use super::spool::{self, Request, Spooled};
use crate::cloud::error::{CloudError, IoContext};
use crate::model::observed::{Cluster, ClusterState, End, EndReason};
use chrono::{DateTime, Utc};
use rustix::process::Signal;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

impl Folder {
    /// The cluster as it is now, and as nobody may tell it but its supervisor; where that was
    /// killed, as it must have ended.
    pub fn read(&self) -> Result<Cluster, CloudError> {
        // The lock first: a supervisor that ends in between has written its last word by then.
        let held = self.held()?;
        if held {
            self.drain();
        }
        if !self.begun() {
            let mut cluster = self.order()?.cluster;
            cluster.attended = held;
            return Ok(cluster);
        }
        if held {
            read(&self.status())
        } else {
            self.last()
        }
    }

    /// The cluster as it ended, with no supervisor left: the status where it says so.
    fn last(&self) -> Result<Cluster, CloudError> {
        // A record that a power cut spoilt says as much as that the cluster is no more.
        let cluster = read(&self.status()).or_else(|_| self.order().map(|order| order.cluster))?;
        if cluster.state.is_over() {
            return Ok(cluster);
        }
        let written = fs::metadata(self.status()).and_then(|data| data.modified());
        let at = written.during(|| format!("read {}", self.path().display()))?;
        Ok(lost(cluster, at.into()))
    }

    /// Writes down how the cluster ended under an earlier supervisor, where there was one. For
    /// the supervisor that comes after it: a cluster does not begin twice.
    pub fn settle(&self) -> Result<bool, CloudError> {
        if self.begun() {
            self.write(&self.last()?)?;
        }
        Ok(self.begun())
    }

    fn status(&self) -> PathBuf {
        self.path().join("status.json")
    }

    /// Whether a supervisor ever had the cluster in hand.
    pub fn begun(&self) -> bool {
        self.status().exists()
    }

    /// Whether a supervisor lives.
    pub fn held(&self) -> Result<bool, CloudError> {
        ClusterLock::by_somebody(&self.lock())
    }

    /// Replaces the status. For the supervisor alone.
    pub fn write(&self, cluster: &Cluster) -> Result<(), CloudError> {
        let draft = self.path().join(".status.json");
        write(&draft, cluster)?;
        let place = self.status();
        fs::rename(&draft, &place).during(|| format!("write {}", place.display()))
    }

    /// Leaves a request and waits a moment for the supervisor to take it up. False where it lies
    /// there still: the supervisor does not answer or is gone.
    pub fn request(&self, request: &Request) -> Result<bool, CloudError> {
        let file = spool::put(&self.requests(), request)?;
        for _ in 0..300 {
            if !file.exists() {
                return Ok(true);
            }
            if !self.held()? {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(!file.exists())
    }

    /// Requests that nobody has taken up yet. For the supervisor.
    pub fn spooled(&self) -> Result<Vec<Result<Spooled, CloudError>>, CloudError> {
        spool::all(&self.requests())
    }

    /// Asks a supervisor for the end where no request can be left: on a full disk.
    pub fn stop(&self) -> Result<(), CloudError> {
        ClusterLock::signal_holder(&self.lock(), Signal::TERM)
    }

    /// Kills a supervisor that does not answer; its cluster dies with it.
    pub fn kill_hard(&self) -> Result<(), CloudError> {
        ClusterLock::kill_holder(&self.lock())
    }

    /// Gives the supervisor a moment to take up requests, so that what was asked for is seen.
    fn drain(&self) {
        for _ in 0..50 {
            if self.spooled().is_ok_and(|requests| requests.is_empty()) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A cluster whose supervisor was killed: every process died with it, at the latest then.
fn lost(mut cluster: Cluster, at: DateTime<Utc>) -> Cluster {
    cluster.cut_off(at);
    cluster.state = ClusterState::TerminatedWithErrors;
    cluster.ended_at = Some(at);
    cluster.end.get_or_insert_with(|| End {
        reason: EndReason::Lost,
        message: "its supervisor was killed, or this machine went down".into(),
    });
    cluster
}
