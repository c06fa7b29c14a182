//! Opens a session on an instance through AWS Systems Manager: the AWS CLI starts it, and its plugin
//! connects the terminal (Systems Manager User Guide, "Install the Session Manager plugin").

use crate::app::failure::{Exit, Failure};
use crate::model::hint::Command as Advised;
use crate::model::name::Region;
use serde_json::json;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

/// The program of the AWS CLI, and the one that it starts for a session.
const CLI: &str = "aws";
const PLUGIN: &str = "session-manager-plugin";

/// The package of the plugin for Debian and Ubuntu on x86-64.
const PACKAGE: &str = "https://s3.amazonaws.com/session-manager-downloads/plugin/latest/\
                       ubuntu_64bit/session-manager-plugin.deb";

/// Opens a session and waits for its end. With `to_stderr`, remote output does not mix with the JSON
/// document.
pub(super) fn open(
    instance: &str,
    region: &Region,
    more: &[OsString],
    to_stderr: bool,
) -> Result<Exit, Failure> {
    let mut command = session(instance, region)?;
    command.args(more);
    if to_stderr {
        command.stdout(std::io::stderr());
    }
    let status = command.status().map_err(|error| no_cli(&error))?;
    Ok(if status.success() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// The command that forwards a port of this machine to one of `host`, which the instance reaches
/// (Systems Manager User Guide, "Starting a session (port forwarding to remote host)").
pub(super) fn forward(
    instance: &str,
    region: &Region,
    host: &str,
    [local, remote]: [u16; 2],
) -> Result<Command, Failure> {
    let mut command = session(instance, region)?;
    let parameters = json!({
        "host": [host],
        "portNumber": [remote.to_string()],
        "localPortNumber": [local.to_string()],
    });
    command
        .args([
            "--document-name",
            "AWS-StartPortForwardingSessionToRemoteHost",
        ])
        .args(["--parameters", &parameters.to_string()]);
    Ok(command)
}

fn session(instance: &str, region: &Region) -> Result<Command, Failure> {
    check_plugin()?;
    let mut command = Command::new(CLI);
    command.args(["ssm", "start-session", "--target", instance]);
    command.args(["--region", region.as_str()]);
    Ok(command)
}

/// Without the plugin, the AWS CLI would start a session and end it again. Alone, the plugin prints
/// that it is installed.
fn check_plugin() -> Result<(), Failure> {
    let tried = Command::new(PLUGIN)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match tried {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = "Session Manager's plugin is not installed";
            let fetch = format!("curl -fsSLO {PACKAGE}");
            Err(Failure::new(Exit::Failed, message)
                .hint("install it; on Debian and Ubuntu on x86-64:")
                .hint(Advised::other(&fetch))
                .hint(Advised::other("sudo dpkg -i session-manager-plugin.deb")))
        }
        // Anything else is for the AWS CLI to report.
        Ok(_) | Err(_) => Ok(()),
    }
}

pub(super) fn no_cli(error: &std::io::Error) -> Failure {
    let failure = Failure::new(Exit::Failed, "cannot run aws, the AWS CLI").caused_by(error);
    if error.kind() == ErrorKind::NotFound {
        return failure.hint(Advised::other("python3 -m pip install --user awscli"));
    }
    failure
}
