//! Reads the logs of running steps on their cluster's primary over SSH, where they grow without the
//! minutes until an upload.

use super::absent::UPLOADS;
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::app::target::Target;
use crate::cloud::{LogFile, LogListing, LogVersion, Login, Shell};
use crate::diagnose::records::Selection;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::StepState;
use crate::model::shown::line;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Prepares the installed ssh for a command on a primary.
pub(crate) type Ssh = dyn Fn(&Shell) -> Result<std::process::Command, Failure>;

/// Where EMR's primary has a step's logs while it runs, by its id (EMR Management Guide, "View log
/// files").
const FOLDER: &str = "/mnt/var/log/hadoop/steps";
const STREAMS: [&str; 3] = ["controller", "stderr", "stdout"];

/// How many steps are read at the same time. Each log takes a connection, and sshd accepts ten that
/// are not logged in yet.
const MAX_STEPS: usize = 3;

/// The most that is kept of a log, in bytes.
const MAX_BYTES: u64 = 2 << 30;

/// How much is read of what ssh reports, in bytes.
const MAX_REPORT: u64 = 4 << 10;

/// The logs of running steps, as copies that grow.
pub(super) struct Live<'a> {
    ssh: &'a Ssh,
    session: &'a Session,
    folder: TempDir,
    /// The primary, once it is known how to log in to it.
    shell: Option<Shell>,
    /// By the names of their logs.
    readers: BTreeMap<String, Reader>,
    /// How many readers were started.
    started: usize,
    has_given_up: bool,
}

/// An ssh that copies one log. It ends when this is dropped.
struct Reader {
    child: Child,
    copy: PathBuf,
    /// What ssh and the remote program report.
    report: PathBuf,
    /// The folder of the step.
    step: String,
}

impl<'a> Live<'a> {
    pub(super) fn new(ssh: &'a Ssh, session: &'a Session) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("clusterup-logs-").tempdir();
        let folder = folder.map_err(|error| {
            Failure::new(Exit::Failed, "cannot make a temporary folder for logs").caused_by(&error)
        })?;
        Ok(Self {
            ssh,
            session,
            folder,
            shell: None,
            readers: BTreeMap::new(),
            started: 0,
            has_given_up: false,
        })
    }

    /// Begins to read the selected logs of steps that run, and ends with steps that do not. If that
    /// fails, it is said once why, and uploads are all that is left. Returns whether the stack was
    /// observed again.
    pub(super) async fn update(
        &mut self,
        target: &Target<'_>,
        (stack, id): (&StackName, &ClusterId),
        listing: &LogListing,
        selection: &Selection,
    ) -> bool {
        let running = running(listing);
        self.readers
            .retain(|_, reader| running.contains_key(reader.step.as_str()));
        if let Some(problem) = self.problem() {
            self.give_up(&problem);
        }
        if self.has_given_up || running.is_empty() {
            return false;
        }
        let is_new = self.shell.is_none();
        if is_new {
            match log_in(target, stack, id).await {
                Ok(shell) => self.shell = Some(shell),
                Err(why) => self.give_up(&why),
            }
        }
        for (step, id) in running {
            if let Err(failure) = self.begin(step, id, selection) {
                self.give_up(&failure.in_a_line());
            }
        }
        is_new
    }

    /// Begins to read the logs of a step, unless they are read.
    fn begin(&mut self, step: &str, id: &str, selection: &Selection) -> Result<(), Failure> {
        let Some(shell) = self.shell.as_ref().filter(|_| !self.has_given_up) else {
            return Ok(());
        };
        for stream in STREAMS {
            let name = format!("steps/{step}/{stream}");
            if !selection.has(&name) || self.readers.contains_key(&name) {
                continue;
            }
            let copy = self.folder.path().join(self.started.to_string());
            let report = copy.with_extension("report");
            self.started += 1;
            let mut command = (self.ssh)(shell)?;
            command.args(["-T", "-o", "BatchMode=yes"]);
            command.arg(remote_command(id, stream));
            let child = spawned(command, &copy, &report)
                .map_err(|error| Failure::new(Exit::Failed, "cannot run ssh").caused_by(&error))?;
            let step = step.to_owned();
            let reader = Reader {
                child,
                copy,
                report,
                step,
            };
            self.readers.insert(name, reader);
        }
        Ok(())
    }

    fn give_up(&mut self, why: &str) {
        self.readers.clear();
        self.has_given_up = true;
        let why = line(why, 300);
        self.session.reporter.say(&format!(
            "warning: cannot read logs on the primary: {why}\n{UPLOADS}: lines appear as late as that"
        ));
    }

    /// Why a log is not read any further; `None` if all are.
    pub(super) fn problem(&mut self) -> Option<String> {
        let warning = self.shell.as_ref().and_then(|it| it.warning.as_deref());
        let mut readers = self.readers.values_mut();
        let problem = readers.find_map(Reader::problem)?;
        let warning = warning.map(|warning| format!(" ({warning})"));
        Some(format!("{problem}{}", warning.unwrap_or_default()))
    }

    /// Whether any log is read.
    pub(super) fn is_reading(&self) -> bool {
        !self.readers.is_empty()
    }

    /// The logs that are read, as they are now.
    pub(super) fn logs(&self) -> BTreeMap<String, LogVersion> {
        let logs = self.readers.iter();
        let versions = logs.filter_map(|(name, reader)| {
            let bytes = reader.bytes();
            let modified = None;
            (bytes > 0).then(|| (name.clone(), LogVersion { bytes, modified }))
        });
        versions.collect()
    }

    /// Whether a log is read on the primary.
    pub(super) fn reads(&self, name: &str) -> bool {
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
        if self.bytes() > MAX_BYTES {
            return Some("a log has more than 2 GiB".to_owned());
        }
        let status = self.child.try_wait().ok()??;
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

/// The steps that run, the ids of which EMR gave: by their folders.
fn running(listing: &LogListing) -> BTreeMap<&str, &str> {
    let steps = listing.steps.iter();
    let running = steps.filter(|step| step.state == StepState::Running);
    let ids = running.filter_map(|step| Some((step.folder.as_str(), step.id.as_deref()?)));
    ids.filter(|(_, id)| is_step(id)).take(MAX_STEPS).collect()
}

/// Whether a text is the id of a step: `s-` and capital letters and digits.
fn is_step(id: &str) -> bool {
    let rest = id.strip_prefix("s-").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (1..=32).contains(&rest.len()) && rest.bytes().all(fits)
}

/// The command for the primary's shell: prints a log from its beginning, also if it is not there yet.
fn remote_command(step: &str, stream: &str) -> String {
    format!("exec tail -c +1 -F {FOLDER}/{step}/{stream}")
}

/// Starts a program whose output goes to files.
fn spawned(
    mut command: std::process::Command,
    copy: &PathBuf,
    report: &PathBuf,
) -> io::Result<Child> {
    command.stdin(Stdio::null());
    command
        .stdout(File::create(copy)?)
        .stderr(File::create(report)?);
    Command::from(command).kill_on_drop(true).spawn()
}

/// How to log in to the primary of the cluster, or why nobody can over SSH.
async fn log_in(target: &Target<'_>, stack: &StackName, id: &ClusterId) -> Result<Shell, String> {
    let Some(aws) = target.cloud.aws() else {
        return Err("the cluster is on this machine".to_owned());
    };
    match aws.log_in(stack).await {
        Ok(Login::Ssh(shell)) if shell.cluster == *id => Ok(shell),
        Ok(Login::Ssh(shell)) => Err(format!("the stack has another cluster, {}", shell.cluster)),
        Ok(Login::Session { .. }) => Err("with access: ssm, it accepts no SSH".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_emr_get_into_a_command() {
        for good in ["s-1", "s-2AB3CD4EF5GH6"] {
            assert!(is_step(good), "{good}");
        }
        let long = format!("s-{}", "A".repeat(33));
        for bad in [
            "",
            "s-",
            "s-1a",
            "s-1;reboot",
            "s-$(x)",
            "s-1/..",
            "j-1",
            "s-1 ",
            &long,
        ] {
            assert!(!is_step(bad), "{bad}");
        }
        assert_eq!(
            remote_command("s-1AB", "stderr"),
            "exec tail -c +1 -F /mnt/var/log/hadoop/steps/s-1AB/stderr"
        );
    }
}
