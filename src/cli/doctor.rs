//! `doctor`: checks whether the account, or this machine, is ready for clusters, and advises.

use super::args::DoctorArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use super::target::Target;
use super::view::words::{count, size, wrap};
use crate::cloud::Finding;
use crate::cloud::local::machine;
use crate::cloud::local::runtime::Report;
use crate::model::hint::Command;
use rustix::fs::Access;
use serde_json::json;
use std::io::ErrorKind;
use std::path::Path;

pub(super) async fn run(
    args: &DoctorArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    if args.target.local {
        return this_machine(context, screen);
    }
    let target = Target::open(&args.target, None, context).await?;
    screen.text(&format!("AWS {}", target.place()));
    let mut findings = target.cloud.checkup().await;
    findings.push(disk("disk", &context.state_folder()?, MIN_STATE_BYTES));
    if args.try_schedule {
        findings.extend(target.cloud.try_schedule().await);
    }
    for finding in &findings {
        show(finding, screen);
    }
    let bad = findings.iter().filter(|finding| !finding.good);
    let bad: Vec<&str> = bad.map(|finding| finding.what.as_str()).collect();
    let exit = conclude(&bad, screen);
    let fields = json!({
        "region": target.region, "ready": exit == Exit::Done, "findings": findings,
    });
    screen.document("doctor", exit.code(), fields);
    Ok(exit)
}

fn show(finding: &Finding, screen: &Screen) {
    let what = &finding.what;
    let sign = if finding.good { ' ' } else { '!' };
    screen.text(&format!("{sign} {what:12} {}", wrap(&finding.says, 15)));
    for hint in &finding.hints {
        // Unwrapped, so that it can be copied.
        screen.text(&screen.advice(hint, 15));
    }
}

/// The last line: whether a cluster can be created, and what is missing.
fn conclude(bad: &[&str], screen: &Screen) -> Exit {
    if bad.is_empty() {
        screen.text("ready");
        return Exit::Done;
    }
    screen.text(&format!("not ready: {}", bad.join(", ")));
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

fn this_machine(context: &Context, screen: &Screen) -> Result<Exit, Failure> {
    let report = context.store()?.check();
    let (memory, cores) = machine::machine();
    screen.text(&format!("machine   {memory}, {cores} cores"));
    let exit = python(&report, screen);
    runtime(&report, screen);
    screen.text(&format!("cache     {}", report.cache.display()));
    let min_bytes = if report.runtime.is_some() {
        MIN_STATE_BYTES
    } else {
        MIN_INSTALL_BYTES
    };
    let state = disk("state", &context.state_folder()?, MIN_STATE_BYTES);
    let disk = disk("disk", &report.cache, min_bytes);
    let mut bad = Vec::new();
    if exit != Exit::Done {
        bad.push("python");
    }
    for finding in [&disk, &state] {
        screen.text(&format!("{:9} {}", finding.what, finding.says));
        for hint in &finding.hints {
            screen.text(&screen.advice(hint, 10));
        }
        if !finding.good {
            bad.push(&finding.what);
        }
    }
    let exit = conclude(&bad, screen);
    let machine = json!({ "memory": memory, "cores": cores });
    let runtime = if report.runtime.is_some() {
        "installed"
    } else {
        "missing"
    };
    screen.document(
        "doctor",
        exit.code(),
        json!({
            "machine": machine, "runtime": runtime, "report": report, "disk": disk,
            "state": state,
            "ready": exit == Exit::Done,
        }),
    );
    Ok(exit)
}

fn python(report: &Report, screen: &Screen) -> Exit {
    match (&report.python, &report.python_missing) {
        (Some(python), _) => {
            let (major, minor) = python.version;
            screen.text(&format!(
                "python    {major}.{minor}, {}",
                python.path.display()
            ));
            if python.ensurepip || python.pip {
                return Exit::Done;
            }
            screen.text("          has neither pip nor ensurepip; Spark cannot be installed");
            screen.text("          next: sudo apt-get install python3-venv");
        }
        (None, Some((missing, hint))) => {
            screen.text(&format!("python    {missing}\n          help: {hint}"));
        }
        (None, None) => screen.text("python    missing"),
    }
    Exit::Failed
}

fn runtime(report: &Report, screen: &Screen) {
    let Report {
        runtime,
        spark,
        java,
        packages,
        ..
    } = report;
    match runtime {
        Some(runtime) => {
            screen.text(&format!(
                "spark     {spark}, {}",
                runtime.spark_home.display()
            ));
            screen.text(&format!(
                "java      {java}, {}",
                runtime.java_home.display()
            ));
            let archive = match runtime.archive {
                Some(_) => "present: Java starts faster",
                None => "missing: Java starts slower, nothing else changes",
            };
            screen.text(&format!("archive   {archive}"));
            screen.text(&format!("packages  {}", count(*packages as u64, "set")));
        }
        None => {
            screen.text(&format!("spark     {spark} is not installed yet"));
            screen.text(&format!("java      {java} is not installed yet"));
            screen.text("          help: the first apply --local installs both");
        }
    }
}
