//! The summary of a run, at most fifteen lines of at most 80 columns.

use super::words::{count, long, size};
use crate::model::memory::Memory;
use crate::model::observed::StepState;
use crate::model::shown::line;
use crate::summary::{
    Alone, Capacity, Cheaper, Faster, Held, Idle, LocalMaster, Longest, Loss, LostExecutors,
    Remark, Run, Skew, Spilled, Times, Volume,
};
use chrono::TimeDelta;
use serde::Serialize;

/// Said of a run that has no event log.
pub(in crate::cli) const NO_LOG: &str = "  it has no event log: it does not start Spark itself, \
    or\n  its settings turn the log off or write it elsewhere";

const COLUMNS: usize = 80;

/// The room for the first words of lines.
const HEAD: usize = 12;

/// Renders a run.
pub(in crate::cli) fn render(run: &Run) -> String {
    let mut lines = vec![title(run)];
    for remark in run.remarks() {
        let (head, text) = words(&remark);
        let text = line(&text, COLUMNS - HEAD - 2);
        lines.push(format!("  {head:<HEAD$}{text}"));
    }
    lines.join("\n")
}

/// The run as JSON: its figures, and the remarks that are lines on a screen.
pub(in crate::cli) fn document(run: Run) -> RunDocument {
    RunDocument {
        remarks: run.remarks(),
        run,
    }
}

/// What one step of a run did.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct RunDocument {
    #[serde(flatten)]
    run: Run,
    /// What is worth knowing about it.
    remarks: Vec<Remark>,
}

fn title(run: &Run) -> String {
    let took = run.wall().map(long);
    let how = match (run.state, took) {
        (StepState::Completed, Some(took)) => format!("ended well in {took}"),
        (StepState::Failed, Some(took)) => format!("failed after {took}"),
        (StepState::Interrupted, Some(took)) => format!("was interrupted after {took}"),
        (StepState::Running, _) => "is still running".to_owned(),
        (_, Some(took)) => format!("ended after {took}"),
        (_, None) => "did not end".to_owned(),
    };
    let cost = run
        .cost
        .map(|cost| format!("; the cluster cost {}", cost.up_to(2)));
    format!(
        "{} {how}{}",
        line(run.step.as_str(), 30),
        cost.unwrap_or_default()
    )
}

/// A remark's first word, and the rest of its line.
fn words(remark: &Remark) -> (&'static str, String) {
    match remark {
        Remark::Cluster(times) => ("cluster", cluster(*times)),
        Remark::Executors(capacity) => ("ran on", executors(*capacity)),
        Remark::LocalMaster(local) => ("idle", local_master(local)),
        Remark::IdleExecutors(Idle { idle, count }) => {
            let text = format!("{idle} of {count} executors ran no task: too few partitions");
            ("idle", text)
        }
        Remark::DriverAlone(alone) => ("driver", driver(alone)),
        Remark::Memory(held) => ("memory", memory(*held)),
        Remark::Longest(stage) => ("longest", longest(stage)),
        Remark::Skew(stage) => ("skew", skew(*stage)),
        Remark::Spilled(Spilled { bytes, stage }) => {
            let stage = stage.map(|stage| format!(", most in stage {stage}"));
            let stage = stage.unwrap_or_default();
            ("spilled", format!("{} to disk{stage}", size(*bytes)))
        }
        Remark::GarbageCollection { percent } => ("GC", format!("{percent}% of the tasks' time")),
        Remark::Data(volume) => {
            let Volume {
                read,
                written,
                shuffled,
            } = *volume;
            let [read, written, shuffled] = [read, written, shuffled].map(size);
            (
                "read, wrote",
                format!("{read}, {written}; shuffled {shuffled}"),
            )
        }
        Remark::Lost(executors) => ("lost", lost(*executors)),
        Remark::Cheaper(cheaper) => ("cheaper", self::cheaper(cheaper)),
        Remark::Faster(Faster { stage, saved_ms }) => {
            let less = time(*saved_ms);
            (
                "faster",
                format!("fix the skew of stage {stage}: about {less} less"),
            )
        }
        Remark::Incomplete => (
            "log",
            "ends before the application: the figures are lower bounds".to_owned(),
        ),
    }
}

fn cluster(times: Times) -> String {
    let seconds = |seconds: u64| time(seconds.saturating_mul(1_000));
    let Times {
        starting,
        working,
        idle,
    } = times;
    let [starting, working, idle] = [starting, working, idle].map(seconds);
    format!("{starting} starting, {working} at work, {idle} idle")
}

fn executors(capacity: Capacity) -> String {
    let there = match capacity.asked {
        Some(asked) => format!("{} of {asked} executors asked for,", capacity.at_once),
        None => count(u64::from(capacity.at_once), "executor"),
    };
    let memory = capacity.memory.map(|memory| format!(" {memory},"));
    let memory = memory.unwrap_or_default();
    let cores = count(u64::from(capacity.cores), "core");
    let slots = count(u64::from(capacity.slots), "slot");
    format!(
        "{there} of{memory} {cores}; {slots}, busy {}%",
        capacity.busy_percent
    )
}

fn local_master(local: &LocalMaster) -> String {
    let workers = count(u64::from(local.workers), "worker");
    let cost = local.cost.map(|cost| format!(", for {}", cost.up_to(2)));
    let cost = cost.unwrap_or_default();
    format!(
        "{workers} had no work{cost}: the script sets master {}",
        local.master
    )
}

fn driver(alone: &Alone) -> String {
    let Alone {
        total_ms,
        percent,
        after,
    } = alone;
    let after = after.as_ref().map(|after| format!(", most after {after}"));
    let after = after.unwrap_or_default();
    format!("alone for {} ({percent}%){after}", time(*total_ms))
}

fn memory(held: Held) -> String {
    let of = |bytes: u64, limit: Option<Memory>| match limit {
        Some(limit) => format!("{} of {limit}", size(bytes)),
        None => size(bytes),
    };
    let executor = held.executor.map(|bytes| of(bytes, held.executor_limit));
    let executor = executor.map(|held| format!("executors held {held}"));
    let python = held.python.map(|bytes| format!("Python {}", size(bytes)));
    let executors: Vec<String> = executor.into_iter().chain(python).collect();
    let executors = (!executors.is_empty()).then(|| executors.join(", "));
    let driver = held.driver.map(|bytes| of(bytes, held.driver_limit));
    let driver = driver.map(|held| format!("driver {held}"));
    let parts: Vec<String> = executors.into_iter().chain(driver).collect();
    parts.join("; ")
}

fn longest(stage: &Longest) -> String {
    let name = line(&stage.name, 36);
    let tasks = count(stage.tasks, "task");
    format!(
        "stage {}, {name}: {}, {tasks}",
        stage.stage,
        time(stage.wall_ms)
    )
}

fn skew(skew: Skew) -> String {
    let [longest, median] = [skew.longest_ms, skew.median_ms].map(time);
    let [read, median_read] = [skew.read, skew.median_read].map(size);
    let took = format!("stage {}: one task {longest}, median {median}", skew.stage);
    format!("{took}; it read {read}, median {median_read}")
}

fn lost(executors: LostExecutors) -> String {
    let lost = count(executors.count as u64, "executor");
    let again = match executors.repeated_ms {
        0 => String::new(),
        ms => format!(", stages ran again for {}", time(ms)),
    };
    format!("{lost} ({}){again}", loss(executors.why))
}

fn cheaper(cheaper: &Cheaper) -> String {
    let nodes = count(u64::from(cheaper.core_nodes), "core node");
    let cost = cheaper.cost.up_to(2);
    let instead = cheaper.instead_of;
    format!("{nodes} instead of {instead} would do: {cost}, if nothing else changes")
}

const fn loss(why: Loss) -> &'static str {
    match why {
        Loss::Node => "its node went away",
        Loss::Memory => "out of memory",
        Loss::Silent => "no answer",
        Loss::Other => "cause in the logs",
    }
}

fn time(ms: u64) -> String {
    match ms {
        1..1_000 => format!("{ms}ms"),
        _ => long(TimeDelta::milliseconds(
            i64::try_from(ms).unwrap_or(i64::MAX),
        )),
    }
}

#[cfg(test)]
mod tests;
