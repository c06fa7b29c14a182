//! The hidden verb `leash PARENT -- COMMAND…` executes the command as a process that the kernel
//! kills when its parent dies, even if the parent was killed itself.
//!
//! The kernel ties the signal to the *thread* that made the process, so the supervisor starts
//! everything from its main thread. The tie survives `exec`, but not `fork`.

use super::order::Launch;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Executes the command in place of this process. Returns only if that fails, with the exit code.
pub fn leash(args: &[OsString]) -> ExitCode {
    let [parent, dashes, command, args @ ..] = args else {
        return ExitCode::from(2);
    };
    if dashes != "--" || !tie_to(parent) {
        return ExitCode::from(2);
    }
    // `exec` returns only on failure. The exit code is the only way to report it.
    let _ = Command::new(command).args(args).exec();
    ExitCode::from(127)
}

#[cfg(target_os = "linux")]
fn tie_to(parent: &OsStr) -> bool {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    let expected = parent.to_str().and_then(|text| text.parse().ok());
    let tied = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
    // Checked after the tie: a parent that died before it would not be noticed.
    tied && getppid().map(Pid::as_raw_nonzero).map(i32::from) == expected
}

#[cfg(not(target_os = "linux"))]
fn tie_to(_: &OsStr) -> bool {
    false
}

/// A command that dies with this process, in the cluster's environment without variables of ours.
pub(super) fn command(launch: &Launch, program: &Path) -> Command {
    let mut command = Command::new(&launch.program);
    command
        .env_clear()
        .envs(&launch.environment)
        .arg("leash")
        .arg(std::process::id().to_string())
        .arg("--")
        .arg(program);
    command
}

/// A shell script that runs `program` tied to the process that runs the script.
pub(super) fn script(launch: &Launch, before: &[u8], program: &Path) -> Vec<u8> {
    let parts: [&[u8]; 6] = [
        b"#!/bin/sh\n",
        before,
        b"exec ",
        &quoted(launch.program.as_os_str()),
        b" leash \"$PPID\" -- ",
        &quoted(program.as_os_str()),
    ];
    let mut script = parts.concat();
    script.extend(b" \"$@\"\n");
    script
}

/// Quotes a text as one word of a shell.
pub(super) fn quoted(text: &OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let mut word = vec![b'\''];
    for &byte in text.as_bytes() {
        match byte {
            b'\'' => word.extend(br"'\''"),
            other => word.push(other),
        }
    }
    word.push(b'\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_for_the_shell() {
        assert_eq!(quoted(OsStr::new("a b")), b"'a b'");
        assert_eq!(quoted(OsStr::new("it's $x")), br"'it'\''s $x'");
    }
}
