//! Expands a `Stack` and `Facts` into `Desired`, with every choice made.

use super::beside::Beside;
use super::bids;
use super::bootstrap;
use super::fit::{self, Fitted};
use super::job;
use super::keys::{Keys, Staged};
use super::launch;
use super::network;
use super::not_here;
use super::refusal::Refusal;
use super::sampling;
use super::software;
use super::steps;
use crate::cost::meter::accrued;
use crate::model::desired::{ClusterSpec, Desired, InstanceGroups, JobSpec, KeyPairSpec, Object};
use crate::model::emr_settings::EmrSettings;
use crate::model::facts::{Capacity, Facts};
use crate::model::hint::Command;
use crate::model::releases;
use crate::model::span::Span;
use crate::model::stack::{Stack, WhenDone};
use crate::model::worst_mix;
use chrono::DateTime;
use std::collections::BTreeSet;

/// Returns the desired state, and notes about the choices that a person should know.
///
/// # Errors
/// Returns every reason why the stack cannot run.
pub fn expand(stack: &Stack, facts: &Facts) -> Result<(Desired, Vec<String>), Vec<Refusal>> {
    let fitted = fit::fit(&stack.cluster, facts.capacity).map_err(|refusal| vec![refusal])?;
    let mut refusals = check(stack, facts, &fitted);
    let keys = Keys::new(stack, facts);
    let job = stack
        .job
        .as_ref()
        .map(|job| job::expand(job, &keys, &fitted))
        .transpose();
    let at_once = launch::at_once(stack, facts);
    let job = job.map(|job| job.map(|job| JobSpec { at_once, ..job }));
    let job = job.map_err(|refusal| refusals.push(refusal)).ok().flatten();
    let bootstrap = bootstrap::expand(stack, facts);
    let bootstrap = bootstrap.map_err(|refusal| refusals.push(refusal));
    let bootstrap = bootstrap.unwrap_or_default();
    refusals.extend(job.iter().flat_map(|job| steps::check(stack, job, facts)));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let desired = Desired {
        stack: stack.name.clone(),
        key_pairs: key_pairs(stack, facts),
        security_groups: network::groups(stack, facts),
        objects: objects(stack, facts, &keys),
        cluster: ClusterSpec {
            bootstrap,
            ..cluster(stack, facts, &fitted)
        },
        job,
        elastic: facts.capacity == Capacity::AsTyped,
    };
    let mut notes = notes(stack, facts, &fitted);
    notes.extend(sampling::notes(stack, facts, &keys));
    notes.extend(steps::notes(stack, facts));
    notes.extend(retry_note(stack));
    Ok((desired, notes))
}

/// Who retries, and how often.
fn retry_note(stack: &Stack) -> Option<String> {
    let retry = stack.job.as_ref()?.retry.as_ref()?;
    let times = match retry.attempts {
        0 | 1 => return None,
        2 => "once".to_owned(),
        attempts => format!("up to {} times", attempts - 1),
    };
    let on: Vec<_> = retry.on.iter().map(|class| class.as_str()).collect();
    let on = on.join(", ");
    let within = match stack.guardrails.budget {
        Some(budget) => format!(", all attempts together within {budget}"),
        None => String::new(),
    };
    Some(format!(
        "after a failure ({on}) this apply runs the job again {times} without asking{within}; with \
         --detach nobody does"
    ))
}

/// Notes about what differs from the stack: on this machine instead of EMR.
fn notes(stack: &Stack, facts: &Facts, fitted: &Fitted) -> Vec<String> {
    let mut notes: Vec<String> = fitted.note().into_iter().collect();
    notes.extend(software::notes(stack, facts));
    notes.extend(network::notes(stack, facts));
    if facts.capacity == Capacity::AsTyped {
        notes.extend(launch::notes(stack));
        return notes;
    }
    notes.extend(not_here::notes(stack));
    let release = &stack.cluster.release;
    if release.major() != 7 {
        let label = release.to_string();
        let known = releases::spark(&label).zip(releases::python(&label));
        let other = known.map_or_else(
            || "another version".to_owned(),
            |(spark, python)| format!("Spark {spark} and Python {python}"),
        );
        notes.push(format!(
            "this machine runs Spark 3.5, as EMR 7.x does; {release} has {other}"
        ));
    }
    if let Some(budget) = stack.guardrails.budget {
        notes.push(format!(
            "nothing is billed here: the budget of {budget} counts what EMR would have cost"
        ));
    }
    notes
}

fn check(stack: &Stack, facts: &Facts, fitted: &Fitted) -> Vec<Refusal> {
    let steps = stack.job.iter().flat_map(|job| &job.steps);
    let mut refusals: Vec<Refusal> = steps
        .filter_map(|step| {
            let beside = Beside::at_least(step, stack, facts);
            let memory = step.spark.executor_memory?;
            fitted.holds(memory, &beside, step.name.as_str()).err()
        })
        .collect();
    let metered = facts.capacity == Capacity::AsTyped || stack.guardrails.budget.is_some();
    if let (Err(why), true) = (&facts.prices, metered) {
        let next = Command::clusterup("prices refresh --region").arg(stack.region.as_str());
        refusals.push(Refusal::new(format!("its price is unknown: {why}"), next));
    }
    refusals.extend(bids::refusals(stack, facts));
    refusals.extend(too_poor(stack, facts));
    refusals.extend(too_old(stack, facts));
    refusals.extend(software::refusals(stack, facts, fitted));
    refusals.extend(network::refusal(stack, facts));
    let lease = stack.guardrails.lease.filter(|lease| *lease < MIN_LEASE);
    if let (Some(lease), Capacity::AsTyped) = (lease, facts.capacity) {
        refusals.push(Refusal::new(
            format!("a lease of {lease} could expire while apply still follows the cluster"),
            format!("set it to {MIN_LEASE} or more"),
        ));
    }
    if stack.job.is_none() && stack.guardrails.when_done == WhenDone::Terminate {
        refusals.push(Refusal::new(
            "the stack has no job, so its cluster would end as soon as it starts",
            "add a job, or set guardrails: { when_done: keep }",
        ));
    }
    refusals.extend(sampling::nothing_to_sample(stack, facts));
    refusals
}

/// An apply checks EMR about every half minute, and schedules fire to the minute.
const MIN_LEASE: Span = Span::from_secs(600);

/// Refuses a budget that even the shortest life exceeds, termination included.
fn too_poor(stack: &Stack, facts: &Facts) -> Option<Refusal> {
    let budget = stack.guardrails.budget?;
    let rates = facts.prices.as_ref().ok()?;
    let born = DateTime::UNIX_EPOCH;
    let groups = InstanceGroups::of(&stack.cluster);
    let instance_spans = worst_mix::spans(&groups, Some(rates), born, None);
    let min_cost = accrued(rates, &instance_spans, born + facts.ending.delta()).total;
    (min_cost >= budget).then(|| {
        let min_cost = min_cost.up_to(2);
        let ending = facts.ending;
        let what = format!(
            "a budget of {budget} is too small: the first minute and an ending of up to {ending} \
             cost {min_cost}"
        );
        let fix = format!("set it above {min_cost}, or use fewer or smaller nodes");
        Refusal::new(what, fix)
    })
}

/// Refuses a setting that the release does not have.
fn too_old(stack: &Stack, facts: &Facts) -> Option<Refusal> {
    let release = &stack.cluster.release;
    let label = facts.label.clone().unwrap_or(release.to_string());
    let missing = stack.cluster.emr.unsupported(&label);
    let missing = missing.or_else(|| launch::unsupported(stack, &label));
    let (key, releases) = missing.filter(|_| facts.capacity == Capacity::AsTyped)?;
    Some(Refusal::new(
        format!("{label} has no {key}"),
        format!("take one of {releases}, or leave {key} out"),
    ))
}

fn key_pairs(stack: &Stack, facts: &Facts) -> Vec<KeyPairSpec> {
    let spec = |name: &crate::model::name::KeyPairName| KeyPairSpec {
        name: name.clone(),
        public_key: facts.public_keys.get(name).cloned(),
    };
    stack
        .key_pairs
        .iter()
        .map(|pair| spec(&pair.name))
        .collect()
}

fn objects(stack: &Stack, facts: &Facts, keys: &Keys<'_>) -> Vec<Object> {
    let mut objects = BTreeSet::new();
    for file in facts.step_files.all() {
        let staged = Staged {
            key: Keys::script(file),
            file,
            sampling: None,
        };
        objects.insert(staged.object());
    }
    for file in bootstrap::scripts(stack, facts) {
        let script = Staged {
            key: Keys::script(file),
            file,
            sampling: None,
        };
        objects.insert(script.object());
    }
    for (name, input) in &facts.data {
        objects.extend(keys.staged(name, input).into_iter().map(Staged::object));
    }
    objects.into_iter().collect()
}

/// The settings with every configuration that they need.
fn configured(emr: &EmrSettings) -> EmrSettings {
    let mut emr = emr.clone();
    emr.software.configurations = emr.software.configured();
    emr
}

fn cluster(stack: &Stack, facts: &Facts, fitted: &Fitted) -> ClusterSpec {
    let cluster = &stack.cluster;
    let groups = InstanceGroups::of(cluster);
    ClusterSpec {
        release: cluster.release.clone(),
        label: facts.label.clone(),
        team: stack.team.clone(),
        tags: stack.tags.clone(),
        size: groups.size(),
        groups,
        workers: fitted.workers,
        worker: fitted.worker,
        key_pair: network::key_pair(stack, facts),
        security_groups: network::groups_of_cluster(stack, facts),
        network: network::of_cluster(stack, facts),
        // EMR's settings do not apply on this machine.
        emr: if facts.capacity == Capacity::AsTyped {
            configured(&cluster.emr)
        } else {
            EmrSettings::default()
        },
        bootstrap: Vec::new(),
        step_concurrency: launch::at_once(stack, facts),
        termination_protection: cluster.termination_protection
            && facts.capacity == Capacity::AsTyped,
        python_packages: stack
            .job
            .iter()
            .flat_map(|job| job::packages(job, facts))
            .cloned()
            .collect(),
        guardrails: stack.guardrails.clone(),
        rates: facts.prices.as_ref().ok().cloned(),
        ending: facts.ending,
        overridden: None,
        budgets: Vec::new(),
    }
}
