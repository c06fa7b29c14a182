//! Expands a job: every location is resolved, and a hash identifies the job.

use super::fit::Fitted;
use super::keys::{BUCKET, JOB, Keys, WRITTEN};
use super::memory::automatic;
use super::refusal::Refusal;
use super::software;
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::hex::hex;
use crate::model::name::JobHash;
use crate::model::stack::{Job, Step};
use sha2::{Digest, Sha256};

pub(super) fn expand(job: &Job, keys: &Keys<'_>, fitted: &Fitted) -> Result<JobSpec, Refusal> {
    let steps = job.steps.iter().map(|step| expand_step(step, keys, fitted));
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    let hash = hash(job, &steps, &software::identity(keys.stack))?;
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
        .into_iter()
        .map(|step| StepSpec {
            script: place(&step.script),
            args: step.args.iter().map(|arg| place(arg)).collect(),
            conf: software::conf(keys.stack, keys.facts, step.conf.clone()),
            ..step
        })
        .collect();
    let below = |folder: &str| {
        let path = format!("{folder}/{hash}").parse();
        path.map_err(|_| Refusal::new("the job has no folder", "report this as a bug"))
    };
    Ok(JobSpec {
        results_key: below("results")?,
        scratch_key: below("scratch")?,
        hash,
        steps,
        at_once: 1,
    })
}

fn expand_step(step: &Step, keys: &Keys<'_>, fitted: &Fitted) -> Result<StepSpec, Refusal> {
    let gone = |what: &str| {
        Refusal::new(
            format!("step {:?}: {what} was not read", step.name.as_str()),
            "try again",
        )
    };
    let arg = |pieces: &Vec<_>| pieces.iter().map(|piece| keys.piece(piece)).collect();
    let args: Option<Vec<String>> = step.args.iter().map(arg).collect();
    let defaulted = || software::executor_memory(keys.stack, keys.facts);
    let executor_memory = match step.spark.executor_memory.or_else(defaulted) {
        Some(memory) => memory,
        None => automatic(fitted.worker.memory).ok_or_else(|| {
            Refusal::new(
                format!("no executor fits into {}", fitted.worker.memory),
                "use fewer or larger nodes",
            )
        })?,
    };
    Ok(StepSpec {
        name: step.name.clone(),
        script: keys.script_of(step).ok_or_else(|| gone("its script"))?,
        args: args.ok_or_else(|| gone("data that it takes"))?,
        executor_memory,
        conf: step.spark.conf.clone(),
    })
}

/// The digest of what a job computes: contents of scripts and data, arguments, settings, packages and
/// configurations. Executor memory and the bucket's location only change where and how fast it runs.
fn hash(job: &Job, steps: &[StepSpec], software: &[String]) -> Result<JobHash, Refusal> {
    let mut digest = Sha256::new();
    let mut feed = |text: &str| {
        // Hashing the length distinguishes ("ab", "c") from ("a", "bc").
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    };
    feed("job 1");
    job.python_packages.iter().for_each(|package| feed(package));
    for step in steps {
        feed("step");
        feed(step.name.as_str());
        feed(&step.script);
        step.args.iter().for_each(|arg| feed(arg));
        feed("conf");
        for (key, value) in &step.conf {
            feed(key);
            feed(value);
        }
    }
    // A stack without any has the hash that an older clusterup computed.
    if !software.is_empty() {
        feed("software");
        software.iter().for_each(|text| feed(text));
    }
    hex(&digest.finalize()[..8])
        .parse()
        .map_err(|_| Refusal::new("the job has no digest", "report this as a bug"))
}
