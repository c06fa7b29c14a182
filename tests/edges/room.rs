//! A folder for one test, with its stacks, state and cache, and runs with a time limit.

use crate::faults::like_it;
use crate::hints;
use serde_json::Value;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than any run here needs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Room {
    folder: TempDir,
}

/// The result of a run.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        path
    }

    /// Writes a stack of one step to `t.yaml`, with its script beside it; `more` is appended.
    pub(crate) fn stack(&self, more: &str) -> PathBuf {
        self.write("job.py", "print(1)\n");
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             job: {{ steps: [{{ name: s, script: job.py }}] }}\n{more}"
        );
        self.write("t.yaml", text)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterup"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.at("state"))
            .env("XDG_CACHE_HOME", self.at("cache"))
            .env("XDG_CONFIG_HOME", self.at("config"))
            .env_remove("CLUSTERUP_POLICIES")
            .stdin(Stdio::null());
        command
    }

    /// A command line in `sh` that may run the program as `"$0" "$@"`, with the room's settings.
    pub(crate) fn shell(&self, script: &str, args: &[&str]) -> Command {
        let mut command = like_it(&self.command(&[]), Command::new("timeout"));
        command.args(["30", "sh", "-c", script, env!("CARGO_BIN_EXE_clusterup")]);
        command.args(args).stdin(Stdio::null());
        command
    }

    /// Runs the program; a run that does not end in time fails the test.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        Done::within(self.command(args))
    }

    pub(crate) fn expect(&self, code: i32, args: &[&str]) -> Done {
        let done = self.run(args);
        let Done { out, err, .. } = &done;
        assert_eq!(done.code, code, "{args:?}\n--- out\n{out}\n--- err\n{err}");
        done
    }

    /// The document of a run, with any exit code.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let Done { out, err, .. } = self.run(&[args, &["--output", "json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|why| panic!("{args:?}: {why}\n{out}\n{err}"))
    }
}

impl Done {
    pub(crate) fn within(mut command: Command) -> Self {
        // Into files, since a full pipe would block the run.
        let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stderr(err.try_clone().unwrap());
        command.stdout(out.try_clone().unwrap());
        Self::watched(command, out, err)
    }

    /// Through pipes, which limits on file sizes do not affect.
    pub(crate) fn piped(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        hints::check(&out);
        hints::check(&err);
        let code = code(output.status);
        Self { code, out, err }
    }

    /// With a given standard output.
    pub(crate) fn into_its_own(mut command: Command) -> Self {
        let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stderr(err.try_clone().unwrap());
        Self::watched(command, out, err)
    }

    fn watched(mut command: Command, out: fs::File, err: fs::File) -> Self {
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                panic!("{command:?} does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let (code, out, err) = (code(status), text(out), text(err));
        hints::check(&out);
        hints::check(&err);
        Self { code, out, err }
    }

    /// Whether the output has all of these texts, wherever lines are broken.
    pub(crate) fn says(&self, text: &str) -> &Self {
        let all = format!("{}{}", self.out, self.err);
        let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(text), "{text:?} is not said:\n{all}");
        self
    }
}

/// Negative if a signal ended it.
fn code(status: std::process::ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| -status.signal().unwrap_or(1))
}

fn text(mut file: fs::File) -> String {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The files below a folder, by their relative paths, with their content.
pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                let content = fs::read(&path).unwrap_or_default();
                found.push((path.strip_prefix(folder).unwrap().to_owned(), content));
            }
        }
    }
    found.sort();
    found
}
