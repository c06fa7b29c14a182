//! Text for actions, sizes and durations.

use super::tone::Tone;
use super::width;
use crate::model::action::{Action, Sign};
pub(crate) use crate::model::bytes::size;
use crate::model::desired::{ClusterSpec, JobSpec, Object};
use crate::model::event::Event;
use crate::model::span::Span;
use chrono::TimeDelta;

pub(crate) const fn sign(sign: Sign) -> char {
    match sign {
        Sign::Create => '+',
        Sign::Update => '~',
        Sign::Delete => '-',
        Sign::Run => '>',
    }
}

/// The sign with its colour.
pub(crate) fn toned(of: Sign) -> String {
    let tone = match of {
        Sign::Create | Sign::Run => Tone::Good,
        Sign::Update => Tone::Caution,
        Sign::Delete => Tone::Bad,
    };
    tone.mark(&sign(of).to_string())
}

/// The object of an action, as a plan lists it.
pub(crate) fn action(action: &Action) -> String {
    match action {
        Action::CreateRoles => "IAM roles for EMR and its safeguards".to_owned(),
        Action::CreateKeyPair(spec) => format!("key pair {}", spec.name),
        Action::DeleteKeyPair(name) => format!("key pair {name}"),
        Action::CreateGroup(group) | Action::UpdateGroup(group) => {
            format!("security group {}", group.name)
        }
        Action::DeleteGroup(name) => format!("security group {name}"),
        Action::CreateBucket | Action::DeleteBucket => "bucket".to_owned(),
        Action::Stage(objects) => stage(objects),
        Action::CreateCluster(spec, _) => cluster(spec),
        Action::StartCluster(id) => format!("continue cluster {id}"),
        Action::AddSteps(id, job) => format!("job on {id}: {}", steps(job)),
        Action::UpdateCluster(id, _) => format!("cluster {id}"),
        Action::ExtendCluster(id, _) => format!("deadline of cluster {id}"),
        Action::RenewLease(id) => format!("lease of cluster {id}"),
        Action::Disarm(id) => format!("termination schedule of cluster {id}"),
        Action::Remember(_) => "record of the run".to_owned(),
        Action::TerminateCluster(id, _) => format!("cluster {id}"),
        Action::DeleteCluster(id) => format!("record of cluster {id}"),
        Action::BringHome(results) => format!("results to {}", results.to.display()),
    }
}

/// The line on a call that AWS has not answered or that is retried; `None` for other events.
pub(crate) fn waiting(event: &Event) -> Option<String> {
    match event {
        Event::Silent { call, of: 1, .. } => {
            Some(format!("  AWS has not answered {call} yet: waiting"))
        }
        Event::Silent { call, attempt, of } if attempt < of => {
            let next = attempt + 1;
            Some(format!(
                "  AWS has not answered {call} yet: retry {next} of {of} follows if no answer comes"
            ))
        }
        Event::Silent { call, .. } => Some(format!(
            "  AWS has not answered {call} yet: this is the last try"
        )),
        Event::Retrying {
            call,
            attempt,
            of,
            why,
        } => Some(format!("  retrying {attempt} of {of}: {call}: {why}")),
        Event::Progress { .. }
        | Event::Counted { .. }
        | Event::ActionStarted { .. }
        | Event::ActionDone { .. }
        | Event::Cluster { .. }
        | Event::Step { .. }
        | Event::Job { .. }
        | Event::Stuck { .. }
        | Event::Warning { .. }
        | Event::Home { .. } => None,
    }
}

fn stage(objects: &[Object]) -> String {
    let bytes: u64 = objects.iter().map(|object| object.bytes).sum();
    let size = size(bytes);
    match objects {
        [one] => format!(
            "stage {} ({size})",
            one.key.rsplit('/').next().unwrap_or(&one.key)
        ),
        many => format!("stage {} ({size})", count(many.len() as u64, "file")),
    }
}

fn cluster(spec: &ClusterSpec) -> String {
    let workers = count(u64::from(spec.workers), "worker");
    let cores = count(u64::from(spec.worker.cores), "core");
    format!(
        "cluster {}: {workers} of {} and {cores}",
        spec.size, spec.worker.memory
    )
}

/// `1 worker`, `2 workers`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    if number == 1 {
        format!("1 {thing}")
    } else {
        format!("{number} {thing}s")
    }
}

/// The names of a job's steps.
pub(crate) fn steps(job: &JobSpec) -> String {
    job.steps
        .iter()
        .map(|step| step.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Breaks text at spaces to the columns of [`width`], with `indent` spaces before each line but the first. Line
/// ends in the text become spaces, so that foreign text cannot forge lines.
pub(crate) fn wrap(text: &str, indent: usize) -> String {
    let columns = width::columns();
    let mut out = String::new();
    let mut column = indent;
    for word in text.split([' ', '\n']) {
        if !out.is_empty() && column + 1 + word.chars().count() > columns {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if !out.is_empty() {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.chars().count();
    }
    out
}

/// A duration in its two largest units: `1h 5m`, `42s`.
pub(crate) fn long(delta: TimeDelta) -> String {
    let seconds = Span::from_delta(delta).as_secs();
    let days = seconds / 86_400;
    let hours = seconds / 3_600 % 24;
    let minutes = seconds / 60 % 60;
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let of = |seconds| long(TimeDelta::seconds(seconds));
        assert_eq!(
            [of(-3), of(42), of(62), of(3_900)],
            ["0s", "42s", "1m 2s", "1h 5m"]
        );
    }
}
