//! The cluster's folder: its files and who writes them.
//!
//! ```text
//! order.json        written once, by the process that creates the cluster
//! status.json       written by the supervisor alone, replaced whole
//! requests/         the spool
//! diagnoses/{01,start}.json  why steps and the start failed, with the fixes; written by `apply`
//! watchdog          the watchdog's mark: when the cluster will be ended, and why
//! supervisor.lock   held by the live supervisor;  supervisor.log  its output
//! events/01-NAME/…  Spark's event logs, written by the drivers
//! logs/steps/01-NAME/{stdout,stderr}
//! logs/daemons/{master,worker-1,…}.log
//! logs/executors/node-1/APP/EXECUTOR/{stdout,stderr}
//! rig/  tmp/        scripts and scratch; removed when the cluster is over
//! ```

use super::json::{read, write};
use super::lock::ClusterLock;
use super::order::Order;
use crate::cloud::error::{Class, CloudError, IoContext, is_full};
use crate::model::name::StepName;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The folder of one local cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at `path`, which need not exist.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Records a cluster in `root/clusters/ID`, atomically.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be written.
    pub fn create(root: &Path, order: &Order) -> Result<Self, CloudError> {
        let clusters = root.join("clusters");
        let place = clusters.join(order.cluster.id.as_str());
        let draft = clusters.join(format!(".{}.{}", order.cluster.id, std::process::id()));
        let private = |path: &Path| {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .during(|| format!("make {}", path.display()))
        };
        private(&draft.join("requests"))?;
        write(&draft.join("order.json"), order)?;
        fs::rename(&draft, &place).during(|| format!("make {}", place.display()))?;
        Ok(Self(place))
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads `order.json`.
    ///
    /// # Errors
    /// Returns an error if it is missing or invalid.
    pub fn order(&self) -> Result<Order, CloudError> {
        read(&self.0.join("order.json"))
    }

    /// The file of the supervisor's lock.
    pub fn lock(&self) -> PathBuf {
        self.0.join("supervisor.lock")
    }

    /// Removes the folder of a cluster whose supervisor is gone. A missing folder is a success.
    ///
    /// # Errors
    /// Returns an error of class `Busy` if a supervisor is alive, or another if the folder cannot
    /// be removed.
    pub fn remove(&self) -> Result<(), CloudError> {
        if !self.0.exists() {
            return Ok(());
        }
        // Held until the folder is gone: a supervisor that is just starting must not run in a
        // folder that is being removed.
        let Some(_lock) = ClusterLock::take_anonymous(&self.lock())? else {
            let message = format!("the cluster in {} is still alive", self.0.display());
            return Err(CloudError::new(Class::Busy, message).hint("run the command again"));
        };
        // Large folders are removed while the cluster still exists, and the rest in one rename. A
        // process that is killed meanwhile leaves a cluster that is over, or none, but never half
        // of one.
        let doing = || format!("remove {}", self.0.display());
        let logs = self.0.join("logs");
        for large in [logs, self.events(), self.tmp(), self.rig()] {
            if large.exists() {
                fs::remove_dir_all(&large).during(doing)?;
            }
        }
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let draft = self.0.with_file_name(format!(".{name}.gone"));
        match fs::rename(&self.0, &draft) {
            // A full disk has no room for the rename. The order, which says that there was a
            // cluster, is removed last.
            Err(error) if is_full(error.kind()) => {
                let order = self.0.join("order.json");
                for entry in fs::read_dir(&self.0).during(doing)? {
                    let path = entry.during(doing)?.path();
                    if path.is_dir() {
                        fs::remove_dir_all(&path).during(doing)?;
                    } else if path != order {
                        fs::remove_file(&path).during(doing)?;
                    }
                }
                fs::remove_dir_all(&self.0).during(doing)
            }
            renamed => {
                renamed.during(doing)?;
                fs::remove_dir_all(&draft).during(doing)
            }
        }
    }

    /// Removes what only a live cluster needs.
    pub fn tidy(&self) {
        // Best effort: the rest is removed with the folder.
        let _ = fs::remove_dir_all(self.tmp());
        let _ = fs::remove_dir_all(self.rig());
    }

    /// The folder of a step's output; `index` counts all steps of the cluster from 0.
    pub fn step_logs(&self, index: usize, name: &StepName) -> PathBuf {
        let folder = crate::cloud::step_folder(index + 1, name.as_str());
        self.0.join("logs/steps").join(folder)
    }

    /// The folder of a step's event logs.
    pub fn step_events(&self, index: usize, name: &StepName) -> PathBuf {
        let folder = crate::cloud::step_folder(index + 1, name.as_str());
        self.events().join(folder)
    }

    /// The folder of all event logs.
    fn events(&self) -> PathBuf {
        self.0.join("events")
    }

    /// The folder of all logs.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// The folder of the logs of master and workers.
    pub fn daemon_logs(&self) -> PathBuf {
        self.0.join("logs/daemons")
    }

    /// The folder of the executors' logs of one worker, counted from 1: one folder for each
    /// application and executor.
    pub fn executor_logs(&self, worker: u16) -> PathBuf {
        self.0.join(format!("logs/executors/node-{worker}"))
    }

    /// The folder of temporary files.
    pub fn tmp(&self) -> PathBuf {
        self.0.join("tmp")
    }

    pub(super) fn rig(&self) -> PathBuf {
        self.0.join("rig")
    }

    pub(super) fn requests(&self) -> PathBuf {
        self.0.join("requests")
    }
}
