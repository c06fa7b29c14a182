//! The cluster's folder: what is where, and who may write it.
//!
//! ```text
//! order.json        written once, by whoever asks for the cluster
//! status.json       written by the supervisor alone, replaced whole
//! requests/         the spool
//! watchdog          when a watchdog means to end it, and why
//! supervisor.lock   held by the living supervisor;  supervisor.log  what it says
//! logs/steps/01-NAME/{stdout,stderr}
//! logs/daemons/{master,worker-1,…}.log
//! logs/executors/node-1/APP/EXECUTOR/{stdout,stderr}
//! rig/  tmp/        scripts and scratch; gone when the cluster is
//! ```

use super::json::{read, write};
use super::lock::ClusterLock;
use super::order::Order;
use crate::cloud::error::{Class, CloudError, IoContext, is_full};
use crate::model::name::StepName;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Records a cluster in `root/clusters/ID`: all of it appears at once, or nothing.
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

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn order(&self) -> Result<Order, CloudError> {
        read(&self.0.join("order.json"))
    }

    pub fn lock(&self) -> PathBuf {
        self.0.join("supervisor.lock")
    }

    /// Forgets a cluster whose supervisor is gone. Gone already is success.
    pub fn remove(&self) -> Result<(), CloudError> {
        if !self.0.exists() {
            return Ok(());
        }
        // Held until it is gone: a supervisor that is just starting must not begin on the rest.
        let Some(_held) = ClusterLock::take_nameless(&self.lock())? else {
            let message = format!("the cluster in {} is still alive", self.0.display());
            return Err(CloudError::new(Class::Busy, message).hint("run the same again"));
        };
        // What is large goes while the cluster is still known, the rest in one step: killed in
        // the midst of it, it is a cluster that is over, or none, but never half of one.
        let saying = || format!("remove {}", self.0.display());
        let logs = self.0.join("logs");
        for large in [logs, self.tmp(), self.rig()] {
            if large.exists() {
                fs::remove_dir_all(&large).during(saying)?;
            }
        }
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let draft = self.0.with_file_name(format!(".{name}.gone"));
        match fs::rename(&self.0, &draft) {
            // No room for another name: what says that there was a cluster goes last.
            Err(error) if is_full(error.kind()) => {
                let order = self.0.join("order.json");
                for entry in fs::read_dir(&self.0).during(saying)? {
                    let path = entry.during(saying)?.path();
                    if path.is_dir() {
                        fs::remove_dir_all(&path).during(saying)?;
                    } else if path != order {
                        fs::remove_file(&path).during(saying)?;
                    }
                }
                fs::remove_dir_all(&self.0).during(saying)
            }
            renamed => {
                renamed.during(saying)?;
                fs::remove_dir_all(&draft).during(saying)
            }
        }
    }

    /// Removes what only a living cluster needs.
    pub fn tidy(&self) {
        // Best effort: what cannot be removed now goes when the cluster is forgotten.
        let _ = fs::remove_dir_all(self.tmp());
        let _ = fs::remove_dir_all(self.rig());
    }

    /// Where a step prints to; `index` counts all steps of the cluster from 0.
    pub fn step_logs(&self, index: usize, name: &StepName) -> PathBuf {
        let folder = crate::cloud::step_folder(index + 1, name.as_str());
        self.0.join("logs/steps").join(folder)
    }

    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    pub fn daemon_logs(&self) -> PathBuf {
        self.0.join("logs/daemons")
    }

    /// The executors of one worker, counted from 1: a folder for each application and executor.
    pub fn executor_logs(&self, worker: u16) -> PathBuf {
        self.0.join(format!("logs/executors/node-{worker}"))
    }

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
