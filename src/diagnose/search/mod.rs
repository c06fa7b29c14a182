//! Chooses the logs that can show why something failed: by their names first, then by what the logs
//! say that have been read. The caller lists and reads them.

mod clues;
mod listed;
mod names;
#[cfg(test)]
mod tests;

pub use listed::Listed;
pub use names::{application, role_of_text, stream};
pub(super) use names::{number_after, words};

use crate::model::evidence::{Evidence, LogRole, LogText, Section};
use chrono::{DateTime, Utc};
use clues::Clues;
use names::{below, role};
use std::collections::BTreeMap;

/// How many lost executors' logs are read: the first lost show why, the later ones follow from it.
const MAX_EXECUTORS: usize = 4;

/// The folder of the logs of Spark's master and workers on this machine, which are there at once.
const DAEMONS: &str = "daemons/";

/// How many nodes' managers are read: what loses all nodes is in the log of each.
const MAX_NODES: usize = 4;

/// How many logs are read in all.
const MAX_LOGS: usize = 32;

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A step, by its folder among the logs, such as `01-load`.
    Step(String),
    /// A step that ran when its cluster failed: the cause may be on the nodes.
    CutStep {
        /// Its folder, as of [`Self::Step`].
        folder: String,
        /// When it ended, if its logs are uploaded after that.
        at: Option<DateTime<Utc>>,
    },
    /// A cluster that never was ready, with EMR's message, such as `On the master instance (i-…),
    /// bootstrap action 1 returned a non-zero return code`.
    Start(String),
    /// Something in logs of which it is not known what they are of.
    All,
}

/// A search in the logs of one cluster.
#[derive(Debug, Clone)]
pub struct Search {
    subject: Subject,
    listed: Listed,
    read: BTreeMap<String, Vec<Section>>,
    clues: Clues,
}

/// A log to read.
struct Wanted<'a> {
    name: &'a str,
    /// `None` for a log that only leads to others.
    role: Option<LogRole>,
}

impl Search {
    /// Begins a search among the logs of these names, such as `steps/01-load/stderr`.
    pub fn new(subject: Subject, listed: impl Into<Listed>) -> Self {
        Self {
            subject,
            listed: listed.into(),
            read: BTreeMap::new(),
            clues: Clues::default(),
        }
    }

    /// Continues among the logs that are there now. Each node uploads its logs when its cluster ends, so
    /// those of a step that was cut off are read again if one was uploaded again.
    pub fn relist(&mut self, listed: impl Into<Listed>) {
        let listed = listed.into();
        let mut read = self.read.keys();
        let has_changed = read.any(|name| listed.has_changed(name, &self.listed));
        if has_changed && matches!(self.subject, Subject::CutStep { .. }) {
            self.forget();
        }
        self.listed = listed;
    }

    /// The next log to read; `None` if the rest cannot show more.
    pub fn next_log(&self) -> Option<String> {
        let mut wanted = self.wanted().into_iter().take(MAX_LOGS);
        let next = wanted.find(|log| !self.read.contains_key(log.name));
        next.map(|log| log.name.to_owned())
    }

    /// Adds the text of a log.
    pub fn add(&mut self, name: String, sections: Vec<Section>) {
        self.clues.read(&name, &sections);
        self.read.insert(name, sections);
    }

    /// Whether a log is there that every failure of this kind leaves. Of a step that was cut off, logs
    /// from before the end of its cluster do not count.
    pub fn has_begun(&self) -> bool {
        match &self.subject {
            Subject::Step(folder) => self.has_of_step(folder),
            Subject::CutStep { folder, at } => {
                self.has_of_step(folder) && at.is_none_or(|at| self.listed.has_since(at))
            }
            Subject::All => true,
            Subject::Start(_) => self.wanted().iter().any(|log| stream(log.name) == "stderr"),
        }
    }

    /// Whether such a failure leaves logs at all: EMR refuses some clusters before a machine runs.
    pub fn expects_logs(&self) -> bool {
        match &self.subject {
            Subject::Step(_) | Subject::CutStep { .. } | Subject::All => true,
            Subject::Start(message) => !names::folders_of_start(message).is_empty(),
        }
    }

    /// Whether the step's logs were uploaded while it still ran: EMR's own log of it does not say how it
    /// ended, which it does in the round that has the ends of all (observed; EMR does not document it).
    pub fn is_stale(&self) -> bool {
        let mut read = self.read.keys();
        let has_controller = read.any(|name| role(name) == Some(LogRole::Controller));
        has_controller && self.clues.exit.is_none()
    }

    /// Forgets what was read, to read it again.
    pub fn forget(&mut self) {
        self.read.clear();
        self.clues = Clues::default();
    }

    /// Whether no log is missing that EMR may still upload. An empty log is never uploaded.
    pub fn is_complete(&self) -> bool {
        let containers = self.containers();
        let mut missing = containers.iter().filter(|it| {
            let folder = format!("/{it}/");
            !self.names().any(|name| name.contains(&folder))
        });
        missing.next().is_none()
            && match &self.subject {
                Subject::Step(folder) => self.has(&format!("steps/{folder}/"), "stdout"),
                Subject::CutStep { folder, at } => {
                    let is_last = |name: &&str| at.is_none_or(|at| self.listed.is_since(name, at));
                    self.has(&format!("steps/{folder}/"), "stdout")
                        && self.node_managers().iter().any(is_last)
                }
                Subject::Start(_) | Subject::All => true,
            }
    }

    /// The names of the logs that were read, in order of importance.
    pub fn searched(&self) -> Vec<String> {
        let wanted = self.wanted().into_iter();
        let read = wanted.filter(|log| self.read.contains_key(log.name));
        read.map(|log| log.name.to_owned()).collect()
    }

    /// What was found: the logs, and the messages of the cloud.
    pub fn evidence(self, messages: Vec<LogText>) -> Evidence {
        let cut_at = match self.subject {
            Subject::CutStep { at, .. } => at,
            Subject::Step(_) | Subject::Start(_) | Subject::All => None,
        };
        let mut logs = messages;
        for Wanted { name, role } in self.wanted() {
            let (Some(role), Some(sections)) = (role, self.read.get(name)) else {
                continue;
            };
            logs.push(LogText {
                role,
                name: name.to_owned(),
                sections: sections.clone(),
            });
        }
        Evidence {
            logs,
            exit: self.clues.exit,
            cut_at,
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.listed.names.iter().map(String::as_str)
    }

    fn has_of_step(&self, folder: &str) -> bool {
        let folder = format!("steps/{folder}/");
        self.has(&folder, "stderr") || self.has(&folder, "stdout")
    }

    fn has(&self, folder: &str, of_stream: &str) -> bool {
        below(&self.listed.names, folder).any(|name| stream(name) == of_stream)
    }

    /// The logs to read, most important first.
    fn wanted(&self) -> Vec<Wanted<'_>> {
        match &self.subject {
            Subject::Step(folder) => self.wanted_of_step(folder),
            Subject::CutStep { folder, .. } => {
                let mut wanted = self.wanted_of_step(folder);
                let managers = self.node_managers().into_iter();
                wanted.extend(managers.map(|name| Wanted {
                    name,
                    role: role(name),
                }));
                wanted
            }
            Subject::Start(message) => self.wanted_of_start(message),
            Subject::All => self.all(),
        }
    }

    fn wanted_of_step(&self, folder: &str) -> Vec<Wanted<'_>> {
        let mut wanted = Vec::new();
        let own: Vec<&str> = below(&self.listed.names, &format!("steps/{folder}/")).collect();
        for wanted_stream in ["stderr", "stdout", "syslog", "controller"] {
            let of_stream = own.iter().filter(|name| stream(name) == wanted_stream);
            wanted.extend(of_stream.map(|name| Wanted {
                name,
                role: role(name),
            }));
        }
        for container in self.clues.drivers(&self.listed.names) {
            wanted.extend(self.in_folder(&container).map(|name| Wanted {
                name,
                role: names::role_of_driver(name),
            }));
        }
        if self.clues.needs_launches() {
            let masters = self.clues.masters(&self.listed.names);
            let logs = masters.iter().flat_map(|master| self.in_folder(master));
            let logs = logs.filter(|name| stream(name) == "stderr");
            wanted.extend(logs.map(|name| Wanted { name, role: None }));
        }
        for container in self.containers() {
            let logs = self.in_folder(&container);
            wanted.extend(logs.map(|name| Wanted {
                name,
                role: Some(LogRole::Executor),
            }));
        }
        for folder in self.clues.executor_folders(&self.listed.names) {
            let logs = below(&self.listed.names, &folder);
            wanted.extend(logs.map(|name| Wanted {
                name,
                role: Some(LogRole::Executor),
            }));
        }
        wanted
    }

    fn wanted_of_start(&self, message: &str) -> Vec<Wanted<'_>> {
        let mut folders = names::folders_of_start(message);
        folders.push(DAEMONS.to_owned());
        let found = folders
            .iter()
            .flat_map(|folder| below(&self.listed.names, folder))
            .map(|name| Wanted {
                name,
                role: role(name),
            });
        let mut wanted: Vec<Wanted<'_>> = found.filter(|log| log.role.is_some()).collect();
        wanted.sort_by_key(|log| stream(log.name) != "stderr");
        wanted
    }

    /// The logs that the managers of some nodes write now, or wrote last: of the nodes that were there
    /// last, because others may have been replaced long before.
    fn node_managers(&self) -> Vec<&str> {
        let mut managers: BTreeMap<&str, &str> = BTreeMap::new();
        for name in below(&self.listed.names, "node/") {
            if let Some(instance) = names::of_node_manager(name) {
                let log = managers.entry(instance).or_insert(name);
                // One that was rolled has a suffix.
                *log = if log.ends_with(".log") { log } else { name };
            }
        }
        let mut managers: Vec<&str> = managers.into_values().collect();
        self.listed.newest_first(&mut managers);
        managers.truncate(MAX_NODES);
        managers
    }

    /// All logs, those of the driver first.
    fn all(&self) -> Vec<Wanted<'_>> {
        let mut wanted: Vec<Wanted<'_>> = (self.names())
            .map(|name| Wanted {
                name,
                role: names::role_of_any(name),
            })
            .filter(|log| log.role.is_some())
            .collect();
        let is_drivers = |role| matches!(role, LogRole::DriverLog | LogRole::DriverOutput);
        wanted.sort_by_key(|log| !log.role.is_some_and(is_drivers));
        wanted
    }

    /// The containers of lost executors, the first lost first.
    fn containers(&self) -> Vec<String> {
        self.clues.containers(MAX_EXECUTORS)
    }

    /// The output of the process in a folder of this name.
    fn in_folder(&self, folder: &str) -> impl Iterator<Item = &str> {
        let folder = format!("/{folder}/");
        self.names().filter(move |name| {
            name.contains(&folder) && matches!(stream(name), "stderr" | "stdout")
        })
    }
}
