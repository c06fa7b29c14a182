//! A tunnel to the pages of a cluster: ssh, or sessions of Session Manager, forward ports of this
//! machine to the primary.

use crate::app::failure::{Exit, Failure};
use crate::cli::{session_manager, ssh};
use crate::cloud::loopback::free_port;
use crate::cloud::yarn::{self, MANAGER_PORT, PROXY_PORT, RunningApplication};
use crate::cloud::{Login, Shell};
use crate::model::hint::Command as Advised;
use crate::model::shown::line;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a tunnel may take until a page answers.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// The processes of a tunnel, which end with it, and its ports on this machine.
pub(super) struct Tunnel {
    children: Vec<Child>,
    manager: u16,
    proxy: u16,
}

impl Tunnel {
    /// Opens a tunnel; `port` is the one for Spark's pages, or any if it is `None`.
    pub(super) fn open(login: &Login, port: Option<u16>) -> Result<Self, Failure> {
        let (manager, proxy) = (free_port(None)?, free_port(port)?);
        let ports = [[manager, MANAGER_PORT], [proxy, PROXY_PORT]];
        let children = match login {
            Login::Ssh(shell) => vec![over_ssh(shell, ports)?],
            Login::Session {
                cluster,
                instance,
                host,
                region,
            } => {
                let host = host.as_deref().ok_or_else(|| {
                    let message = format!("cluster {cluster} has no address yet");
                    Failure::new(Exit::Failed, message).hint("try again in a minute")
                })?;
                let forward = |ports| {
                    let command = session_manager::forward(instance, region, host, ports)?;
                    spawn(command).map_err(|error| session_manager::no_cli(&error))
                };
                ports
                    .into_iter()
                    .map(forward)
                    .collect::<Result<_, Failure>>()?
            }
        };
        Ok(Self {
            children,
            manager,
            proxy,
        })
    }

    /// Waits until YARN answers through the tunnel, and returns the applications that run.
    pub(super) async fn applications(&mut self) -> Result<Vec<RunningApplication>, Failure> {
        let begun = Instant::now();
        loop {
            if let Some(running) = yarn::running(self.manager).await {
                return Ok(running);
            }
            let why = match self.ended() {
                Some(status) => format!("the tunnel ended: {status}"),
                None if begun.elapsed() > START_TIMEOUT => {
                    "YARN on the primary does not answer through the tunnel".to_owned()
                }
                None => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                    continue;
                }
            };
            return Err(Failure::new(Exit::Failed, why)
                .hint("see whether you can log in")
                .hint(Advised::clusterup("ssh").this_stack()));
        }
    }

    /// The address of an application's pages on this machine.
    pub(super) fn address(&self, application: &RunningApplication) -> String {
        let Self { proxy, .. } = self;
        format!(
            "http://127.0.0.1:{proxy}/proxy/{}/",
            line(&application.id, 80)
        )
    }

    /// Returns when one of the processes ends.
    pub(super) async fn wait(&mut self) {
        while self.ended().is_none() {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// How a process of the tunnel ended; `None` while all run.
    fn ended(&mut self) -> Option<ExitStatus> {
        let mut children = self.children.iter_mut();
        children.find_map(|child| child.try_wait().ok()?)
    }
}

fn over_ssh(shell: &Shell, ports: [[u16; 2]; 2]) -> Result<Child, Failure> {
    let mut command = ssh::command(shell);
    // Without a shell; and if a port cannot be forwarded, without a tunnel.
    command.args(["-N", "-o", "ExitOnForwardFailure=yes"]);
    for [local, remote] in ports {
        // By the primary's own name: YARN's pages do not listen on its loopback address.
        let forward = format!("127.0.0.1:{local}:{}:{remote}", shell.host);
        command.args(["-L", &forward]);
    }
    spawn(command).map_err(|error| ssh::no_program(&error))
}

/// Starts a program of a tunnel. It may ask on the terminal, and prints to standard error.
fn spawn(mut command: std::process::Command) -> std::io::Result<Child> {
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    Command::from(command).kill_on_drop(true).spawn()
}
