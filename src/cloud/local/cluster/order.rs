//! What a cluster's supervisor is told before it starts, and all that it is told.

use crate::model::desired::JobSpec;
use crate::model::observed::Cluster;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

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

impl JavaOptions {
    /// What suits many short-lived Java machines on one small computer: the cheap collector, the
    /// quick compiler. Drivers and executors keep the optimizing compiler, for jobs may be long.
    pub fn small() -> Self {
        let list = |options: &[&str]| options.iter().map(|&option| option.to_owned()).collect();
        Self {
            daemon: list(&[
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
            ]),
            driver: list(&["-XX:+UseSerialGC", "-XX:-UsePerfData"]),
            executor: list(&["-XX:+UseSerialGC", "-XX:-UsePerfData"]),
        }
    }
}
