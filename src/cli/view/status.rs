//! A stack's clusters, as `status` shows them.

use super::diagnosis::Outcome;
use super::words::{count, long, wrap};
use super::{diagnosis, safeguards};
use crate::app::target::Target;
use crate::cost::meter::rate;
use crate::guard;
use crate::model::diagnosis::Diagnosis;
use crate::model::extension::Extension;
use crate::model::hint::CommandContext;
use crate::model::name::StackName;
use crate::model::observed::{Cluster, Observed, Step, StepState};
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// Renders one stack: what exists, its cluster, or the record of its last.
pub(in crate::cli) fn render(
    stack: &StackName,
    observed: &Observed,
    target: &Target<'_>,
    here: &CommandContext,
) -> String {
    let mut text = format!("stack {stack}\n");
    let keys = observed
        .key_pairs
        .iter()
        .map(|pair| format!("key pair {}", pair.name));
    let groups = observed
        .security_groups
        .iter()
        .map(|g| format!("security group {}", g.name));
    let bucket = observed.bucket.as_ref().map(|objects| {
        let bytes: u64 = objects.values().sum();
        let objects = count(objects.len() as u64, "object");
        format!("bucket ({objects}, {})", super::words::size(bytes))
    });
    let things: Vec<String> = keys.chain(groups).chain(bucket).collect();
    if !things.is_empty() {
        let _ = writeln!(text, "  {}", things.join(", "));
    }
    for cluster in observed.clusters.iter().rev() {
        text.push_str(&render_cluster(cluster, observed.at, target, here));
    }
    text
}

/// Renders one cluster, its safeguards and steps.
pub(in crate::cli) fn render_cluster(
    cluster: &Cluster,
    now: DateTime<Utc>,
    target: &Target<'_>,
    here: &CommandContext,
) -> String {
    let mut text = String::new();
    let age = long(cluster.ended_at.unwrap_or(now) - cluster.created_at);
    let state = serde_json::to_value(cluster.state).ok();
    let state = state
        .as_ref()
        .and_then(|state| state.as_str())
        .unwrap_or("?")
        .to_owned();
    let size = &cluster.spec.size;
    let _ = writeln!(text, "  cluster {}  {state}  {size}, age {age}", cluster.id);
    match (&cluster.end, cluster.ended_at) {
        (Some(end), Some(at)) => {
            let _ = writeln!(
                text,
                "    ended {}: {}",
                at.format("%F %H:%M:%S UTC"),
                end.message
            );
        }
        (Some(end), None) => {
            let _ = writeln!(text, "    ending: {}", end.message);
        }
        (None, _) if !cluster.attended => {
            text.push_str("    recorded but never started; apply continues it\n");
        }
        (None, _) => running(cluster, now, &mut text),
    }
    for extension in &cluster.extensions {
        let _ = writeln!(text, "    {}", wrap(&extended(extension), 6));
    }
    for line in safeguards::lines(&cluster.safeguards, here) {
        let _ = writeln!(text, "    {line}");
    }
    if let Some(cost) = cost(cluster, now, target) {
        let _ = writeln!(text, "    {cost}");
    }
    let here = &of(&cluster.stack, here);
    if let Some(diagnosis) = &cluster.diagnosis {
        text.push_str(&why("its start", diagnosis, here));
    }
    for step in &cluster.steps {
        text.push_str(&step_line(step, now));
        if let Some(diagnosis) = &step.diagnosis {
            text.push_str(&why(&format!("step {}", step.name), diagnosis, here));
        }
        text.push_str(&stuck(step, here));
    }
    text
}

fn running(cluster: &Cluster, now: DateTime<Utc>, text: &mut String) {
    let idle = guard::idle_since(cluster).map(|since| format!("idle for {}, ", long(now - since)));
    let _ = writeln!(
        text,
        "    {}{}",
        idle.unwrap_or_default(),
        until(cluster, now)
    );
}

/// When the guardrails will end a running cluster, and which of them.
pub(in crate::cli) fn until(cluster: &Cluster, now: DateTime<Utc>) -> String {
    let deadline = guard::deadline(now, cluster);
    let left = long(deadline.at - now);
    let at = deadline.at.format("%H:%M:%S UTC");
    format!("{} ends it in {left}, at {at}", deadline.cause)
}

/// What a cluster has cost; `None` if its prices are unknown.
fn cost(cluster: &Cluster, now: DateTime<Utc>, target: &Target<'_>) -> Option<String> {
    let spent = guard::spent(cluster, now)?;
    let rates = cluster.spec.rates.as_ref()?;
    let spent = spent.total.up_to(4);
    let label = match (target.costs(), cluster.ended_at) {
        (true, Some(_)) => "it cost",
        (true, None) => "cost so far",
        (false, Some(_)) => "on EMR it would have cost",
        (false, None) => "on EMR it would have cost so far",
    };
    let budget = cluster.guardrails().budget;
    let budget = budget.map_or(String::new(), |budget| format!(" of a budget of {budget}"));
    let rate = rate(rates, &cluster.instance_spans, now).up_to(4);
    let rate = match cluster.ended_at {
        Some(_) => String::new(),
        None => format!(", {rate}/h now"),
    };
    Some(format!("{label} {spent}{budget}{rate}"))
}

/// The line on an extension: to what, by whom, when and why.
fn extended(extension: &Extension) -> String {
    let Extension { at, by, why, .. } = extension;
    let lifetime = extension
        .max_lifetime
        .map(|to| format!("max_lifetime {to}"));
    let budget = extension.budget.map(|to| format!("budget {to}"));
    let what: Vec<String> = lifetime.into_iter().chain(budget).collect();
    let what = what.join(", ");
    let at = at.format("%F %H:%M UTC");
    format!("extended to {what} by {by} at {at}: {why}")
}

/// How a step hangs, or hung when its cluster ended.
fn stuck(step: &Step, here: &CommandContext) -> String {
    let is_over = !matches!(step.state, StepState::Running | StepState::Interrupted);
    let all = step.stuck.iter().filter(|_| !is_over);
    let what = format!("step {}", step.name);
    all.map(|stuck| shown(&what, Outcome::Stuck, &stuck.diagnosis, here))
        .collect()
}

/// Why something failed.
fn why(what: &str, diagnosis: &Diagnosis, here: &CommandContext) -> String {
    shown(what, Outcome::Failed, diagnosis, here)
}

/// The context of commands for a stack, which the command line may not name.
pub(in crate::cli) fn of(stack: &StackName, here: &CommandContext) -> CommandContext {
    let mut here = here.clone();
    here.stack.get_or_insert_with(|| stack.to_string());
    here
}

/// A diagnosis, indented.
fn shown(what: &str, outcome: Outcome, diagnosis: &Diagnosis, here: &CommandContext) -> String {
    let shown = diagnosis::Shown {
        what,
        outcome,
        diagnosis,
        searched: &[],
        has_stack: false,
        indent: 6,
    };
    diagnosis::render(shown, here) + "\n"
}

fn step_line(step: &Step, now: DateTime<Utc>) -> String {
    let state = serde_json::to_value(step.state).ok();
    let state = state
        .as_ref()
        .and_then(|state| state.as_str())
        .unwrap_or("?")
        .to_owned();
    let took = match (step.started_at, step.ended_at) {
        (Some(from), to) => format!(", {}", long(to.unwrap_or(now) - from)),
        (None, _) => String::new(),
    };
    let ui = match (&step.ui, step.state) {
        (Some(ui), StepState::Running) => format!(", Spark UI {ui}"),
        _ => String::new(),
    };
    format!("    step {}  {state}{took}{ui}\n", step.name)
}
