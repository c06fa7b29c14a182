//! The cluster's state, which any process reads and its supervisor writes, and requests to the
//! supervisor.

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
    /// Returns the cluster as its supervisor last wrote it. If the supervisor was killed, the
    /// cluster is returned as ended.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    pub fn read(&self) -> Result<Cluster, CloudError> {
        // The lock is checked first: a supervisor that ends in between has written its final status
        // by then.
        let is_supervised = self.is_supervised()?;
        if is_supervised {
            self.drain();
        }
        if !self.was_started() {
            let mut cluster = self.order()?.cluster;
            cluster.attended = is_supervised;
            return Ok(cluster);
        }
        if is_supervised {
            read(&self.status())
        } else {
            self.final_state()
        }
    }

    /// The state of a cluster without a supervisor: the status if that is final, else the cluster
    /// as lost.
    fn final_state(&self) -> Result<Cluster, CloudError> {
        // A status that a power cut damaged is treated as lost.
        let cluster = read(&self.status()).or_else(|_| self.order().map(|order| order.cluster))?;
        if cluster.state.is_over() {
            return Ok(cluster);
        }
        let written = fs::metadata(self.status()).and_then(|data| data.modified());
        let at = written.during(|| format!("read {}", self.path().display()))?;
        Ok(lost(cluster, at.into()))
    }

    /// Called by a new supervisor. If an earlier supervisor ran the cluster, writes its final state
    /// and returns true: a cluster is never started twice.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read or written.
    pub fn finalize(&self) -> Result<bool, CloudError> {
        if self.was_started() {
            self.write(&self.final_state()?)?;
        }
        Ok(self.was_started())
    }

    fn status(&self) -> PathBuf {
        self.path().join("status.json")
    }

    /// Whether a supervisor ever ran the cluster.
    pub fn was_started(&self) -> bool {
        self.status().exists()
    }

    /// Whether a supervisor is alive.
    ///
    /// # Errors
    /// Returns an error if the lock cannot be checked.
    pub fn is_supervised(&self) -> Result<bool, CloudError> {
        ClusterLock::is_held(&self.lock())
    }

    /// Replaces the status. Only for the supervisor.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be written.
    pub fn write(&self, cluster: &Cluster) -> Result<(), CloudError> {
        let draft = self.path().join(".status.json");
        write(&draft, cluster)?;
        let path = self.status();
        fs::rename(&draft, &path).during(|| format!("write {}", path.display()))
    }

    /// Writes a request and waits up to three seconds for the supervisor to handle it. Returns
    /// false if it is still there: the supervisor does not answer or is gone.
    ///
    /// # Errors
    /// Returns an error if the request cannot be written or the lock cannot be checked.
    pub fn request(&self, request: &Request) -> Result<bool, CloudError> {
        let file = spool::put(&self.requests(), request)?;
        for _ in 0..300 {
            if !file.exists() {
                return Ok(true);
            }
            if !self.is_supervised()? {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(!file.exists())
    }

    /// Returns the requests that are not handled yet. Only for the supervisor.
    ///
    /// # Errors
    /// Returns an error if the spool cannot be read.
    pub fn spooled(&self) -> Result<Vec<Result<Spooled, CloudError>>, CloudError> {
        spool::all(&self.requests())
    }

    /// Sends the supervisor SIGTERM, for when a full disk has no room for a request.
    ///
    /// # Errors
    /// Returns an error if the holder of the lock is unknown or cannot be signalled.
    pub fn stop(&self) -> Result<(), CloudError> {
        ClusterLock::signal_holder(&self.lock(), Signal::TERM)
    }

    /// Kills the supervisor; its cluster dies with it.
    ///
    /// # Errors
    /// Returns an error if the holder of the lock is unknown or cannot be killed.
    pub fn kill(&self) -> Result<(), CloudError> {
        ClusterLock::kill_holder(&self.lock())
    }

    /// Waits up to half a second until the supervisor has handled pending requests, so that their
    /// effect shows.
    fn drain(&self) {
        for _ in 0..50 {
            if self.spooled().is_ok_and(|requests| requests.is_empty()) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The cluster of a killed supervisor: its processes died with it, at `at` at the latest.
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
