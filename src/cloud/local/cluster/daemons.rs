//! Starts Spark's master and workers, and reads their logs.

use super::rig::{Rig, spawn};
use super::tail::{Tail, service_port};
use crate::cloud::error::CloudError;
use crate::cloud::local::runtime::FILTER;
use crate::model::desired::Worker as Size;
use std::ffi::OsString;
use std::process::{Child, Command};

/// A running Spark master.
#[derive(Debug)]
pub struct Master {
    /// Its process.
    pub child: Child,
    /// Its log.
    pub log: Tail,
    /// `spark://HOST:PORT`, once it accepts connections.
    pub address: Option<String>,
}

/// A running Spark worker.
#[derive(Debug)]
pub struct Worker {
    /// Its process.
    pub child: Child,
    /// Its log.
    pub log: Tail,
    /// Whether the master has registered it.
    pub registered: bool,
}

impl Master {
    /// Reads new lines of the log.
    pub fn look(&mut self) {
        for line in self.log.new_lines() {
            if let Some(port) = service_port(&line, "sparkMaster") {
                self.address = Some(format!("spark://127.0.0.1:{port}"));
            }
        }
    }
}

impl Worker {
    /// Reads new lines of the log.
    pub fn look(&mut self) {
        let lines = self.log.new_lines();
        self.registered |= lines
            .iter()
            .any(|line| line.contains("Successfully registered with master"));
    }
}

/// Starts the master on free ports of the loopback interface.
///
/// # Errors
/// Returns an error if the process cannot be started.
pub fn master(rig: &Rig) -> Result<Master, CloudError> {
    let mut command = daemon(rig, "org.apache.spark.deploy.master.Master");
    let log = rig.folder.daemon_logs().join("master.log");
    Ok(Master {
        child: spawn(&mut command, &log, &log)?,
        log: Tail::new(log),
        address: None,
    })
}

/// Starts worker `number`, counted from 1, of the master at `address`.
///
/// # Errors
/// Returns an error if the process cannot be started.
pub fn worker(rig: &Rig, number: u16, address: &str, size: Size) -> Result<Worker, CloudError> {
    let mut command = daemon(rig, "org.apache.spark.deploy.worker.Worker");
    command
        .args(["--cores", &size.cores.to_string()])
        .args(["--memory", &format!("{}m", size.memory.mib())])
        .arg("--work-dir")
        .arg(rig.folder.executor_logs(number))
        .arg(address)
        .env("JAVA_HOME", rig.executor_java_home());
    let log = rig
        .folder
        .daemon_logs()
        .join(format!("worker-{number}.log"));
    let mut log = Tail::new(log);
    // A restarted worker appends to the log of the one before, whose lines are skipped.
    while !log.new_lines().is_empty() {}
    Ok(Worker {
        child: spawn(&mut command, log.path(), log.path())?,
        log,
        registered: false,
    })
}

fn daemon(rig: &Rig, class: &str) -> Command {
    let options = rig.launch.java_options.daemon.iter().map(OsString::from);
    let mut command = rig.java();
    command
        .args(options)
        .args(["-Dspark.authenticate=true", "-Dspark.ui.killEnabled=false"])
        .arg("-Dspark.master.rest.enabled=false")
        .arg(format!("-Dspark.ui.filters={FILTER}"))
        .arg(class)
        .args(["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]);
    command
}
