//! `doctor`: checks whether the account, or this machine, is ready for clusters, and advises.

mod live;

use super::flags::TargetArgs;
use super::verb::{Finished, Verb};
use super::view::words::{count, size, wrap};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::app::stack_file::{self, StackFile};
use crate::app::target::Target;
use crate::cloud::Finding;
use crate::cloud::local::machine;
use crate::cloud::local::runtime::Report;
use crate::model::hint::{Command, CommandContext};
use crate::model::memory::Memory;
use crate::model::name::Region;
use rustix::fs::Access;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// A stack's YAML file, whose network is checked instead of the default one
    #[arg(conflicts_with = "local")]
    pub(super) stack: Option<PathBuf>,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Test the schedules that end clusters: create one that ends nothing, and delete it
    #[arg(long, conflicts_with = "local")]
    pub(super) try_schedule: bool,
    /// Try out on the account what clusterup relies on and AWS does not document: make three clusters
    /// of one node for about 45 minutes, and remove them again
    #[arg(long, conflicts_with_all = ["local", "stack", "try_schedule"])]
    live: bool,
    /// Answer yes to the question of --live
    #[arg(long, short, requires = "live")]
    yes: bool,
}

impl Verb for DoctorArgs {
    fn here(&self) -> CommandContext {
        let stack = self.stack.as_ref().map(|path| path.display().to_string());
        self.target.here(stack.as_deref())
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        if self.target.local {
            return this_machine(session);
        }
        if self.live {
            return self.try_out(session).await;
        }
        let stack = self.stack.as_ref().map(StackFile::new);
        let stack = stack.as_ref().map(stack_file::read).transpose()?;
        let region = stack.as_ref().map(|stack| &stack.region);
        let target = Target::open(&self.target.choice(), region, session).await?;
        session
            .reporter
            .text(&format!("AWS {}", target.place.in_words()));
        let aws = target.cloud.aws();
        let mut findings = match aws {
            Some(aws) => aws.checkup(stack.as_ref()).await,
            None => Vec::new(),
        };
        findings.push(disk(
            "disk",
            &session.environment.state_folder()?,
            MIN_STATE_BYTES,
        ));
        if let Some(aws) = aws.filter(|_| self.try_schedule) {
            findings.push(aws.try_schedule().await);
        }
        for finding in &findings {
            show(finding, session);
        }
        let bad = findings.iter().filter(|finding| !finding.good);
        let bad: Vec<&str> = bad.map(|finding| finding.what.as_str()).collect();
        let exit = conclude(&bad, session);
        let fields = DoctorDocument {
            region: target.place.region().cloned(),
            ready: exit == Exit::Done,
            findings,
            machine: None,
            live: None,
        };
        Ok(Finished::with(exit, fields))
    }
}

impl DoctorArgs {
    /// Tries out on the account what clusterup relies on.
    async fn try_out(&self, session: &Session) -> Result<Finished, Failure> {
        let tried = live::run(&self.target.choice(), self.yes, session).await?;
        let Some((live, region)) = tried else {
            return Ok(Finished::declined(session));
        };
        let exit = if live.holds { Exit::Done } else { Exit::Failed };
        let fields = DoctorDocument {
            region,
            ready: live.holds,
            findings: Vec::new(),
            machine: None,
            live: Some(live),
        };
        Ok(Finished::with(exit, fields))
    }
}

fn show(finding: &Finding, session: &Session) {
    let reporter = &session.reporter;
    let what = &finding.what;
    let sign = if finding.good { ' ' } else { '!' };
    reporter.text(&format!("{sign} {what:12} {}", wrap(&finding.says, 15)));
    for hint in &finding.hints {
        // Unwrapped, so that it can be copied.
        reporter.text(&reporter.advice(hint, 15));
    }
}

/// The last line: whether a cluster can be created, and what is missing.
fn conclude(bad: &[&str], session: &Session) -> Exit {
    let reporter = &session.reporter;
    if bad.is_empty() {
        reporter.text("ready");
        return Exit::Done;
    }
    reporter.text(&format!("not ready: {}", bad.join(", ")));
    Exit::Failed
}

/// Bytes that keys, the ledger and logs need.
const MIN_STATE_BYTES: u64 = 100 << 20;
/// Bytes that the installation of Spark and Java needs.
const MIN_INSTALL_BYTES: u64 = 2 << 30;

/// Checks the free space where a folder is, or will be, and that it is writable.
fn disk(what: &str, folder: &Path, min_bytes: u64) -> Finding {
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.unwrap_or(Path::new("/"));
    let at = existing.display();
    let (good, says, look) = match free_bytes(existing) {
        Ok(free) => (
            free >= min_bytes,
            format!("{} free at {at}", size(free)),
            "df -h",
        ),
        Err(error) => (false, format!("{at} cannot be written: {error}"), "ls -ld"),
    };
    let look = Command::other(look).arg(at.to_string());
    let hints = if good { Vec::new() } else { vec![look.into()] };
    Finding {
        what: what.to_owned(),
        good,
        says,
        hints,
    }
}

/// Free bytes on the file system of a folder, if the user can write in it.
fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    if !folder.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    let stats = rustix::fs::statvfs(folder)?;
    rustix::fs::access(folder, Access::WRITE_OK)?;
    Ok(stats.f_bavail.saturating_mul(stats.f_frsize))
}

fn this_machine(session: &Session) -> Result<Finished, Failure> {
    let reporter = &session.reporter;
    let report = session.environment.store()?.check();
    let (memory, cores) = machine::machine();
    reporter.text(&format!("machine   {memory}, {cores} cores"));
    let exit = python(&report, session);
    runtime(&report, session);
    reporter.text(&format!("cache     {}", report.cache.display()));
    let min_bytes = if report.runtime.is_some() {
        MIN_STATE_BYTES
    } else {
        MIN_INSTALL_BYTES
    };
    let state = disk(
        "state",
        &session.environment.state_folder()?,
        MIN_STATE_BYTES,
    );
    let disk = disk("disk", &report.cache, min_bytes);
    let mut bad = Vec::new();
    if exit != Exit::Done {
        bad.push("python");
    }
    for finding in [&disk, &state] {
        reporter.text(&format!("{:9} {}", finding.what, finding.says));
        for hint in &finding.hints {
            reporter.text(&reporter.advice(hint, 10));
        }
        if !finding.good {
            bad.push(&finding.what);
        }
    }
    let exit = conclude(&bad, session);
    Ok(Finished::with(
        exit,
        DoctorDocument {
            region: None,
            ready: exit == Exit::Done,
            findings: vec![disk, state],
            machine: Some(Machine {
                memory,
                cores,
                runtime: report,
            }),
            live: None,
        },
    ))
}

fn python(report: &Report, session: &Session) -> Exit {
    let reporter = &session.reporter;
    match (&report.python, &report.python_missing) {
        (Some(python), _) => {
            let (major, minor) = python.version;
            reporter.text(&format!(
                "python    {major}.{minor}, {}",
                python.path.display()
            ));
            if python.ensurepip || python.pip {
                return Exit::Done;
            }
            reporter.text("          has neither pip nor ensurepip; Spark cannot be installed");
            reporter.text("          next: sudo apt-get install python3-venv");
        }
        (None, Some((missing, hint))) => {
            reporter.text(&format!("python    {missing}\n          help: {hint}"));
        }
        (None, None) => reporter.text("python    missing"),
    }
    Exit::Failed
}

fn runtime(report: &Report, session: &Session) {
    let reporter = &session.reporter;
    let Report {
        runtime,
        spark,
        java,
        packages,
        ..
    } = report;
    match runtime {
        Some(runtime) => {
            reporter.text(&format!(
                "spark     {spark}, {}",
                runtime.spark_home.display()
            ));
            reporter.text(&format!(
                "java      {java}, {}",
                runtime.java_home.display()
            ));
            let archive = match runtime.archive {
                Some(_) => "present: Java starts faster",
                None => "missing: Java starts slower, nothing else changes",
            };
            reporter.text(&format!("archive   {archive}"));
            reporter.text(&format!("packages  {}", count(*packages as u64, "set")));
        }
        None => {
            reporter.text(&format!("spark     {spark} is not installed yet"));
            reporter.text(&format!("java      {java} is not installed yet"));
            reporter.text("          help: the first apply --local installs both");
        }
    }
}

/// What clusterup needs, and what is missing.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct DoctorDocument {
    /// The region; null of this machine.
    region: Option<Region>,
    /// Whether a cluster can be created.
    ready: bool,
    /// What was checked.
    findings: Vec<Finding>,
    /// This machine, with `--local`.
    machine: Option<Machine>,
    /// What was tried out on the account, with `--live`.
    live: Option<live::LiveDocument>,
}

/// This machine.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Machine {
    /// Its memory.
    memory: Memory,
    /// Its cores.
    cores: u32,
    /// Python, Spark and Java.
    runtime: Report,
}
