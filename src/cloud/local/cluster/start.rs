//! Starts a supervisor that outlives the process that starts it, and waits for supervisors.

use super::folder::Folder;
use super::tail::Tail;
use crate::cloud::error::{Class, CloudError, IoContext};
use std::fs::File;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a supervisor may take to write its first status.
const START_TIMEOUT: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

impl Folder {
    /// Starts the supervisor and returns once it has written its first status. If a supervisor runs
    /// the cluster already, or ran it, the second one exits at once, so starting twice does no
    /// harm.
    ///
    /// # Errors
    /// Returns an error if the supervisor cannot be started, or fails to start within 20 seconds.
    pub fn start(&self) -> Result<(), CloudError> {
        let launch = self.order()?.launch;
        let path = self.path().join("supervisor.log");
        let doing = || format!("open {}", path.display());
        let log = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .during(doing)?;
        let mut child = Command::new(&launch.program)
            .arg("supervise")
            .arg(self.path())
            .env_clear()
            .envs(&launch.environment)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .during(|| format!("start {}", launch.program.display()))?;
        let started = Instant::now();
        loop {
            if self.was_started() {
                break;
            }
            let exit = child
                .try_wait()
                .during(|| "wait for the supervisor".to_owned())?;
            if exit.is_some_and(|status| !status.success()) || started.elapsed() > START_TIMEOUT {
                return Err(self.start_failure());
            }
            thread::sleep(POLL_INTERVAL);
        }
        // Reaps the supervisor if it exits before this process.
        thread::spawn(move || child.wait());
        Ok(())
    }

    /// Waits until the cluster is over and its supervisor is gone. Returns false on timeout.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    pub fn wait_over(&self, timeout: Duration) -> Result<bool, CloudError> {
        let started = Instant::now();
        loop {
            if !self.is_supervised()? && self.read()?.state.is_over() {
                return Ok(true);
            }
            if started.elapsed() >= timeout {
                return Ok(false);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    fn start_failure(&self) -> CloudError {
        let path = self.path().join("supervisor.log");
        let log = Tail::new(path.clone()).end();
        let why = log.lines().last().unwrap_or("it wrote no log");
        CloudError::new(
            Class::Failed,
            format!("the supervisor of the local cluster did not start: {why}"),
        )
        .hint(format!("read {}", path.display()))
    }
}
