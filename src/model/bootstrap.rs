//! Bootstrap actions: scripts that run on each node before the applications are installed.

use super::name::StepName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// The name of clusterup's own action that ends the cluster at its deadline.
pub const POWER_OFF_ACTION: &str = "power off at the deadline";

/// The name of clusterup's own action that installs a job's Python packages.
pub const PACKAGES_ACTION: &str = "python packages";

/// A bootstrap action of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Bootstrap {
    /// Its name.
    pub name: StepName,
    /// The script.
    pub script: BootstrapScript,
    /// The script's arguments, exactly as they arrive. None is empty.
    pub args: Vec<String>,
}

/// Where a script is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BootstrapScript {
    /// A file on this machine, which is staged.
    Path(PathBuf),
    /// An object in S3, which is used in place.
    S3(String),
}

/// A bootstrap action of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BootstrapSpec {
    /// Its name.
    pub name: StepName,
    /// The script's location, `s3://…`. That of a staged script contains the digest of its content.
    pub script: String,
    /// The script's arguments.
    pub args: Vec<String>,
}

impl fmt::Display for BootstrapScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::S3(location) => f.pad(location),
        }
    }
}
