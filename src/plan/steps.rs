//! Refusals and notes about steps: what EMR does not take, and what this machine cannot run.

use super::refusal::Refusal;
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::facts::{Capacity, Facts};
use crate::model::stack::{Job, Stack, Step};
use crate::model::step_command::{MAX_CHARS, StepCommand};
use crate::model::step_launcher::launcher_key;
use crate::model::work::{DeployMode, Work};

/// Programs that an EMR cluster has and this machine does not.
const OF_EMR: [&str; 12] = [
    "aws",
    "emrfs",
    "flink",
    "hadoop",
    "hadoop-streaming",
    "hbase",
    "hdfs",
    "hive",
    "hive-script",
    "pig-script",
    "s3-dist-cp",
    "yarn",
];

/// Every reason why a step of the job cannot run on the target.
pub(super) fn check(stack: &Stack, job: &JobSpec, facts: &Facts) -> Vec<Refusal> {
    let on_emr = facts.capacity == Capacity::AsTyped;
    let launcher = format!("{}/{}", facts.bucket, launcher_key());
    let refused = |(written, step): (&Step, &StepSpec)| {
        let why = if on_emr {
            let command = StepCommand::of(step, &stack.region, &launcher);
            too_long(&command)
                .or_else(|| no_hive(stack, step))
                .or_else(|| no_runner(step))
        } else {
            not_here(written, step)
        };
        why.map(|(why, next)| Refusal::new(format!("step {:?} {why}", step.name.as_str()), next))
    };
    let archive = stack
        .job
        .as_ref()
        .and_then(Job::archive)
        .filter(|_| !on_emr);
    let archive = archive.filter(|archive| archive.local().is_none());
    let archive = archive.map(|archive| {
        Refusal::new(
            format!("python.archive is {archive}, which --local cannot read"),
            "use a file of this machine with --local, or python: { packages: [...] }",
        )
    });
    let written = stack.job.iter().flat_map(|job| &job.steps);
    let steps = written.zip(&job.steps).filter_map(refused);
    archive.into_iter().chain(steps).collect()
}

fn too_long(command: &StepCommand) -> Option<(String, String)> {
    let chars = command.chars();
    (chars > MAX_CHARS).then(|| {
        (
            format!("passes {chars} characters, and EMR takes {MAX_CHARS} of a step"),
            "put its arguments into a file, and give the step its location".to_owned(),
        )
    })
}

/// EMR's runner of scripts fetches them from S3 (EMR Release Guide, "Run commands and scripts on a
/// cluster").
fn no_runner(step: &StepSpec) -> Option<(String, String)> {
    let in_hdfs = matches!(&step.work, Work::Shell(file) if file.starts_with("hdfs:"));
    in_hdfs.then(|| {
        (
            "runs a shell script of HDFS, which EMR's runner does not fetch".to_owned(),
            "put the script into S3, or beside the stack".to_owned(),
        )
    })
}

/// Hive is an application that EMR installs where it is asked for.
fn no_hive(stack: &Stack, step: &StepSpec) -> Option<(String, String)> {
    let installed = &stack.cluster.emr.software.applications;
    let has_hive = installed
        .iter()
        .any(|it| it.as_str().eq_ignore_ascii_case("hive"));
    (matches!(step.work, Work::Hive(_)) && !has_hive).then(|| {
        (
            "runs Hive, which the cluster does not have".to_owned(),
            "add it to the stack: cluster: { applications: [Hive] }".to_owned(),
        )
    })
}

/// Why this machine cannot run a step, and what to do.
fn not_here(written: &Step, step: &StepSpec) -> Option<(String, String)> {
    let emr = "leave --local out, or remove the step from the stack for this machine";
    let in_s3 = |text: &&String| text.contains("://");
    let mut files = written.files().filter(|file| file.local().is_none());
    if let Some(file) = files.next() {
        let next = "use a file of this machine with --local";
        return Some((
            format!("reads {file}, which --local cannot read"),
            next.to_owned(),
        ));
    }
    let why = match &step.work {
        Work::Hive(_) => "runs Hive, which this machine does not have".to_owned(),
        Work::Copy { from, to } => {
            let remote = [from, to].into_iter().find(in_s3);
            match remote {
                Some(remote) => format!("copies {remote}, which --local cannot reach"),
                None if step.args.is_empty() => return None,
                None => "has options of s3-dist-cp, which this machine does not have".to_owned(),
            }
        }
        Work::Command(words) => {
            let program = words.first()?;
            if !OF_EMR.contains(&program.as_str()) {
                return None;
            }
            format!("runs {program}, which is a program of EMR's machines")
        }
        Work::Script(_) | Work::Jar { .. } | Work::Sql(_) | Work::Shell(_) => return None,
    };
    Some((why, emr.to_owned()))
}

/// What differs on this machine, and which files a script's imports add.
pub(super) fn notes(stack: &Stack, facts: &Facts) -> Vec<String> {
    let steps = || stack.job.iter().flat_map(|job| &job.steps);
    let mut notes: Vec<String> = steps().filter_map(|step| sent_along(step, facts)).collect();
    notes.dedup();
    if facts.capacity == Capacity::AsTyped {
        return notes;
    }
    let named = |wanted: fn(&Step) -> bool| -> Option<String> {
        let names = steps().filter(|step| wanted(step));
        let names: Vec<&str> = names.map(|step| step.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let cluster = |step: &Step| step.spark.submission.deploy_mode == DeployMode::Cluster;
    notes.extend(named(cluster).map(|names| {
        format!("deploy_mode: cluster does not apply here: the driver of {names} runs as a client")
    }));
    let sized = |step: &Step| {
        let more = &step.spark.submission;
        more.executors.is_some() || more.executor_cores.is_some()
    };
    notes.extend(
        named(sized)
            .map(|names| format!("executors and executor_cores of {names} do not apply here")),
    );
    notes
}

/// The files that a script's imports add to a step.
fn sent_along(step: &Step, facts: &Facts) -> Option<String> {
    let script = step.work.file()?.local()?;
    let found = facts.step_files.neighbours.get(script)?;
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    let script = script.file_name()?.to_string_lossy();
    (!names.is_empty()).then(|| format!("{script} imports {}, sent with it", names.join(", ")))
}
