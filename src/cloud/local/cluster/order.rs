//! The order: all that a cluster's supervisor gets when it starts.

use crate::cloud::local::runtime::Runtime;
use crate::model::desired::JobSpec;
use crate::model::observed::Cluster;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// All that a supervisor gets when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The cluster as it was created.
    pub cluster: Cluster,
    /// The job that the cluster was created with.
    pub job: Option<JobSpec>,
    /// Where everything is that the cluster runs on.
    pub launch: Launch,
}

/// The paths and the environment that a cluster runs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The `clusterup` executable, for its hidden verbs `supervise` and `leash`.
    pub program: PathBuf,
    /// The Python executable.
    pub python: PathBuf,
    /// The folder of Java.
    pub java_home: PathBuf,
    /// The folder of Spark.
    pub spark_home: PathBuf,
    /// The empty folder of Spark's configuration, first on every class path.
    pub conf: PathBuf,
    /// The folder of the job's Python packages, if it has any.
    pub python_path: Option<PathBuf>,
    /// The environment of the cluster, without the variables that Spark itself needs. As on EMR,
    /// nothing else comes from the user's shell.
    pub environment: BTreeMap<String, String>,
    /// The options of the JVMs.
    pub java_options: JavaOptions,
}

/// Options of the JVMs. `spark.driver.extraJavaOptions` and `spark.executor.extraJavaOptions` of a
/// step replace those of driver and executors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JavaOptions {
    /// For master and workers.
    pub daemon: Vec<String>,
    /// For drivers.
    pub driver: Vec<String>,
    /// For executors.
    pub executor: Vec<String>,
}

impl Launch {
    /// The launch on an installed runtime, with an environment that was reduced before.
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
    /// Options for many short-lived JVMs on one small computer: the serial collector, the fast
    /// compiler, classes from the archive.
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
