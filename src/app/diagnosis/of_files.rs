//! Diagnoses logs in files.

use super::diagnosed::{Diagnosed, Found, no_step};
use crate::app::failure::Failure;
use crate::cloud::FolderLogs;
use crate::model::evidence::Section;
use crate::model::shown::line;
use crate::run::explain;
use std::io;
use std::path::{Path, PathBuf};

/// The folders of EMR's layout of logs, and of this machine's.
const LAYOUT: [&str; 5] = ["steps", "containers", "node", "executors", "daemons"];

/// Whether a folder looks like that of a cluster's logs.
pub(crate) fn has_logs(folder: &Path) -> bool {
    LAYOUT.iter().any(|name| folder.join(name).is_dir())
}

pub(super) fn of_folder(folder: &Path, step: Option<&str>) -> Result<Diagnosed, Failure> {
    let shown = line(&folder.to_string_lossy(), 200);
    let cannot = |error: io::Error| {
        let message = format!("cannot read the logs in {shown}");
        Failure::input(message).caused_by(&error).hint(GIVE_LOGS)
    };
    let logs = FolderLogs::list(&root(folder)).map_err(cannot)?;
    let found = explain::in_folder(&logs, step).map_err(no_step)?;
    if found
        .as_ref()
        .is_some_and(|found| found.searched.is_empty())
    {
        return Err(Failure::input(format!("{shown} has no logs")).hint(GIVE_LOGS));
    }
    let name = found.as_ref().and_then(|found| found.step.clone());
    Ok(Diagnosed {
        stack: None,
        cluster: None,
        what: name.map_or(shown, |name| format!("step {}", line(&name, 100))),
        found: found.map(Found::from),
    })
}

const GIVE_LOGS: &str =
    "give a folder as EMR uploads it, with steps/, containers/ or node/ in it, or one log";

/// The folder of a cluster's logs: the given one, or the only one inside it that looks so.
pub(crate) fn root(folder: &Path) -> PathBuf {
    if has_logs(folder) {
        return folder.to_owned();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let inside = entries.take(1_000).map(|entry| entry.path());
    let mut like: Vec<PathBuf> = inside.filter(|path| has_logs(path)).collect();
    match (like.pop(), like.is_empty()) {
        (Some(only), true) => only,
        _ => folder.to_owned(),
    }
}

pub(super) fn of_log(name: &str, sections: io::Result<Vec<Section>>) -> Result<Diagnosed, Failure> {
    let shown = line(name, 200);
    let sections = sections.map_err(|error| {
        let failure = Failure::input(format!("cannot read {shown}"));
        failure.caused_by(&error).hint(GIVE_LOGS)
    })?;
    if sections
        .iter()
        .all(|section| section.text.trim().is_empty())
    {
        return Err(Failure::input(format!("{shown} is empty")).hint(GIVE_LOGS));
    }
    Ok(Diagnosed {
        stack: None,
        cluster: None,
        what: "the job".to_owned(),
        found: Some(explain::in_text(name, sections).into()),
    })
}
