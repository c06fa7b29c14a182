//! This machine as a cloud: a real Spark standalone cluster, and folders in place of buckets. The
//! state that a cloud would keep lies under one folder; see [`layout`].

mod act;
mod bucket;
pub mod cluster;
mod event_logs;
mod facts;
mod fleet;
mod groups;
pub mod history;
mod kept;
pub mod keys;
mod launch;
pub mod layout;
mod lock;
mod logs;
pub mod machine;
mod maven;
mod observe;
mod origin;
mod packed;
pub mod runtime;
mod teams;

use self::cluster::Folder;
use self::layout::Layout;
use self::runtime::Store;
use super::{AwsAccount, Cloud, DriverLogs, SparkPages};
use crate::cost::catalog::Catalog;
use crate::model::clock::Clock;
use crate::model::event::SparkProgress;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use crate::model::origin::Origin;
use async_trait::async_trait;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The cloud provider of this machine: clusters are processes, buckets are folders.
pub struct Local {
    layout: Layout,
    store: Store,
    machine: Machine,
    prices: Arc<Catalog>,
    clock: Arc<dyn Clock>,
    fleet_memory: fleet::FleetMemory,
    /// The origin to record with the next action.
    applied_from: RefCell<Option<Origin>>,
}

/// What a local cluster gets from this machine.
pub struct Machine {
    /// The `clusterup` executable, which the supervisors run.
    pub program: PathBuf,
    /// The user's home folder, for `~` in paths.
    pub home: Option<PathBuf>,
    /// The environment of a cluster's processes, without the variables that Spark needs.
    pub environment: BTreeMap<String, String>,
}

impl Local {
    /// The target that keeps its state below `root` and its runtime in `store`.
    pub fn new(
        root: PathBuf,
        store: Store,
        machine: Machine,
        prices: Arc<Catalog>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let layout = Layout::new(root);
        Self {
            layout,
            store,
            machine,
            prices,
            clock,
            fleet_memory: fleet::FleetMemory::default(),
            applied_from: RefCell::default(),
        }
    }

    fn folder(&self, stack: &StackName, id: &ClusterId) -> Folder {
        Folder::at(self.layout.cluster(stack, id))
    }
}

impl Cloud for Local {
    /// Observing costs a few milliseconds of a processor, which a job that runs for longer needs itself.
    fn pause(&self, looks: u32) -> Duration {
        Duration::from_millis(match looks {
            0..40 => 250,
            40..60 => 500,
            _ => 1_000,
        })
    }

    /// Each cluster's supervisor acts at once.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    fn ends_clusters_itself(&self) -> bool {
        true
    }

    fn aws(&self) -> Option<&dyn AwsAccount> {
        None
    }

    /// Each cluster's supervisor reads them.
    fn driver_logs(&self) -> Option<&dyn DriverLogs> {
        None
    }

    fn spark_pages(&self) -> Option<&dyn SparkPages> {
        Some(self)
    }
}

#[async_trait(?Send)]
impl SparkPages for Local {
    async fn printed(&self, cluster: &Cluster, number: usize) -> Vec<String> {
        let index = number.checked_sub(1);
        let step = index.and_then(|index| Some((index, cluster.steps.get(index)?)));
        let Some((index, step)) = step else {
            return Vec::new();
        };
        let folder = self.folder(&cluster.stack, &cluster.id);
        let stdout = folder.step_logs(index, &step.name).join("stdout");
        cluster::last_lines(&stdout)
    }

    async fn progress(&self, ui: &str) -> Option<SparkProgress> {
        cluster::progress(ui).await
    }
}
