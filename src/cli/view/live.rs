//! A job that is followed: the lines of a screen that is drawn again and again, and the line of a pipe.
//! The same text comes from the same observation and the same time.

use super::words::{count, long};
use crate::cost::meter::accrued;
use crate::guard;
use crate::model::event::SparkProgress;
use crate::model::job_now::{Basis, JobNow, StepNow, TimeLeft, UsualStart};
use crate::model::money::Usd;
use crate::model::observed::{Cluster, ClusterState, Step, StepState};
use crate::model::shown::line;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// How many steps are shown at most.
const MAX_STEPS: usize = 6;
/// How many lines of what the job prints are shown at most.
const MAX_PRINTED: usize = 6;
/// The width of the bar, in characters.
const BAR: usize = 12;
/// The most characters of a name.
const MAX_NAME: usize = 24;

/// The lines of a screen of this width, in columns.
pub(in crate::cli) fn lines(now: &JobNow, at: DateTime<Utc>, width: usize) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", now.cluster.stack, phase(now, at))];
    lines.extend(steps(now, at));
    lines.push(format!("  {}", money(now, at)));
    if now.cluster.state.is_live() {
        lines.push(format!("  {}", super::status::until(&now.cluster, at)));
    }
    let running = now.running.iter();
    lines.extend(running.flat_map(|step| printed(step, MAX_PRINTED)));
    lines.iter().map(|line| cut(line, width)).collect()
}

/// The line of a pipe, without the time.
pub(in crate::cli) fn change(now: &JobNow, at: DateTime<Utc>) -> String {
    let Some(step) = &now.running else {
        return phase(now, at);
    };
    let step_of = now.cluster.steps_of(&now.job);
    let mut running = step_of.filter(|it| it.state == StepState::Running);
    let took = running.next().and_then(|step| step.started_at);
    let took = took.map(|from| format!(" for {}", long(at - from)));
    let mut parts: Vec<String> = step.spark.map(short).into_iter().collect();
    parts.extend(now.left.map(|left| remaining(now, left, at)));
    parts.extend(spent(now, at));
    let name = &step.name;
    format!(
        "{name} runs{}: {}",
        took.unwrap_or_default(),
        parts.join(", ")
    )
}

/// The last lines that a step has printed, each after a mark.
pub(in crate::cli) fn printed(step: &StepNow, most: usize) -> Vec<String> {
    let lines = step.printed.iter().map(|text| line(text.as_str(), 200));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    let skipped = lines.len().saturating_sub(most);
    lines
        .iter()
        .skip(skipped)
        .map(|line| format!("  | {line}"))
        .collect()
}

/// What happens, for how long, and for how much longer.
fn phase(now: &JobNow, at: DateTime<Utc>) -> String {
    let cluster = &now.cluster;
    let left = now
        .left
        .map(|left| format!("; {}", remaining(now, left, at)));
    let left = left.unwrap_or_default();
    if cluster.state.is_over() {
        return "its cluster has ended".to_owned();
    }
    if cluster.state == ClusterState::Terminating {
        return "its cluster is terminating".to_owned();
    }
    if cluster.ready_at.is_none() {
        let age = long(at - cluster.created_at);
        return format!("starting for {age}{}{left}", usual(now.usual_start));
    }
    let steps = || cluster.steps_of(&now.job);
    let Some(first) = steps().filter_map(|step| step.started_at).min() else {
        return format!("its job is about to start{left}");
    };
    let all = steps().count();
    let number = steps()
        .filter(|step| step.state != StepState::Pending)
        .count();
    let of = (all > 1).then(|| format!("step {number} of {all}, "));
    let took = long(at - first);
    format!("{}running for {took}{left}", of.unwrap_or_default())
}

fn usual(start: UsualStart) -> String {
    let about = |span: Span| long(span.delta());
    match start {
        UsualStart::Recorded(span) => format!(" (its clusters took about {})", about(span)),
        UsualStart::OfEmr(span) => format!(" (EMR often takes about {})", about(span)),
        UsualStart::Soon => String::new(),
    }
}

/// The time that is left of what was observed a while ago.
fn remaining(now: &JobNow, left: TimeLeft, at: DateTime<Utc>) -> String {
    let passed = (at - now.at).max(TimeDelta::zero());
    let rest = left.left.delta() - passed;
    let what = if left.is_whole { "" } else { " of this step" };
    let basis = match left.basis {
        Basis::LastRun => "as the last run".to_owned(),
        Basis::Printed { done, of } => format!("it printed {done} of {of}"),
    };
    if rest < TimeDelta::seconds(2) {
        return format!("about to end{what} ({basis})");
    }
    format!("about {} left{what} ({basis})", long(rounded(rest)))
}

/// A time as exact as an estimate can be: 5 seconds of a minute, half a minute of an hour.
fn rounded(span: TimeDelta) -> TimeDelta {
    let seconds = span.num_seconds();
    let grain = match seconds {
        ..=10 => 1,
        11..=300 => 5,
        301..=3_600 => 30,
        3_601.. => 300,
    };
    TimeDelta::seconds((seconds + grain / 2) / grain * grain)
}

/// A line for each step; of many, those around the running one.
fn steps(now: &JobNow, at: DateTime<Utc>) -> Vec<String> {
    let steps: Vec<&Step> = now.cluster.steps_of(&now.job).collect();
    let open = steps.iter().position(|step| !step.state.is_over());
    let first = open.unwrap_or(steps.len()).saturating_sub(MAX_STEPS / 2);
    let first = first.min(steps.len().saturating_sub(MAX_STEPS));
    let shown = steps.iter().skip(first).take(MAX_STEPS);
    let width = shown.clone().map(|step| step.name.as_str().len()).max();
    let width = width.unwrap_or(0).min(MAX_NAME);
    let mut lines: Vec<String> = shown.map(|step| step_line(now, step, width, at)).collect();
    let hidden = steps.len().saturating_sub(lines.len());
    if hidden > 0 {
        lines.push(format!("  and {} more", count(hidden as u64, "step")));
    }
    lines
}

fn step_line(now: &JobNow, step: &Step, width: usize, at: DateTime<Utc>) -> String {
    let name = line(step.name.as_str(), MAX_NAME);
    let took = step
        .started_at
        .map(|from| long(step.ended_at.unwrap_or(at) - from));
    let took = took.unwrap_or_default();
    let words = match step.state {
        StepState::Pending => "waits".to_owned(),
        StepState::Completed => format!("done in {took}"),
        StepState::Failed => format!("failed after {took}"),
        StepState::Cancelled => "cancelled".to_owned(),
        StepState::Interrupted => format!("interrupted after {took}"),
        StepState::Running => {
            let now_running = now.running.as_ref().filter(|it| it.name == step.name);
            let spark = now_running.and_then(|it| it.spark).map(long_progress);
            let parts = [bar(now, step, at), spark].into_iter().flatten();
            let more: String = parts.map(|part| format!("  {part}")).collect();
            format!("{took}{more}")
        }
    };
    format!("  {name:width$}  {words}")
}

/// The part of the job that is done, where its end is known.
fn bar(now: &JobNow, step: &Step, at: DateTime<Utc>) -> Option<String> {
    let left = now.left?;
    let took = (at - step.started_at?).num_seconds().max(0);
    let passed = (at - now.at).num_seconds().max(0);
    let rest = left
        .left
        .delta()
        .num_seconds()
        .saturating_sub(passed)
        .max(0);
    let done = (took * BAR as i64).checked_div(took + rest)?;
    let done = usize::try_from(done).ok()?.min(BAR);
    let head = if done < BAR { ">" } else { "" };
    Some(format!("[{:<BAR$}]", format!("{}{head}", "=".repeat(done))))
}

fn long_progress(spark: SparkProgress) -> String {
    let SparkProgress {
        jobs_done,
        jobs,
        stages_done,
        stages,
        tasks_done,
        tasks,
        ..
    } = spark;
    format!("{jobs_done}/{jobs} jobs, {stages_done}/{stages} stages, {tasks_done}/{tasks} tasks")
}

fn short(spark: SparkProgress) -> String {
    let SparkProgress {
        jobs_done,
        tasks_done,
        tasks,
        ..
    } = spark;
    format!(
        "{} done, {tasks_done}/{tasks} tasks",
        count(jobs_done, "job")
    )
}

/// Dollars so far, of a cluster whose prices are known.
fn spent(now: &JobNow, at: DateTime<Utc>) -> Option<String> {
    let so_far = guard::spent(&now.cluster, at)?.total.up_to(4);
    let on = if now.is_free { " on EMR" } else { "" };
    Some(format!("{so_far}{on} so far"))
}

fn money(now: &JobNow, at: DateTime<Utc>) -> String {
    let Some(so_far) = spent(now, at) else {
        let words = if now.is_free {
            "free here"
        } else {
            "what it costs is not known"
        };
        return words.to_owned();
    };
    let most = at_most(&now.cluster).map(|usd| format!(", at most {usd}"));
    let free = if now.is_free { "free here; " } else { "" };
    format!("{free}{so_far}{}", most.unwrap_or_default())
}

/// What the cluster costs if it goes on to its hard deadline, with its end; its budget at most.
fn at_most(cluster: &Cluster) -> Option<Usd> {
    let rates = cluster.spec.rates.as_ref()?;
    let ends_by = guard::hard_deadline(cluster).at + cluster.spec.ending.delta();
    let whole = accrued(rates, &cluster.instance_spans, ends_by)
        .total
        .up_to(2);
    let budget = cluster.guardrails().budget;
    Some(budget.map_or(whole, |budget| budget.min(whole)))
}

/// The beginning of a line that fits a width. Characters beyond Latin's may take two columns.
pub(in crate::cli) fn cut(line: &str, width: usize) -> String {
    let columns = |c: char| if c < '\u{300}' { 1 } else { 2 };
    let mut used = 0;
    let mut cut = String::new();
    for c in line.chars() {
        used += columns(c);
        if used > width {
            break;
        }
        cut.push(c);
    }
    cut.truncate(cut.trim_end().len());
    cut
}

#[cfg(test)]
pub(super) mod tests;
