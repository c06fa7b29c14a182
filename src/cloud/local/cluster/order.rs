//! What a cluster's supervisor is told before it starts, and all that it is told.

use crate::cloud::local::runtime::Runtime;
use crate::model::desired::JobSpec;
use crate::model::observed::Cluster;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The cluster as recorded at its birth.
    pub cluster: Cluster,
    pub job: Option<JobSpec>,
    pub launch: Launch,
}

/// Where everything is that a cluster runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Our own executable, for its hidden verbs `supervise` and `leash`.
    pub program: PathBuf,
    pub python: PathBuf,
    pub java_home: PathBuf,
    pub spark_home: PathBuf,
    /// The empty folder of Spark's configuration, first on every class path.
    pub conf: PathBuf,
    /// A folder of Python packages that the job asked for.
    pub python_path: Option<PathBuf>,
    /// The whole environment of the cluster, but for what Spark itself needs. Nothing else of the
    /// user's shell gets in, as on EMR.
    pub environment: BTreeMap<String, String>,
    pub java_options: JavaOptions,
}

/// Options of the Java machines. Those of driver and executors give way to
/// `spark.driver.extraJavaOptions` and `spark.executor.extraJavaOptions` of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JavaOptions {
    pub daemon: Vec<String>,
    pub driver: Vec<String>,
    pub executor: Vec<String>,
}

impl Launch {
    /// On an installed runtime, with the environment cut down to what a cluster may know.
    pub fn new(
        program: PathBuf,
        runtime: Runtime,
        python_path: Option<PathBuf>,
        environment: BTreeMap<String, String>,
    ) -> Self {
        let java_options = JavaOptions::small(runtime.archive.as_deref());
        let Runtime {
            python,
            java_home,
            spark_home,
            conf,
            ..
        } = runtime;
        Self {
            program,
            python,
            java_home,
            spark_home,
            conf,
            python_path,
            environment,
            java_options,
        }
    }
}

impl JavaOptions {
    /// What suits many short-lived Java machines on one small computer: the cheap collector, the
    /// quick compiler, classes from the archive.
    pub fn small(archive: Option<&Path>) -> Self {
        let archive = archive.map(|path| format!("-XX:SharedArchiveFile={}", path.display()));
        let common = [
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
        ];
        let common: Vec<String> = common
            .map(str::to_owned)
            .into_iter()
            .chain(archive)
            .collect();
        let mut daemon = vec!["-Xmx256m".to_owned()];
        daemon.extend_from_slice(&common);
        Self {
            daemon,
            driver: common.clone(),
            executor: common,
        }
    }
}
