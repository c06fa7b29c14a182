//! What logs say about where other logs are: the application, lost executors and their containers.

use super::names::{below, number_after, stream, words};
use crate::model::evidence::Section;
use std::collections::{BTreeMap, BTreeSet};

/// How many containers and executors are kept. A log may name any number.
const MAX_CLUES: usize = 64;

/// What the logs that were read say.
#[derive(Debug, Clone, Default)]
pub(super) struct Clues {
    /// The exit code of the step's process.
    pub(super) exit: Option<i32>,
    /// The application of YARN, `application_…`, or of this machine, `app-…`.
    application: Option<String>,
    /// Whether the step's own log is the driver's: it is not in cluster mode.
    has_driver: bool,
    /// Containers that are said to be lost, in order.
    lost: Vec<String>,
    /// Executors that are said to be lost or to have failed, in order.
    failed: Vec<u32>,
    /// The containers of executors.
    launched: BTreeMap<u32, String>,
}

impl Clues {
    pub(super) fn read(&mut self, name: &str, sections: &[Section]) {
        let lines = sections.iter().flat_map(|section| section.text.lines());
        for line in lines {
            match (name.starts_with("steps/"), stream(name)) {
                (true, "controller") => self.read_controller(line),
                (true, _) => {
                    self.read_step(line);
                    self.read_driver(line);
                }
                (false, _) => self.read_driver(line),
            }
        }
    }

    /// `Step failed with exitCode 1 and took 23 seconds`.
    fn read_controller(&mut self, line: &str) {
        let code = number_after(line, "exitCode ").or_else(|| number_after(line, "exit code "));
        let code = code.and_then(|code| i32::try_from(code).ok());
        self.exit = code.or(self.exit);
    }

    fn read_step(&mut self, line: &str) {
        if line.contains("Running Spark version") {
            self.has_driver = true;
        }
        if self.application.is_none() {
            let part = |c: char| c.is_ascii_digit() || c == '_' || c == '-';
            let yarn = words(line, "application_", part);
            let local = || words(line, "app-", part);
            self.application = yarn.into_iter().chain(local()).next();
        }
    }

    fn read_driver(&mut self, line: &str) {
        if let Some(executor) = number_after(line, "for executor with ID ") {
            let container = containers_in(line).into_iter().next();
            self.launched
                .extend(container.map(|container| (executor, container)));
            return;
        }
        if is_loss(line) {
            for container in containers_in(line) {
                push(&mut self.lost, container);
            }
            let number = number_after(line, "Lost executor ")
                .or_else(|| number_after(line, "ExecutorLostFailure (executor "));
            if let Some(executor) = number {
                self.fail(executor, line);
            }
        } else if line.contains("Python worker exited unexpectedly")
            && let Some(executor) = number_after(line, " executor ")
        {
            self.fail(executor, line);
        }
    }

    fn fail(&mut self, executor: u32, line: &str) {
        let container = containers_in(line).into_iter().next();
        self.launched
            .extend(container.map(|container| (executor, container)));
        push(&mut self.failed, executor);
    }

    /// Whether an executor failed whose container only the application master's log has.
    pub(super) fn needs_launches(&self) -> bool {
        let mut failed = self.failed.iter();
        failed.any(|executor| !self.launched.contains_key(executor))
    }

    /// The containers of the executors that were lost, the first lost first.
    pub(super) fn containers(&self, max: usize) -> Vec<String> {
        let mut all = self.lost.clone();
        for container in self.failed.iter().filter_map(|it| self.launched.get(it)) {
            push(&mut all, container.clone());
        }
        all.truncate(max);
        all
    }

    /// The containers of the driver: the first of each attempt, in cluster mode.
    pub(super) fn drivers(&self, names: &BTreeSet<String>) -> Vec<String> {
        if self.has_driver {
            return Vec::new();
        }
        self.masters(names)
    }

    /// The containers of the application master, of each attempt.
    pub(super) fn masters(&self, names: &BTreeSet<String>) -> Vec<String> {
        let Some(application) = &self.application else {
            return Vec::new();
        };
        let inside = format!("containers/{application}/");
        let folders =
            below(names, &inside).filter_map(|name| name[inside.len()..].split('/').next());
        let masters = folders.filter(|folder| folder.ends_with("_000001"));
        let masters: BTreeSet<&str> = masters.collect();
        masters.into_iter().map(str::to_owned).collect()
    }

    /// The folders of failed executors on this machine: `executors/node-1/app-…/0/`.
    pub(super) fn executor_folders(&self, names: &BTreeSet<String>) -> Vec<String> {
        let Some(application) = &self.application else {
            return Vec::new();
        };
        let mut folders = Vec::new();
        for executor in self.failed.iter().take(super::MAX_EXECUTORS) {
            let inside = format!("/{application}/{executor}/");
            let of_executor = below(names, "executors/").filter_map(|name| {
                let at = name.find(&inside)?;
                Some(name[..at + inside.len()].to_owned())
            });
            for folder in of_executor {
                push(&mut folders, folder);
            }
        }
        folders
    }
}

/// Whether a line says that something came to an end, and not only that it exists.
fn is_loss(line: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "Lost executor",
        "ExecutorLostFailure",
        "Exit status",
        "exit status",
        "exited with",
        "illed",
        "marked as failed",
        "released on a *lost* node",
    ];
    SIGNS.iter().any(|sign| line.contains(sign))
}

fn containers_in(line: &str) -> Vec<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    words(line, "container_", part)
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.len() < MAX_CLUES && !list.contains(&item) {
        list.push(item);
    }
}
