//! Programs that copy logs from a primary, and their copies.

use crate::cloud::{LogFile, LogVersion};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Where EMR's primary has a step's logs while it runs, by its id (EMR Management Guide, "View log
/// files").
const FOLDER: &str = "/mnt/var/log/hadoop/steps";

/// The most that is kept of all logs together, in bytes.
const MAX_BYTES: u64 = 2 << 30;

/// How much is read of what ssh reports, in bytes.
const MAX_REPORT: u64 = 4 << 10;

/// Logs that are copied, by their names.
pub(super) struct Readers {
    folder: TempDir,
    readers: BTreeMap<String, Reader>,
    /// How many were started.
    started: usize,
}

/// A program that copies one log, and its copy, which is deleted when this is dropped.
struct Reader {
    /// `None` once it was ended. It ends when this is dropped.
    child: Option<Child>,
    copy: PathBuf,
    /// What ssh and the remote program report.
    report: PathBuf,
    /// The folder of the step.
    step: String,
}

/// Why logs are not read any further.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) why: String,
    /// Whether it is of no use to try again.
    pub(super) is_final: bool,
}

impl Readers {
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("clusterup-logs-").tempdir();
        Ok(Self {
            folder: folder?,
            readers: BTreeMap::new(),
            started: 0,
        })
    }

    /// Begins to copy what a command prints of a log of a step.
    pub(super) fn start(
        &mut self,
        name: String,
        step: &str,
        mut command: std::process::Command,
    ) -> io::Result<()> {
        let copy = self.folder.path().join(self.started.to_string());
        let report = copy.with_extension("report");
        self.started += 1;
        // The remote command ends when its input does.
        command.stdin(Stdio::piped());
        command
            .stdout(File::create(&copy)?)
            .stderr(File::create(&report)?);
        let mut reader = Reader {
            child: None,
            copy,
            report,
            step: step.to_owned(),
        };
        reader.child = Some(Command::from(command).kill_on_drop(true).spawn()?);
        self.readers.insert(name, reader);
        Ok(())
    }

    /// Ends the readers of other steps. What they copied remains until [`Self::forget`].
    pub(super) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        for reader in self.readers.values_mut() {
            if !is_kept(&reader.step) {
                reader.child = None;
            }
        }
    }

    /// Deletes the copies of the readers that were ended.
    pub(super) fn forget(&mut self) {
        self.readers.retain(|_, reader| reader.child.is_some());
    }

    /// Why a log is not read any further; `None` if all are.
    pub(super) fn problem(&mut self) -> Option<Problem> {
        let bytes = self.readers.values().map(Reader::bytes);
        if self.is_reading() && bytes.sum::<u64>() > MAX_BYTES {
            return Some(Problem {
                why: "the logs of running steps have more than 2 GiB".to_owned(),
                is_final: true,
            });
        }
        let why = self.readers.values_mut().find_map(Reader::problem)?;
        let is_final = false;
        Some(Problem { why, is_final })
    }

    /// Whether any log is read.
    pub(super) fn is_reading(&self) -> bool {
        let mut readers = self.readers.values();
        readers.any(|reader| reader.child.is_some())
    }

    /// The logs of which there are copies, as they are now.
    pub(super) fn logs(&self) -> BTreeMap<String, LogVersion> {
        let logs = self.readers.iter();
        let versions = logs.filter_map(|(name, reader)| {
            let bytes = reader.bytes();
            let modified = None;
            (bytes > 0).then(|| (name.clone(), LogVersion { bytes, modified }))
        });
        versions.collect()
    }

    /// Whether there is a copy of a log.
    pub(super) fn has(&self, name: &str) -> bool {
        self.readers.contains_key(name)
    }

    /// The copy of a log.
    pub(super) fn file(&self, name: &str) -> Option<LogFile> {
        let reader = self.readers.get(name)?;
        Some(LogFile::given(reader.copy.clone()))
    }
}

impl Reader {
    fn bytes(&self) -> u64 {
        fs::metadata(&self.copy).map_or(0, |found| found.len())
    }

    fn problem(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        let mut report = Vec::new();
        let read = File::open(&self.report);
        let read = read.and_then(|file| file.take(MAX_REPORT).read_to_end(&mut report));
        let report = String::from_utf8_lossy(&report);
        let last = report.lines().rev().find(|line| !line.trim().is_empty());
        let last = last
            .filter(|_| read.is_ok())
            .map(|last| last.trim().to_owned());
        Some(last.unwrap_or_else(|| format!("ssh ended: {status}")))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // What cannot be deleted now is deleted with its folder.
        let _ = fs::remove_file(&self.copy);
        let _ = fs::remove_file(&self.report);
    }
}

/// The command for the primary's shell: prints a log from its beginning, also if it is not there yet.
/// It ends with its input: sshd sends no signal to a command without a terminal.
pub(super) fn remote_command(step: &str, stream: &str) -> String {
    format!(
        "exec 3<&0; tail -c +1 -F {FOLDER}/{step}/{stream} & p=$!; \
         {{ cat <&3; kill $p; }} >/dev/null 2>&1 & wait $p"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn shell(script: &str) -> std::process::Command {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script]);
        command
    }

    async fn until(mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it never is");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn what_a_reader_copied_remains_for_one_look_after_its_end() {
        let mut readers = Readers::new().unwrap();
        let name = "steps/01-a/stdout";
        let script = shell("echo Traceback; exec sleep 600");
        readers.start(name.to_owned(), "01-a", script).unwrap();
        until(|| !readers.logs().is_empty()).await;
        readers.forget();
        assert!(readers.has(name), "it still runs");
        readers.keep(|step| step == "02-b");
        assert!(!readers.is_reading());
        assert_eq!(readers.logs()[name].bytes, 10);
        assert!(readers.file(name).unwrap().beginning().is_some());
        let left = || fs::read_dir(readers.folder.path()).unwrap().count();
        assert_eq!(left(), 2);
        readers.forget();
        assert!(!readers.has(name) && readers.logs().is_empty());
        assert_eq!(fs::read_dir(readers.folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn one_limit_is_for_all_copies_and_another_end_may_pass() {
        let mut readers = Readers::new().unwrap();
        for name in ["a", "b"] {
            let script = shell("exec sleep 600");
            readers.start(name.to_owned(), "01-a", script).unwrap();
        }
        let grow = |name: &str, bytes| {
            let copy = File::options()
                .write(true)
                .open(&readers.readers[name].copy);
            copy.unwrap().set_len(bytes).unwrap();
        };
        grow("a", MAX_BYTES - 1);
        grow("b", 1);
        assert_eq!(readers.problem(), None);
        let copy = File::options().write(true).open(&readers.readers["b"].copy);
        copy.unwrap().set_len(2).unwrap();
        assert!(readers.problem().is_some_and(|it| it.is_final));
        readers.keep(|_| false);
        readers.forget();
        let script = shell("echo reset by peer >&2; exit 255");
        readers.start("a".to_owned(), "01-a", script).unwrap();
        let mut problem = None;
        until(|| {
            problem = readers.problem();
            problem.is_some()
        })
        .await;
        let why = "reset by peer".to_owned();
        let is_final = false;
        assert_eq!(problem, Some(Problem { why, is_final }));
    }

    /// The ids of the processes that print the logs of a step.
    fn tails(step: &str) -> String {
        let mut find = std::process::Command::new("pgrep");
        let path = format!("^tail .*/{step}/");
        let found = find.arg("-f").arg(path).output().unwrap();
        String::from_utf8(found.stdout).unwrap().trim().to_owned()
    }

    #[tokio::test]
    async fn the_remote_command_ends_with_the_connection_and_with_its_tail() {
        let mut readers = Readers::new().unwrap();
        let step = format!("s-TEST{}", std::process::id());
        for end in ["the connection", "tail"] {
            let command = shell(&remote_command(&step, "stderr"));
            readers.start("a".to_owned(), "01-a", command).unwrap();
            until(|| !tails(&step).is_empty()).await;
            assert_eq!(readers.problem(), None, "{end}");
            if end == "tail" {
                let mut kill = std::process::Command::new("kill");
                assert!(kill.arg(tails(&step)).status().unwrap().success());
            } else {
                let reader = readers.readers.get_mut("a").unwrap();
                drop(reader.child.as_mut().unwrap().stdin.take());
            }
            until(|| readers.problem().is_some()).await;
            assert_eq!(tails(&step), "", "{end}");
            readers.keep(|_| false);
            readers.forget();
        }
    }
}
