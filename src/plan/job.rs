//! Expands a job: every location is resolved, and a hash identifies the job.

use super::fit::Fitted;
use super::keys::{BUCKET, JOB, Keys, WRITTEN};
use super::refusal::Refusal;
use super::sizing::{ChosenConf, Sizing};
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
    let expanded = |job: &Job| -> Result<Vec<(StepSpec, ChosenConf)>, Refusal> {
        let steps = job.steps.iter();
        steps
            .map(|step| expand_step(step, job, keys, fitted))
            .collect()
    };
    let (steps, chosen): (Vec<_>, Vec<_>) = expanded(job)?.into_iter().unzip();
    let software = software::identity(keys.stack);
    let hash = hash(packages(job, keys.facts), &steps, &software)?;
    // A retry is the same job, whatever memory it has.
    let steps = match &keys.facts.attempt {
        None => steps.into_iter().zip(chosen).collect(),
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
    let steps = steps
        .iter()
        .map(|(step, chosen)| placed(step, chosen, keys, &place));
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
fn attempted(steps: Vec<(StepSpec, ChosenConf)>, attempt: &Attempt) -> Vec<(StepSpec, ChosenConf)> {
    let repeated = |(step, _): &(StepSpec, ChosenConf)| !attempt.done.contains(&step.name);
    let marked = |(step, chosen): (StepSpec, ChosenConf)| {
        let attempt = Some(attempt.of_step(&step.name));
        (StepSpec { attempt, ..step }, chosen)
    };
    steps.into_iter().filter(repeated).map(marked).collect()
}

/// The step, and the settings that only change how fast it runs.
fn expand_step(
    step: &Step,
    job: &Job,
    keys: &Keys<'_>,
    fitted: &Fitted,
) -> Result<(StepSpec, ChosenConf), Refusal> {
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
    let sizing = Sizing::of(step, keys.stack, keys.facts, fitted)?;
    if let Some(more) = &mut submission {
        more.executors = sizing.executors;
        more.executor_cores = sizing.cores;
    }
    let spec = StepSpec {
        name: step.name.clone(),
        work: work.ok_or_else(|| gone("its file"))?,
        args: args.ok_or_else(|| gone("data that it takes"))?,
        executor_memory: sizing.memory,
        conf,
        submission: submission.ok_or_else(|| gone("a file for Spark"))?,
        on_failure: step.on_failure,
        attempt: None,
    };
    Ok((spec, sizing.conf))
}

/// The step with its locations, and the settings that it has to get itself.
fn placed(
    step: &StepSpec,
    chosen: &ChosenConf,
    keys: &Keys<'_>,
    place: &impl Fn(&str) -> String,
) -> Option<StepSpec> {
    let one = |text: &String| Some(place(text));
    let mut conf = step.conf.clone();
    let chosen = chosen.iter().cloned();
    conf.extend(chosen.map(|(key, value)| (key.to_owned(), value)));
    Some(StepSpec {
        work: step.work.map(one, one)?,
        args: step.args.iter().map(|arg| place(arg)).collect(),
        submission: step.submission.map(one)?,
        conf: software::conf(keys.stack, keys.facts, conf),
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
