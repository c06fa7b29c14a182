//! Spark's master and workers: how they are started and what they say of themselves.

use super::rig::{Rig, spawn};
use super::tail::{Tail, service_port};
use crate::cloud::error::CloudError;
use crate::cloud::local::runtime::FILTER;
use crate::model::desired::Worker as Size;
use std::ffi::OsString;
use std::process::{Child, Command};

#[derive(Debug)]
pub struct Master {
    pub child: Child,
    pub log: Tail,
    /// `spark://…`, once it takes calls.
    pub address: Option<String>,
}

#[derive(Debug)]
pub struct Worker {
    pub child: Child,
    pub log: Tail,
    /// Whether the master knows it.
    pub registered: bool,
}

impl Master {
    /// Reads on in the log.
    pub fn look(&mut self) {
        for line in self.log.fresh() {
            if let Some(port) = service_port(&line, "sparkMaster") {
                self.address = Some(format!("spark://127.0.0.1:{port}"));
            }
        }
    }
}

impl Worker {
    pub fn look(&mut self) {
        let lines = self.log.fresh();
        self.registered |= lines
            .iter()
            .any(|line| line.contains("Successfully registered with master"));
    }
}

/// Starts the master on free ports of the loopback interface.
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
    // A worker that comes again adds to the log of the one before.
    while !log.fresh().is_empty() {}
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
