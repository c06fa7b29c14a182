//! Starting a supervisor that outlives whoever starts it, and waiting on one.

use super::folder::Folder;
use super::tail::Tail;
use crate::cloud::error::{Class, CloudError, IoContext};
use std::fs::File;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);

impl Folder {
    /// Starts the supervisor and returns once the cluster is in its hands. Where one is at work
    /// already, or was, the second leaves by itself, so that starting twice is harmless.
    pub fn start(&self) -> Result<(), CloudError> {
        let launch = self.order()?.launch;
        let path = self.path().join("supervisor.log");
        let saying = || format!("open {}", path.display());
        let log = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .during(saying)?;
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
        let begun = Instant::now();
        loop {
            if self.begun() {
                break;
            }
            let exit = child
                .try_wait()
                .during(|| "wait for the supervisor".to_owned())?;
            if exit.is_some_and(|status| !status.success()) || begun.elapsed() > PATIENCE {
                return Err(self.no_start());
            }
            thread::sleep(PAUSE);
        }
        // Reaped when it ends, should this process live that long.
        thread::spawn(move || child.wait());
        Ok(())
    }

    /// Waits until the cluster is over and its supervisor gone. False where that took too long.
    pub fn wait_over(&self, timeout: Duration) -> Result<bool, CloudError> {
        let begun = Instant::now();
        loop {
            if !self.held()? && self.read()?.state.is_over() {
                return Ok(true);
            }
            if begun.elapsed() >= timeout {
                return Ok(false);
            }
            thread::sleep(PAUSE);
        }
    }

    fn no_start(&self) -> CloudError {
        let path = self.path().join("supervisor.log");
        let log = Tail::new(path.clone()).end();
        let why = log.lines().last().unwrap_or("it said nothing");
        CloudError::new(
            Class::Failed,
            format!("the supervisor of the local cluster did not start: {why}"),
        )
        .hint(format!("read {}", path.display()))
    }
}
