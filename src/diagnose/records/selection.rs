//! Chooses logs by their names, whose layout `diagnose::search` describes.

use crate::diagnose::search::{number_after, words};
use std::collections::BTreeSet;

/// Which logs of a cluster to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only this step's, by its name as part of its folder's name.
    pub step: Option<String>,
    /// Also those of executors, nodes and daemons.
    pub all: bool,
    /// Only those of this executor.
    pub executor: Option<String>,
    /// The containers of that executor, if its logs are below theirs.
    pub containers: BTreeSet<String>,
}

/// What a log is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// A step: its folder, such as `01-load` or `s-1ABC`, and the stream.
    Step(&'a str, &'a str),
    /// A container of YARN: its application, itself, and the stream.
    Container(&'a str, &'a str, &'a str),
    /// An executor of this machine: its application, its number, and the stream.
    Executor(&'a str, &'a str, &'a str),
    /// A node's process: the instance, the folders inside, and the file.
    Node(&'a str, &'a str),
    /// Anything else.
    Other(&'a str),
}

impl<'a> Part<'a> {
    /// What the log of a name is of.
    pub fn of(name: &'a str) -> Self {
        let parts: Vec<&str> = name.split('/').collect();
        match parts.as_slice() {
            ["steps", step, file] => Self::Step(step, file),
            ["containers", app, container, file] => Self::Container(app, container, file),
            ["executors", _, app, executor, file] => Self::Executor(app, executor, file),
            ["node", instance, _, ..] => {
                let inside = name.get("node/".len() + instance.len() + 1..);
                Self::Node(instance, inside.unwrap_or(name))
            }
            _ => Self::Other(name),
        }
    }

    /// The executor or the container that wrote it.
    pub const fn process(self) -> Option<&'a str> {
        match self {
            Self::Container(_, process, _) | Self::Executor(_, process, _) => Some(process),
            Self::Step(..) | Self::Node(..) | Self::Other(_) => None,
        }
    }
}

impl Selection {
    /// Whether the log of this name is to be shown. Without any choice, those of the steps are, and
    /// those of the first container of each application, which is the driver's in cluster mode.
    pub fn has(&self, name: &str) -> bool {
        let part = Part::of(name);
        if let Some(executor) = &self.executor {
            let process = part.process();
            return process.is_some_and(|it| it == executor || self.containers.contains(it));
        }
        match part {
            Part::Step(folder, _) => self.step.as_ref().is_none_or(|step| {
                // A step's folder is its number and its name: `01-load`. EMR's own is its id.
                let name = folder.split_once('-').map(|(_, name)| name);
                name == Some(step.as_str()) || folder == step
            }),
            Part::Container(_, container, _) if self.step.is_none() => {
                self.all || container.ends_with(FIRST)
            }
            Part::Container(..) | Part::Executor(..) | Part::Node(..) | Part::Other(_) => self.all,
        }
    }
}

/// How the id of an application's first container ends.
const FIRST: &str = "_000001";

/// The logs in which application masters say which containers they start.
pub fn masters<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let is_master = |name: &&String| match Part::of(name) {
        Part::Container(_, container, file) => {
            container.ends_with(FIRST) && file.starts_with("stderr")
        }
        Part::Step(..) | Part::Executor(..) | Part::Node(..) | Part::Other(_) => false,
    };
    names.filter(is_master).collect()
}

/// The container that a line of an application master's log names as this executor: `Launching
/// container container_… on host … for executor with ID 1` (Spark, `YarnAllocator`).
pub fn launched(line: &str, executor: u32) -> Option<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_it = number_after(line, LAUNCHED) == Some(executor);
    let containers = is_it.then(|| words(line, "container_", part));
    containers?.into_iter().next()
}

/// A regular expression for the lines that [`launched`] reads.
pub fn launches(executor: u32) -> String {
    format!("{LAUNCHED}{executor}\\b")
}

/// What stands before an executor's number where it is launched.
const LAUNCHED: &str = "for executor with ID ";

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    const NAMES: [&str; 9] = [
        "steps/01-load/stderr",
        "steps/02-save/stdout",
        "containers/application_1_0001/container_1_0001_01_000001/stdout",
        "containers/application_1_0001/container_1_0001_01_000003/stderr",
        "executors/node-1/app-1-0000/0/stderr",
        "executors/node-2/app-1-0000/10/stderr",
        "node/i-0abc/bootstrap-actions/1/stderr",
        "daemons/master.log",
        "containers/application_1_0001/container_1_0001_01_000001/stderr",
    ];

    fn shown(selection: &Selection) -> Vec<usize> {
        let chosen = NAMES.iter().enumerate();
        let chosen = chosen.filter(|(_, name)| selection.has(name));
        chosen.map(|(index, _)| index).collect()
    }

    #[test]
    fn logs_are_chosen_by_step_and_executor() {
        let default = Selection::default();
        assert_eq!(shown(&default), [0, 1, 2, 8]);
        let all = true;
        let every = Selection {
            all,
            ..default.clone()
        };
        assert_eq!(shown(&every).len(), NAMES.len());
        let step = Some("load".to_owned());
        let one = Selection {
            step,
            ..default.clone()
        };
        assert_eq!(shown(&one), [0]);
        let beside = Selection { all, ..one };
        assert_eq!(shown(&beside), [0, 2, 3, 4, 5, 6, 7, 8]);
        let executor = Some("0".to_owned());
        let first = Selection {
            executor,
            ..default
        };
        assert_eq!(shown(&first), [4]);
        let containers = BTreeSet::from(["container_1_0001_01_000003".to_owned()]);
        let both = Selection {
            containers,
            ..first
        };
        assert_eq!(shown(&both), [3, 4]);
    }

    #[test]
    fn the_container_of_an_executor_is_in_its_masters_log() {
        let names: Vec<String> = NAMES.map(str::to_owned).to_vec();
        assert_eq!(masters(names.iter()), [NAMES[8]]);
        let text = "26/11/21 04:31:24 INFO YarnAllocator: Launching container \
            container_1_0001_01_000003 on host ip-10-0-0-1 for executor with ID 2 for \
            ResourceProfile Id 0";
        let found = |executor| launched(text, executor);
        assert_eq!(found(2).as_deref(), Some("container_1_0001_01_000003"));
        assert_eq!((found(1), found(22)), (None, None));
        let is_read = |executor| Regex::new(&launches(executor)).unwrap().is_match(text);
        assert!(is_read(2) && !is_read(22) && !is_read(0));
    }
}
