//! What a job came to: how long it took, what its cluster cost, and what it printed last.

use super::words::long;
use crate::app::printed::Printed;
use crate::guard;
use crate::model::name::JobHash;
use crate::model::observed::{Cluster, Step};
use crate::model::shown::line;
use chrono::{DateTime, TimeDelta, Utc};

/// The most characters of a line that a job has printed.
const MAX_LINE: usize = 200;
/// How many steps are named with their times.
const MAX_STEPS: usize = 4;

/// How long a job took, and what its cluster has cost up to `now` if it lives.
pub(in crate::cli) fn took(
    cluster: &Cluster,
    job: &JobHash,
    now: DateTime<Utc>,
    costs: bool,
) -> String {
    let span = |step: &Step| Some((step.started_at?, step.ended_at.unwrap_or(now)));
    let spans: Vec<_> = cluster.steps_of(job).filter_map(span).collect();
    let from = spans.iter().map(|(from, _)| *from).min();
    let until = spans.iter().map(|(_, until)| *until).max();
    let all = from
        .zip(until)
        .map_or(TimeDelta::zero(), |(from, until)| until - from);
    let steps = cluster.steps_of(job).filter_map(|step| {
        let (from, until) = span(step)?;
        Some(format!(
            "{} {}",
            line(step.name.as_str(), 30),
            long(until - from)
        ))
    });
    let steps: Vec<String> = steps.collect();
    let steps = match steps.len() {
        2..=MAX_STEPS => format!(" ({})", steps.join(", ")),
        _ => String::new(),
    };
    let lived = long(cluster.ended_at.unwrap_or(now) - cluster.created_at);
    let text = format!("the job took {}{steps}, its cluster {lived}", long(all));
    let Some(bill) = guard::spent(cluster, now) else {
        return text;
    };
    let cost = bill.total.up_to(4);
    let words = match (costs, cluster.ended_at) {
        (true, Some(_)) => "cost",
        (true, None) => "has cost",
        (false, _) => "would have cost on EMR",
    };
    format!("{text}, which {words} {cost}")
}

/// The last lines that a step has printed.
pub(in crate::cli) fn printed(printed: &Printed) -> String {
    let Printed {
        step,
        lines,
        is_cut,
    } = printed;
    let last = if *is_cut { " last" } else { "" };
    let mut text = format!("step {step} printed{last}:");
    for printed in lines {
        text.push_str("\n  | ");
        text.push_str(&line(printed.as_str(), MAX_LINE));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::live::tests::{at, now};
    use super::*;
    use crate::model::observed::StepState;

    #[test]
    fn a_job_that_is_over_is_told_with_its_steps_and_its_cost() {
        let mut over = now(420, None);
        let cluster = &mut over.cluster;
        cluster.steps[1].state = StepState::Completed;
        cluster.steps[1].ended_at = Some(at(432));
        cluster.ended_at = Some(at(500));
        let cost = guard::spent(cluster, at(500)).unwrap().total.up_to(4);
        assert_eq!(
            took(cluster, &over.job, at(9_999), true),
            format!(
                "the job took 2m 12s (load 1m 0s, similarities 1m 12s), its cluster 8m 20s, which \
                 cost {cost}"
            )
        );
        let local = took(cluster, &over.job, at(9_999), false);
        assert!(
            local.ends_with(&format!("which would have cost on EMR {cost}")),
            "{local}"
        );
    }

    #[test]
    fn printed_lines_cannot_pass_for_ours() {
        let text = printed(&Printed {
            step: "main".parse().unwrap(),
            lines: vec!["42".into(), "\x1b[2Jerror: x\nnext: rm".into()],
            is_cut: true,
        });
        let expected = "step main printed last:\n  | 42\n  | \u{fffd}[2Jerror: x next: rm";
        assert_eq!(text, expected);
    }
}
