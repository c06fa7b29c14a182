//! The rig: what the supervisor prepares before Spark starts. Scripts that tie Spark's child
//! processes to their parents, driver configuration, and the environment.

use super::env::{SECRET, common};
use super::folder::Folder;
use super::leash::{command, quoted, script};
use super::order::Launch;
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::local::runtime::{NAME, PASSWORD, class_path};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Forks the Python workers of an executor, as `pyspark.daemon` does.
const DAEMON: &str = include_str!("daemon.py");

/// A prepared folder, in which Spark can be started.
#[derive(Debug)]
pub struct Rig {
    /// The cluster's folder.
    pub folder: Folder,
    /// What the cluster runs on.
    pub launch: Launch,
    pub(super) env: BTreeMap<&'static str, OsString>,
}

impl Rig {
    /// Creates folders and scripts.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be written.
    pub fn prepare(folder: &Folder, launch: &Launch) -> Result<Self, CloudError> {
        let rig = Self {
            folder: folder.clone(),
            launch: launch.clone(),
            env: common(folder, launch)?,
        };
        for path in [
            folder.tmp(),
            folder.daemon_logs(),
            folder.rig().join("pylib"),
            rig.executor_java_home().join("bin"),
        ] {
            fs::create_dir_all(&path).during(|| format!("make {}", path.display()))?;
        }
        rig.write("pylib/clusterup_daemon.py", DAEMON.as_bytes())?;
        rig.write("python", &driver_script(launch))?;
        let java = script(launch, b"", &launch.java_home.join("bin/java"));
        rig.write("java/bin/java", &java)?;
        // Drivers read the secret from a properties file, since other users can read a command
        // line.
        let secret = rig.env.get(SECRET).cloned().unwrap_or_default();
        let line = format!("spark.authenticate.secret {}\n", secret.display());
        rig.write("driver.conf", line.as_bytes())?;
        Ok(rig)
    }

    /// The script that starts the Python of drivers.
    pub(super) fn driver_python(&self) -> PathBuf {
        self.folder.rig().join("python")
    }

    /// The properties file of drivers, which keeps the secret off the command line.
    pub(super) fn driver_conf(&self) -> PathBuf {
        self.folder.rig().join("driver.conf")
    }

    /// The URL of a page of Spark's, with name and password.
    pub fn page(&self, port: u16) -> String {
        let password = self.env.get(PASSWORD).cloned().unwrap_or_default();
        format!("http://{NAME}:{}@127.0.0.1:{port}", password.display())
    }

    /// The folder of the executors' Java, which workers take from `JAVA_HOME`.
    pub(super) fn executor_java_home(&self) -> PathBuf {
        self.folder.rig().join("java")
    }

    /// A JVM with Spark on its class path, not started yet.
    pub(super) fn java(&self) -> Command {
        let mut command = command(&self.launch, &self.launch.java_home.join("bin/java"));
        let mut tmp = OsString::from("-Djava.io.tmpdir=");
        tmp.push(self.folder.tmp());
        command
            .envs(&self.env)
            .arg(tmp)
            .arg("-cp")
            .arg(class_path(&self.launch.conf, &self.launch.spark_home));
        command
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), CloudError> {
        let path = self.folder.rig().join(name);
        let doing = || format!("write {}", path.display());
        fs::write(&path, content).during(doing)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).during(doing)
    }
}

/// The script that starts the Python of drivers. Spark puts a zip of PySpark's sources first on the
/// path, which is never compiled ahead; without it a driver starts half a second faster, from the
/// same package in its folder. A Python that the job brings keeps the zip.
///
/// Spark merges Python's standard error into its output; the script separates it.
fn driver_script(launch: &Launch) -> Vec<u8> {
    let zip = launch.spark_home.join("python/lib/pyspark.zip:");
    let zip = quoted(zip.as_os_str());
    let parts: [&[u8]; 6] = [
        b"exec 2>>\"$CLUSTERUP_STDERR\"\n",
        b"if [ -n \"$CLUSTERUP_PYTHON\" ]; then exec ",
        &quoted(launch.program.as_os_str()),
        b" leash \"$PPID\" -- \"$CLUSTERUP_PYTHON\" \"$@\"; fi\nPYTHONPATH=${PYTHONPATH#",
        &zip,
        b"}\nexport PYTHONPATH\n",
    ];
    script(launch, &parts.concat(), &launch.python)
}

/// Starts a command without input. Its output is appended to these files.
pub(super) fn spawn(command: &mut Command, out: &Path, err: &Path) -> Result<Child, CloudError> {
    let open = |path: &Path| {
        File::options()
            .create(true)
            .append(true)
            .open(path)
            .during(|| format!("open {}", path.display()))
    };
    command
        .stdin(Stdio::null())
        .stdout(open(out)?)
        .stderr(open(err)?)
        .spawn()
        .during(|| "start a process".to_owned())
}
