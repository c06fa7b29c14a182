//! `ssh`: opens a shell on the primary node with the installed ssh, which knows the user's agents,
//! proxies and settings.
//! and the user's settings.

use super::args::SshArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::unknown_stack;
use crate::cloud::{Class, Shell};
use crate::model::hint;
use serde_json::json;
use std::process::Command;

pub(super) async fn run(
    args: &SshArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let (stack, region) = stack_file::name(&args.stack)?;
    let target = Target::open(&args.target, region.as_ref(), context).await?;
    let shell = match target.cloud.shell(&stack).await {
        Err(error) if region.is_none() && error.class == Class::Input => {
            let observed = target.cloud.observe(&stack, None).await?;
            if observed.is_empty() && !unknown_stack::existed(&stack, &target, context, screen) {
                return Err(unknown_stack::failure("ssh", &stack, &target).await);
            }
            return Err(error.into());
        }
        shell => shell?,
    };
    if let Some(warning) = &shell.warning {
        screen.say(&format!(
            "warning: the SSH port may be closed to this machine: {warning}"
        ));
    }
    screen.say(&format!("{}@{}", shell.user, shell.host));
    let mut command = command(&shell, args);
    if screen.is_for_machines() {
        // Remote output must not mix with the JSON document.
        command.stdout(std::io::stderr());
    }
    let status = command.status().map_err(|error| {
        Failure::new(Exit::Failed, "cannot run ssh")
            .caused_by(&error)
            .hint(hint::Command::other("sudo apt-get install openssh-client"))
    })?;
    let exit = if status.success() {
        Exit::Done
    } else {
        Exit::Failed
    };
    let fields = json!({ "stack": stack, "host": shell.host, "user": shell.user });
    screen.document("ssh", exit.code(), fields);
    Ok(exit)
}

fn command(shell: &Shell, args: &SshArgs) -> Command {
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
    // After the host, ssh accepts both options and a command.
    ssh.args(&args.more);
    ssh
}
