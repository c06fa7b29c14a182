//! Limits how much of logs one command downloads.

use crate::app::failure::{Exit, Failure};
use crate::cloud::StoredLogs;
use crate::diagnose::records::{Part, Selection};
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use crate::model::shown::line;
use std::collections::BTreeSet;

/// The most that is downloaded at a time, in bytes as they are stored.
const MAX_BYTES: u64 = 2 << 30;

/// The most that is downloaded of a cluster's logs while they are followed, in bytes. A log that grew
/// is downloaded again from its beginning: EMR packs it anew for each upload.
const MAX_FOLLOWED: u64 = 8 << 30;

const EXECUTOR: &str = "--executor";

/// What may be downloaded of logs that are followed.
#[derive(Default)]
pub(super) struct Allowance {
    /// How much was downloaded, in bytes.
    downloaded: u64,
    /// The logs that are not downloaded anymore.
    over: BTreeSet<String>,
}

/// What is downloaded next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) now: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Allowance {
    /// Whether a log is not downloaded anymore.
    pub(super) fn is_over(&self, name: &str) -> bool {
        self.over.contains(name)
    }

    /// Chooses from logs with their sizes in bytes. What does not fit beside others is left for the
    /// next time, what never fits is left out with a warning. The first download is of all of them:
    /// [`check`] advises what to do if they are too large.
    pub(super) fn choose(&mut self, stored: Vec<(String, u64)>, is_first: bool) -> Chosen {
        let (mut now, mut warnings) = (Vec::new(), Vec::new());
        let mut room = MAX_BYTES;
        for (name, bytes) in stored {
            let left = MAX_FOLLOWED.saturating_sub(self.downloaded);
            if !is_first && (bytes > MAX_BYTES || bytes > left) {
                let (shown, limit) = (line(&name, 200), gib(MAX_BYTES.min(left)));
                warnings.push(format!(
                    "warning: {shown} is not followed any further: it has {}; {limit} are left to download",
                    gib(bytes)
                ));
                self.over.insert(name);
            } else if is_first || bytes <= room {
                room = room.saturating_sub(bytes);
                self.downloaded = self.downloaded.saturating_add(bytes);
                now.push(name);
            }
        }
        Chosen { now, warnings }
    }
}

/// Checks how much the logs of these names are, before the first of them is downloaded. The error
/// advises a selection that is small enough, if there is one. `is_live`: for `--live`.
pub(super) fn check(
    stored: &StoredLogs,
    names: &[String],
    (selection, is_live): (&Selection, bool),
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
            let words = [flag.to_owned(), value].into_iter();
            let command = if is_live && flag == EXECUTOR {
                // Executors are on other nodes than the primary.
                let words = std::iter::once("--follow".to_owned()).chain(words);
                let command = Command::again_with_words(words).without("--live", 0);
                command.without("--follow", 0).without("-f", 0)
            } else {
                Command::again_with_words(words)
            };
            let command = command.without("--all", 0);
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
    let executor = executor.map(|it| ("executor", EXECUTOR, (*it).to_owned()));
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
    use crate::model::hint::CommandContext;

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
        checked_for(selection, &[])
    }

    fn checked_for(selection: &Selection, again: &[&str]) -> Result<(), Vec<String>> {
        let stored = stored();
        let names = stored.bytes.keys().filter(|name| selection.has(name));
        let names: Vec<String> = names.cloned().collect();
        let is_live = again.contains(&"--live");
        let id = "j-1ABC".parse().unwrap();
        let checked = check(&stored, &names, (selection, is_live), &id);
        let here = CommandContext {
            again: again.iter().map(ToString::to_string).collect(),
            ..CommandContext::default()
        };
        checked.map_err(|failure| {
            let hints = failure.hints.iter().map(|hint| hint.text(&here));
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
        let said = checked_for(&all, &["logs", "t", "--live", "--all", "-f"]).unwrap_err();
        assert_eq!(said[2], "clusterup logs t --live -f --step 01-load");
        let executor = "--executor container_1_0001_01_000001";
        assert_eq!(said[4], format!("clusterup logs t --follow {executor}"));
    }

    #[test]
    fn a_followed_log_that_is_too_large_is_left_out_with_one_warning() {
        let mut allowance = Allowance::default();
        let mut choose = |logs: &[(&str, u64)], is_first| {
            let logs = logs
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), *bytes));
            let chosen = allowance.choose(logs.collect(), is_first);
            let over: Vec<bool> = ["a", "b", "c"].map(|it| allowance.is_over(it)).to_vec();
            (chosen.now, chosen.warnings, over)
        };
        let none = vec![false; 3];
        let (now, warnings, over) = choose(&[("a", 1 << 30), ("b", 1 << 30), ("c", 1)], false);
        assert_eq!(
            (now, warnings.len(), over),
            (vec!["a".to_owned(), "b".to_owned()], 0, none)
        );
        let (now, warnings, over) = choose(&[("a", MAX_BYTES + 1), ("c", 1)], false);
        assert_eq!(
            (now, over),
            (vec!["c".to_owned()], vec![true, false, false])
        );
        assert!(warnings[0].starts_with("warning: a is not followed any further: it has 2.1 GiB"));
        assert_eq!(warnings.len(), 1);
        for _ in 0..2 {
            assert_eq!(choose(&[("b", 2 << 30)], false).0, ["b"]);
        }
        let (now, warnings, over) = choose(&[("b", 2 << 30), ("c", 1)], false);
        assert_eq!((now, over), (vec!["c".to_owned()], vec![true, true, false]));
        assert_eq!(warnings.len(), 1);
        // The first download is checked as a whole.
        let many = vec![("a".to_owned(), 3 << 30), ("b".to_owned(), 1)];
        assert_eq!(Allowance::default().choose(many, true).now, ["a", "b"]);
    }
}
