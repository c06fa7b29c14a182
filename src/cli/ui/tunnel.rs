//! A tunnel to a port of a cluster's primary: ssh, or a session of Session Manager, forwards a port of
//! this machine's loopback address.

use crate::app::failure::{Exit, Failure};
use crate::cli::{session_manager, ssh};
use crate::cloud::loopback::{free_port, is_open};
use crate::cloud::yarn::{self, MANAGER_PORT, PROXY_PORT, RunningApplication};
use crate::cloud::{Login, Shell};
use crate::model::hint::Command as Advised;
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a tunnel may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// The process of a tunnel, which ends with it.
pub(super) struct Tunnel {
    child: Child,
    /// Whether the process has children of its own, in its process group.
    leads: bool,
    port: u16,
    opened: Instant,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let (true, Some(group)) = (self.leads, id.and_then(Pid::from_raw)) {
            // One that has ended meanwhile needs no signal.
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}

/// The Spark applications that run on a cluster. The tunnel to YARN is closed again: YARN's interface
/// accepts commands of everybody who reaches it.
pub(super) async fn applications(login: &Login) -> Result<Vec<RunningApplication>, Failure> {
    let mut tunnel = Tunnel::open(login, None, MANAGER_PORT)?;
    loop {
        if let Some(running) = yarn::running(tunnel.port).await {
            return Ok(running);
        }
        tunnel.pause("YARN on the primary does not answer").await?;
    }
}

/// A tunnel to the pages of running applications, once it is open; `port` is the one on this machine,
/// or any if it is `None`.
pub(super) async fn to_pages(login: &Login, port: Option<u16>) -> Result<Tunnel, Failure> {
    let mut tunnel = Tunnel::open(login, port, PROXY_PORT)?;
    while !is_open(tunnel.port).await {
        tunnel.pause("the primary does not answer").await?;
    }
    Ok(tunnel)
}

impl Tunnel {
    fn open(login: &Login, port: Option<u16>, remote: u16) -> Result<Self, Failure> {
        let local = free_port(port)?;
        let (child, leads) = match login {
            Login::Ssh(shell) => (over_ssh(shell, [local, remote])?, false),
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
                let mut command =
                    session_manager::forward(instance, region, host, [local, remote])?;
                // The AWS CLI leaves the work to the plugin, which has to end with it.
                command.process_group(0);
                let child = spawn(command).map_err(|error| session_manager::no_cli(&error))?;
                (child, true)
            }
        };
        Ok(Self {
            child,
            leads,
            port: local,
            opened: Instant::now(),
        })
    }

    /// Waits a moment for an answer; an error if that has taken too long.
    async fn pause(&mut self, silent: &str) -> Result<(), Failure> {
        if let Some(status) = self.ended() {
            return Err(closed(&format!("the tunnel ended: {status}")));
        }
        if self.opened.elapsed() > START_TIMEOUT {
            return Err(closed(&format!("{silent} through the tunnel")));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        Ok(())
    }

    /// The address of an application's pages on this machine.
    pub(super) fn address(&self, application: &RunningApplication) -> String {
        format!("http://127.0.0.1:{}/proxy/{}/", self.port, application.id)
    }

    /// Waits until the process ends, which it does not do by itself.
    pub(super) async fn wait(&mut self) -> Failure {
        loop {
            if let Some(status) = self.ended() {
                return closed(&format!("the tunnel ended: {status}"));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// How the process ended; `None` while it runs.
    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok()?
    }
}

fn closed(why: &str) -> Failure {
    let failure = Failure::new(Exit::Failed, why)
        .hint("see whether you can log in")
        .hint(Advised::clusterup("ssh").this_stack());
    or_without(failure)
}

/// Adds the way that needs no login.
pub(super) fn or_without(failure: Failure) -> Failure {
    failure
        .hint("or see the page that EMR serves, which needs no login")
        .hint(Advised::clusterup("ui --aws").this_stack())
}

fn over_ssh(shell: &Shell, [local, remote]: [u16; 2]) -> Result<Child, Failure> {
    let mut command = ssh::tied(shell)?;
    // Without a shell; and if the port cannot be forwarded, without a tunnel. By the primary's own
    // name: YARN's pages do not listen on its loopback address.
    command
        .args(["-N", "-o", "ExitOnForwardFailure=yes", "-L"])
        .arg(format!("127.0.0.1:{local}:{}:{remote}", shell.host));
    spawn(command).map_err(|error| ssh::no_program(&error))
}

/// Starts the program of a tunnel. It may ask on the terminal, and prints to standard error.
fn spawn(mut command: std::process::Command) -> std::io::Result<Child> {
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    Command::from(command).kill_on_drop(true).spawn()
}
