//! Commands of steps that Spark does not run: programs, shell scripts and copies.

use super::leash;
use super::rig::Rig;
use crate::model::desired::StepSpec;
use crate::model::work::Work;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies the files below a folder, or one file, into a folder, as s3-dist-cp does.
const COPY: &str = "mkdir -p -- \"$2\" && if [ -d \"$1\" ]; then cp -R -- \"$1\"/. \"$2\"/; \
    else cp -- \"$1\" \"$2\"/; fi";

/// Runs a script by the program that its first line names, or by bash.
const SHELL: &str = "if [ \"$(head -c 2 -- \"$1\")\" = '#!' ]; then chmod u+x -- \"$1\"; \
    exec \"$@\"; else exec bash \"$@\"; fi";

/// The command of a step that is neither a script nor a jar nor SQL; `None` if this machine cannot
/// run it, which a plan refuses.
pub(super) fn command(rig: &Rig, step: &StepSpec) -> Option<Command> {
    let mut command = match &step.work {
        Work::Command(words) => {
            let (program, args) = words.split_first()?;
            let mut command = program_in(rig, Path::new(program));
            command.args(args);
            command
        }
        Work::Shell(script) => {
            let mut command = program_in(rig, Path::new("sh"));
            command.args(["-c", SHELL, "step", script]);
            command
        }
        Work::Copy { from, to } => {
            let mut command = program_in(rig, Path::new("sh"));
            command.args(["-c", COPY, "copy", from, to]);
            command
        }
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Hive(_) => return None,
    };
    command.args(&step.args);
    Some(command)
}

/// A program that dies with this process, with Java and the Python of the cluster first in its path.
fn program_in(rig: &Rig, program: &Path) -> Command {
    let mut command = leash::command(&rig.launch, program);
    command.envs(&rig.env);
    let java = rig.launch.java_home.join("bin");
    let python = rig.launch.python.parent().map(Path::to_owned);
    let own = python.into_iter().chain([java]);
    let given = rig.launch.environment.get("PATH").map(OsString::from);
    let given = given.or_else(|| rig.env.get("PATH").cloned());
    let rest = given.iter().flat_map(std::env::split_paths);
    let all: Vec<PathBuf> = own.chain(rest).collect();
    if let Ok(path) = std::env::join_paths(all) {
        command.env("PATH", path);
    }
    command.env("JAVA_HOME", &rig.launch.java_home);
    command
}
