//! Expands a job: every location is resolved, and a hash identifies the job.

use super::fit::Fitted;
use super::keys::{BUCKET, JOB, Keys, WRITTEN};
use super::memory::automatic;
use super::refusal::Refusal;
use super::software;
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::facts::Facts;
use crate::model::hex::hex;
use crate::model::name::JobHash;
use crate::model::retry::Attempt;
use crate::model::stack::{Arg, Job, Step};
use crate::model::work::{
    ENVIRONMENT, ENVIRONMENT_PYTHON, LinkedFile, OnFailure, PYTHON, StepFile, Submission, Work,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The packages that pip installs.
pub(super) fn packages<'a>(job: &'a Job, facts: &'a Facts) -> impl Iterator<Item = &'a String> {
    job.packages().chain(&facts.step_files.requirements)
}

pub(super) fn expand(job: &Job, keys: &Keys<'_>, fitted: &Fitted) -> Result<JobSpec, Refusal> {
    let expanded = |job: &Job| -> Result<Vec<StepSpec>, Refusal> {
        let steps = job.steps.iter();
        steps
            .map(|step| expand_step(step, job, keys, fitted))
            .collect()
    };
    let steps = expanded(job)?;
    let software = software::identity(keys.stack);
    let hash = hash(packages(job, keys.facts), &steps, &software)?;
    // A retry is the same job, whatever memory it has.
    let steps = match &keys.facts.attempt {
        None => steps,
        Some(attempt) => attempted(expanded(&attempt.applied(job))?, attempt),
    };
    let place = |text: &str| {
        let mut text = text.to_owned();
        for folder in WRITTEN {
            let from = format!("{BUCKET}/{folder}/");
            let to = &keys.facts.work;
            text = text.replace(&from, &format!("{to}/{folder}/"));
        }
        text.replace(BUCKET, &keys.facts.bucket)
            .replace(JOB, hash.as_str())
    };
    let steps = steps.iter().map(|step| placed(step, keys, &place));
    let steps: Option<Vec<StepSpec>> = steps.collect();
    let steps = steps.ok_or_else(|| Refusal::new("a step is lost", "report this as a bug"))?;
    let below = |folder: &str| {
        let path = format!("{folder}/{hash}").parse();
        path.map_err(|_| Refusal::new("the job has no folder", "report this as a bug"))
    };
    Ok(JobSpec {
        results_key: below("results")?,
        scratch_key: below("scratch")?,
        kept: keys
            .facts
            .attempt
            .as_ref()
            .map_or_else(BTreeSet::new, |it| it.kept.clone()),
        hash,
        steps,
        at_once: 1,
        on_stuck: job.stuck,
    })
}

/// The steps that an attempt runs.
fn attempted(steps: Vec<StepSpec>, attempt: &Attempt) -> Vec<StepSpec> {
    let repeated = |step: &StepSpec| !attempt.done.contains(&step.name);
    let marked = |step: StepSpec| StepSpec {
        attempt: Some(attempt.of_step(&step.name)),
        ..step
    };
    steps.into_iter().filter(repeated).map(marked).collect()
}

fn expand_step(
    step: &Step,
    job: &Job,
    keys: &Keys<'_>,
    fitted: &Fitted,
) -> Result<StepSpec, Refusal> {
    let gone = |what: &str| {
        Refusal::new(
            format!("step {:?}: {what} was not read", step.name.as_str()),
            "try again",
        )
    };
    let text =
        |pieces: &Arg| -> Option<String> { pieces.iter().map(|piece| keys.piece(piece)).collect() };
    let file = |file: &StepFile| keys.step_file(file);
    let args: Option<Vec<String>> = step.args.iter().map(text).collect();
    let work = step.work.map(file, text);
    let mut submission = step.spark.submission.map(file);
    if let Some(more) = &mut submission {
        for location in keys.neighbours(step) {
            if !more.py_files.contains(&location) {
                more.py_files.push(location);
            }
        }
    }
    let mut conf = step.spark.conf.clone();
    let archive = job
        .archive()
        .filter(|_| matches!(step.work, Work::Script(_)));
    if let (Some(archive), Some(more)) = (archive, &mut submission) {
        more.archives.push(LinkedFile {
            file: keys
                .step_file(archive)
                .ok_or_else(|| gone("its environment"))?,
            link: Some(ENVIRONMENT.to_owned()),
        });
        conf.entry(PYTHON.to_owned())
            .or_insert_with(|| ENVIRONMENT_PYTHON.to_owned());
    }
    if let Some(more) = &mut submission {
        software::add_needed(keys.stack, &mut conf, &mut more.jars);
    }
    let defaulted = || software::executor_memory(keys.stack, keys.facts);
    let executor_memory = match step.spark.executor_memory.or_else(defaulted) {
        Some(memory) => memory,
        None if !step.work.is_spark() => fitted.worker.memory,
        None => automatic(fitted.worker.memory).ok_or_else(|| {
            Refusal::new(
                format!("no executor fits into {}", fitted.worker.memory),
                "use fewer or larger nodes",
            )
        })?,
    };
    Ok(StepSpec {
        name: step.name.clone(),
        work: work.ok_or_else(|| gone("its file"))?,
        args: args.ok_or_else(|| gone("data that it takes"))?,
        executor_memory,
        conf,
        submission: submission.ok_or_else(|| gone("a file for Spark"))?,
        on_failure: step.on_failure,
        attempt: None,
    })
}

/// The step with its locations, and the settings that it has to get itself.
fn placed(step: &StepSpec, keys: &Keys<'_>, place: &impl Fn(&str) -> String) -> Option<StepSpec> {
    let one = |text: &String| Some(place(text));
    Some(StepSpec {
        work: step.work.map(one, one)?,
        args: step.args.iter().map(|arg| place(arg)).collect(),
        submission: step.submission.map(one)?,
        conf: software::conf(keys.stack, keys.facts, step.conf.clone()),
        ..step.clone()
    })
}

/// What a step computes besides its script, arguments and settings: nothing for a step as an older
/// clusterup had them, so that its hash stays.
#[derive(Serialize)]
struct Besides<'a> {
    work: Option<&'a Work<String, String>>,
    submission: Submission<String>,
    on_failure: OnFailure,
}

impl<'a> Besides<'a> {
    fn of(step: &'a StepSpec) -> Option<Self> {
        let besides = Self {
            work: Some(&step.work).filter(|work| !matches!(work, Work::Script(_))),
            submission: step.submission.without_sizes(),
            on_failure: step.on_failure,
        };
        let is_empty =
            besides.work.is_none() && besides.submission.is_empty() && besides.on_failure.is_stop();
        (!is_empty).then_some(besides)
    }
}

/// The digest of what a job computes: contents of its files and data, arguments, settings, packages
/// and configurations. Numbers and sizes of executors and drivers, and the bucket's location, only
/// change where and how fast it runs.
fn hash<'a>(
    packages: impl Iterator<Item = &'a String>,
    steps: &[StepSpec],
    software: &[String],
) -> Result<JobHash, Refusal> {
    let mut digest = Sha256::new();
    let mut feed = |text: &str| {
        // Hashing the length distinguishes ("ab", "c") from ("a", "bc").
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    };
    feed("job 1");
    packages.for_each(|package| feed(package));
    for step in steps {
        feed("step");
        feed(step.name.as_str());
        match &step.work {
            Work::Script(script) => feed(script),
            Work::Jar { .. }
            | Work::Sql(_)
            | Work::Hive(_)
            | Work::Command(_)
            | Work::Shell(_)
            | Work::Copy { .. } => feed(""),
        }
        step.args.iter().for_each(|arg| feed(arg));
        feed("conf");
        for (key, value) in &step.conf {
            feed(key);
            feed(value);
        }
        if let Some(besides) = Besides::of(step) {
            feed("besides");
            feed(&serde_json::to_string(&besides).map_err(|_| undigested())?);
        }
    }
    // A stack without any has the hash that an older clusterup computed.
    if !software.is_empty() {
        feed("software");
        software.iter().for_each(|text| feed(text));
    }
    hex(&digest.finalize()[..8])
        .parse()
        .map_err(|_| undigested())
}

fn undigested() -> Refusal {
    Refusal::new("the job has no digest", "report this as a bug")
}
