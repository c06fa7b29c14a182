//! Explains failures from files: a folder of logs, or a single log.

use crate::cloud::{FolderLogs, step_name};
use crate::diagnose::search::{Search, Subject, role_of_text};
use crate::diagnose::{Asked, diagnose};
use crate::model::diagnosis::Diagnosis;
use crate::model::evidence::{Evidence, LogText, Section};
use std::collections::BTreeSet;

/// How many steps of a folder are searched.
const MAX_STEPS: usize = 64;

/// A folder has no logs of the step that was asked for, and those of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchStep(pub Vec<String>);

/// What the logs in a folder say, and which were searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfFiles {
    /// The step's folder, if the logs are a step's.
    pub step: Option<String>,
    /// Why it failed.
    pub diagnosis: Diagnosis,
    /// The names of the logs that were searched.
    pub searched: Vec<String>,
}

/// Explains what failed in a folder: one step, or the step whose logs show the cause with the most
/// confidence, the last of several. `None` if all its steps ended well.
///
/// # Errors
/// Returns an error if the folder has no logs of the step.
pub fn in_folder(logs: &FolderLogs, step: Option<&str>) -> Result<Option<OfFiles>, NoSuchStep> {
    let names = logs.names();
    let steps = steps(&names);
    if let Some(step) = step {
        let is_of = |folder: &&String| {
            let name = folder.split_once('-').map(|(_, name)| name);
            folder.as_str() == step || name == Some(step_name(step).as_str())
        };
        let Some(folder) = steps.iter().rfind(is_of) else {
            return Err(NoSuchStep(steps));
        };
        return Ok(of_step(logs, folder.clone()).map(|(found, _)| found));
    }
    if steps.is_empty() {
        let (found, _) = of_subject(logs, Subject::All);
        return Ok(Some(found));
    }
    let found = steps.into_iter().rev().take(MAX_STEPS);
    let found = found.filter_map(|folder| of_step(logs, folder));
    let failed = found
        .filter(|(_, exit)| *exit != Some(0))
        .map(|(found, _)| found);
    let failed: Vec<OfFiles> = failed.collect();
    // Of several that are equal, the last that `max_by_key` meets.
    let first_last = failed.into_iter().rev();
    Ok(first_last.max_by_key(|found| found.diagnosis.confidence))
}

/// Explains a failure from a single log.
pub fn in_text(name: &str, sections: Vec<Section>) -> OfFiles {
    let role = role_of_text(name, &sections);
    let log = LogText {
        role,
        name: name.to_owned(),
        sections,
    };
    let evidence = Evidence {
        logs: vec![log],
        ..Evidence::default()
    };
    OfFiles {
        step: None,
        diagnosis: diagnose(&evidence, Asked::default()),
        searched: vec![name.to_owned()],
    }
}

fn of_step(logs: &FolderLogs, folder: String) -> Option<(OfFiles, Option<i32>)> {
    let (mut found, exit) = of_subject(logs, Subject::Step(folder.clone()));
    found.step = Some(folder);
    (!found.searched.is_empty()).then_some((found, exit))
}

fn of_subject(logs: &FolderLogs, subject: Subject) -> (OfFiles, Option<i32>) {
    let mut search = Search::new(subject, logs.names());
    logs.serve(&mut search);
    let searched = search.searched();
    let evidence = search.evidence(Vec::new());
    let found = OfFiles {
        step: None,
        diagnosis: diagnose(&evidence, Asked::default()),
        searched,
    };
    (found, evidence.exit)
}

/// The folders of steps, in order.
fn steps(names: &BTreeSet<String>) -> Vec<String> {
    let of = |name: &String| {
        let (folder, file) = name.strip_prefix("steps/")?.split_once('/')?;
        (!file.is_empty()).then(|| folder.to_owned())
    };
    let folders: BTreeSet<String> = names.iter().filter_map(of).collect();
    folders.into_iter().collect()
}
