//! `ssh`: opens a shell on the primary node with the installed ssh, which knows the user's agents,
//! proxies and settings, or with the AWS CLI and Session Manager's plugin.

use super::flags::TargetArgs;
use super::session_manager;
use super::verb::{Finished, Verb};
use crate::app::environment::Environment;
use crate::app::failure::{Exit, Failure};
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::cloud::{Class, CloudError, Login, Shell};
use crate::model::hint;
use crate::model::hint::CommandContext;
use crate::model::name::{Region, StackName};
use serde::Serialize;
use std::ffi::OsString;
use std::process::Command;

#[derive(Debug, clap::Args)]
pub(super) struct SshArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Arguments that are passed to ssh, such as -L 18080:localhost:18080; with `access: ssm`, to
    /// `aws ssm start-session`
    #[arg(last = true)]
    pub(super) more: Vec<OsString>,
}

impl Verb for SshArgs {
    fn here(&self) -> CommandContext {
        self.target.here(Some(&self.stack))
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let given = GivenStack::open(&self.stack, &self.target.choice(), session).await?;
        let (stack, cloud) = (&given.name, &given.target.cloud);
        let login = match cloud.aws() {
            Some(aws) => aws.log_in(stack).await,
            None => Err(no_ssh()),
        };
        let login = match login {
            Err(error) if given.is_name && error.class == Class::Input => {
                if cloud.observe(stack, None).await?.is_empty() {
                    given.refuse_unknown("ssh").await?;
                }
                return Err(error.into());
            }
            login => login?,
        };
        let shell = match login {
            Login::Ssh(shell) => shell,
            Login::Session {
                cluster,
                instance,
                region,
                ..
            } => {
                let to = format!("{instance} of cluster {cluster}, through Session Manager");
                reporter.say(&to);
                let to_stderr = reporter.is_for_machines();
                let exit = session_manager::open(&instance, &region, &self.more, to_stderr)?;
                let fields = SshDocument {
                    stack: stack.clone(),
                    instance: Some(instance),
                    region: Some(region),
                    host: None,
                    user: None,
                };
                return Ok(Finished::with(exit, fields));
            }
        };
        if let Some(warning) = &shell.warning {
            warn(warning, session);
        }
        reporter.say(&format!("{}@{}", shell.user, shell.host));
        let mut command = command(&shell);
        command.args(&self.more);
        if reporter.is_for_machines() {
            // Remote output must not mix with the JSON document.
            command.stdout(std::io::stderr());
        }
        let status = command.status().map_err(|error| no_program(&error))?;
        let exit = if status.success() {
            Exit::Done
        } else {
            Exit::Failed
        };
        let fields = SshDocument {
            stack: stack.clone(),
            instance: None,
            region: None,
            host: Some(shell.host),
            user: Some(shell.user),
        };
        Ok(Finished::with(exit, fields))
    }
}

/// Warns that the primary may not be reachable.
pub(super) fn warn(warning: &str, session: &Session) {
    let text = format!("warning: the SSH port may be closed to this machine: {warning}");
    session.reporter.say(&text);
}

pub(super) fn no_program(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, "cannot run ssh")
        .caused_by(error)
        .hint(hint::Command::other("sudo apt-get install openssh-client"))
}

fn no_ssh() -> CloudError {
    let message = "a local cluster runs on this machine: there is nothing to log in to";
    CloudError::new(Class::Input, message).hint("leave --local out")
}

/// The installed ssh with what it needs for a primary. After the host, it accepts both options and a
/// command.
pub(super) fn command(shell: &Shell) -> Command {
    let mut ssh = Command::new("ssh");
    // Each cluster is a new machine: its key is accepted once, and a change is refused.
    ssh.args(["-o", "StrictHostKeyChecking=accept-new"]);
    // IP addresses are reused for other clusters; cluster ids are not.
    ssh.arg("-o").arg(format!("HostKeyAlias={}", shell.cluster));
    ssh.args(["-o", "ServerAliveInterval=30", "-o", "ConnectTimeout=15"]);
    if let Some(key) = &shell.key {
        ssh.arg("-i").arg(key).args(["-o", "IdentitiesOnly=yes"]);
    }
    ssh.arg(format!("{}@{}", shell.user, shell.host));
    ssh
}

/// The same command, which the kernel ends with this process where it can.
pub(super) fn tied(shell: &Shell) -> Result<Command, Failure> {
    let ssh = command(shell);
    let mut tied = if cfg!(target_os = "linux") {
        let mut leash = Command::new(Environment::program()?);
        let id = std::process::id().to_string();
        leash.args(["leash", &id, "--"]).arg(ssh.get_program());
        leash
    } else {
        Command::new(ssh.get_program())
    };
    tied.args(ssh.get_args());
    Ok(tied)
}

/// A login that is over.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct SshDocument {
    /// The stack.
    stack: StackName,
    /// The EC2 instance, if it was reached through Session Manager.
    instance: Option<String>,
    /// Its region.
    region: Option<Region>,
    /// The host, if it was reached over SSH.
    host: Option<String>,
    /// The user there.
    user: Option<String>,
}
