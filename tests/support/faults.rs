//! The program on a machine with a full disk.

use std::process::{Command, Stdio};

/// After this no file can have a byte, no matter who the user is.
pub(crate) const NO_ROOM: &str = "trap '' XFSZ; ulimit -f 0;";

/// A command after what a shell does before.
pub(crate) fn after(before: &str, like: &Command) -> Command {
    let mut command = like_it(like, Command::new("sh"));
    command.args(["-c", &format!("{before} exec \"$0\" \"$@\"")]);
    command.arg(like.get_program()).args(like.get_args());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Another program in the folder and with the settings of this one.
pub(crate) fn like_it(like: &Command, mut command: Command) -> Command {
    if let Some(folder) = like.get_current_dir() {
        command.current_dir(folder);
    }
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}
