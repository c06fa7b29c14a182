//! Refuses to download more logs than one command should.

use crate::app::failure::{Exit, Failure};
use crate::cloud::StoredLogs;
use crate::diagnose::records::{Part, Selection};
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use std::collections::BTreeSet;

/// The most that is downloaded at a time, in bytes as they are stored.
const MAX_BYTES: u64 = 2 << 30;

/// Checks how much the logs of these names are, before the first of them is downloaded. The error
/// advises a selection that is small enough, if there is one.
pub(super) fn check(
    stored: &StoredLogs,
    names: &[String],
    selection: &Selection,
    id: &ClusterId,
) -> Result<(), Failure> {
    let bytes = sum(stored, names.iter());
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let (many, size, limit) = (names.len(), gib(bytes), gib(MAX_BYTES));
    let files = if many == 1 { "file" } else { "files" };
    let message = format!(
        "the logs are too large to download: {size} in {many} {files}; the limit is {limit}"
    );
    let mut failure = Failure::new(Exit::Failed, message);
    if selection.step.is_none() && selection.executor.is_none() {
        for (what, flag, value) in smaller(stored) {
            let words = [flag.to_owned(), value];
            let command = Command::again_with_words(words).without("--all", 0);
            failure = failure
                .hint(format!("show the logs of one {what}"))
                .hint(command);
        }
    }
    let folder = format!("./logs-{id}");
    let sync = Command::other("aws s3 sync").arg(&stored.folder);
    let show = Command::clusterup("logs").arg(&folder);
    Err(failure
        .hint("or download all logs of the cluster yourself and show the folder")
        .hint(sync.arg(&folder))
        .hint(of_folder(show, selection)))
}

/// What can be selected instead that is small enough: the last such step, and the first such executor.
fn smaller(stored: &StoredLogs) -> Vec<(&'static str, &'static str, String)> {
    let mut steps = BTreeSet::new();
    let mut executors = BTreeSet::new();
    for name in stored.bytes.keys() {
        match Part::of(name) {
            Part::Step(step, _) => drop(steps.insert(step)),
            Part::Container(_, process, _) => drop(executors.insert(process)),
            Part::Executor(..) | Part::Node(..) | Part::Other(_) => {}
        }
    }
    let fits = |selection: &Selection| {
        sum(stored, stored.bytes.keys().filter(|it| selection.has(it))) <= MAX_BYTES
    };
    let step = steps.iter().rev().find(|step| {
        let step = Some((**step).to_owned());
        fits(&Selection {
            step,
            ..Selection::default()
        })
    });
    let executor = executors.iter().find(|executor| {
        let executor = Some((**executor).to_owned());
        fits(&Selection {
            executor,
            ..Selection::default()
        })
    });
    let step = step.map(|step| ("step", "--step", (*step).to_owned()));
    let executor = executor.map(|it| ("executor", "--executor", (*it).to_owned()));
    step.into_iter().chain(executor).collect()
}

/// The flags of the selection, for a folder of the same logs, in which a step's folder is its id.
fn of_folder(mut command: Command, selection: &Selection) -> Command {
    if selection.all {
        command = command.arg("--all");
    }
    if let Some(executor) = &selection.executor {
        command = command.arg("--executor").arg(executor);
    }
    command
}

fn sum<'a>(stored: &StoredLogs, names: impl Iterator<Item = &'a String>) -> u64 {
    let bytes = names.filter_map(|name| stored.bytes.get(name));
    bytes.fold(0, |sum, bytes| sum.saturating_add(*bytes))
}

/// A size with one decimal, rounded up, such as `2.1 GiB`.
fn gib(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10).div_ceil(1 << 30);
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINERS: &str = "containers/application_1_0001/container_1_0001_01_00000";

    fn stored() -> StoredLogs {
        let logs = [
            ("steps/01-load/stderr", 7),
            ("steps/02-save/stderr", 3 << 30),
            (&format!("{CONTAINERS}1/stderr"), 2 << 30),
            (&format!("{CONTAINERS}2/stderr"), 1),
        ];
        StoredLogs {
            folder: "s3://b/logs/j-1/".to_owned(),
            bytes: logs.map(|(name, bytes)| (name.to_owned(), bytes)).into(),
            is_cut: false,
        }
    }

    fn checked(selection: &Selection) -> Result<(), Vec<String>> {
        let stored = stored();
        let names = stored.bytes.keys().filter(|name| selection.has(name));
        let names: Vec<String> = names.cloned().collect();
        let checked = check(&stored, &names, selection, &"j-1ABC".parse().unwrap());
        checked.map_err(|failure| {
            let hints = failure.hints.iter().map(ToString::to_string);
            std::iter::once(failure.message).chain(hints).collect()
        })
    }

    #[test]
    fn only_what_the_selection_downloads_counts() {
        let of = |step: &str| Selection {
            step: Some(step.to_owned()),
            ..Selection::default()
        };
        assert_eq!(checked(&of("load")), Ok(()));
        let executor = Selection {
            executor: Some("container_1_0001_01_000001".to_owned()),
            ..Selection::default()
        };
        assert_eq!(checked(&executor), Ok(()), "the limit itself");
        let said = checked(&of("save")).unwrap_err();
        assert_eq!(
            said,
            [
                "the logs are too large to download: 3.0 GiB in 1 file; the limit is 2.0 GiB",
                "or download all logs of the cluster yourself and show the folder",
                "aws s3 sync s3://b/logs/j-1/ ./logs-j-1ABC",
                "clusterup logs ./logs-j-1ABC",
            ]
        );
    }

    #[test]
    fn a_step_and_an_executor_are_advised_whose_logs_are_small_enough() {
        let all = Selection {
            all: true,
            ..Selection::default()
        };
        let said = checked(&all).unwrap_err();
        assert!(said[0].contains("5.1 GiB in 4 files"), "{said:?}");
        assert_eq!(
            said[1..3],
            ["show the logs of one step", "clusterup --step 01-load"]
        );
        assert_eq!(said[3], "show the logs of one executor");
        assert!(
            said[4].ends_with("--executor container_1_0001_01_000001"),
            "{said:?}"
        );
        assert_eq!(said[7], "clusterup logs ./logs-j-1ABC --all");
    }
}
