//! The environment of a cluster's processes: the launch's, and what Spark needs.

use super::folder::Folder;
use super::order::Launch;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::local::runtime::{PASSWORD, secret};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// The variable in which Spark itself passes its secret on, so that no process list shows it.
pub(super) const SECRET: &str = "_SPARK_AUTH_SECRET";

/// Returns the environment of every process of the cluster. Secret and password are new for each
/// cluster: without them, other users of this machine can neither run code through its open ports
/// nor read its pages. They differ, since a password may end up in a browser's history.
pub(super) fn common(
    folder: &Folder,
    launch: &Launch,
) -> Result<BTreeMap<&'static str, OsString>, CloudError> {
    let mut python_path: Vec<PathBuf> = vec![folder.rig().join("pylib")];
    python_path.extend(launch.python_path.clone());
    let python_path = std::env::join_paths(python_path).map_err(|error| {
        CloudError::new(Class::Input, "the path of Python packages holds a colon").caused_by(error)
    })?;
    let tmp = folder.tmp().into_os_string();
    let mut env = BTreeMap::from([
        ("SPARK_HOME", launch.spark_home.clone().into_os_string()),
        ("SPARK_CONF_DIR", launch.conf.clone().into_os_string()),
        ("SPARK_LOCAL_DIRS", tmp.clone()),
        ("TMPDIR", tmp),
        ("SPARK_LOCAL_IP", "127.0.0.1".into()),
        ("SPARK_PUBLIC_DNS", "localhost".into()),
        ("SPARK_SCALA_VERSION", scala_version(launch)?.into()),
        ("PYSPARK_PYTHON", launch.python.clone().into_os_string()),
        ("PYTHONPATH", python_path),
        ("PYTHONHASHSEED", "0".into()),
        (SECRET, secret()?.into()),
        (PASSWORD, secret()?.into()),
    ]);
    if !launch.environment.contains_key("PATH") {
        env.insert("PATH", "/usr/local/bin:/usr/bin:/bin".into());
    }
    Ok(env)
}

/// Returns `2.12` from `jars/spark-core_2.12-3.5.9.jar`. Workers need it to start executors.
fn scala_version(launch: &Launch) -> Result<String, CloudError> {
    let jars = launch.spark_home.join("jars");
    let version = |name: &str| {
        let (version, _) = name.strip_prefix("spark-core_")?.split_once('-')?;
        Some(version.to_owned())
    };
    fs::read_dir(&jars)
        .during(|| format!("read Spark's folder {}", jars.display()))?
        .filter_map(|entry| version(entry.ok()?.file_name().to_str()?))
        .next()
        .ok_or_else(|| CloudError::new(Class::Missing, format!("no Spark in {}", jars.display())))
}
