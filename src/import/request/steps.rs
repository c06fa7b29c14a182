//! The job: steps, and what happens when one fails.

use super::{About, Entry, bootstrap, program};
use crate::import::at::{At, texts};
use crate::import::yaml::Yaml;
use crate::model::name::JobHash;
use std::collections::BTreeMap;

/// What a job says that leaves the memory of executors to clusterup.
const MEMORY: &str = "added: where a step has no executor_memory, clusterup chooses it for the \
                      instance type";

/// `job`; `None` without steps.
pub(super) fn job(root: &At<'_>, packages: Option<At<'_>>, about: About) -> Option<Entry> {
    let list = root.get("Steps");
    let mut names = BTreeMap::new();
    let mut steps = Vec::new();
    let mut chooses_memory = false;
    for item in list.iter().flat_map(At::items) {
        if let Some((step, chooses)) = step(&item, &mut names, about) {
            steps.push(step);
            chooses_memory |= chooses;
        }
    }
    if steps.is_empty() {
        let why = "a stack installs packages for the steps of a job, and this has none";
        packages.iter().for_each(|packages| packages.fatal(why));
        return None;
    }
    let mut entries = Vec::new();
    if let Some(packages) = &packages {
        let words = texts(&packages.items());
        entries.push(("python_packages", Yaml::texts(&words).from(packages)));
    }
    let mut steps = Yaml::list(steps);
    steps.from.extend(list.map(|list| list.path().clone()));
    entries.push(("steps", steps.fixed()));
    let job = Yaml::map(entries);
    Some((
        "job",
        if chooses_memory {
            job.note(MEMORY)
        } else {
            job
        },
    ))
}

/// A step, and whether clusterup chooses its memory.
fn step(at: &At<'_>, names: &mut BTreeMap<String, usize>, about: About) -> Option<(Yaml, bool)> {
    let named = at.get("Name");
    let text = named.as_ref().and_then(At::text).unwrap_or_default();
    let name = without_mark(&text);
    let work = at.get("HadoopJarStep");
    let jar = work.as_ref().and_then(|of| of.get("Jar"));
    let Some(location) = jar.as_ref().and_then(At::text) else {
        at.fatal("a step without a jar");
        return None;
    };
    let main = work.as_ref().and_then(|of| of.get("MainClass"));
    let args = work.as_ref().map_or_else(Vec::new, |of| of.list("Args"));
    let words = texts(&args);
    let class = main.as_ref().and_then(At::text);
    let found = match program::of(name, &location, class.as_deref(), words) {
        Ok(found) => found,
        Err(why) => {
            at.fatal(why);
            return None;
        }
    };
    [&named, &jar].into_iter().flatten().for_each(At::carry);
    if found.uses_class {
        main.iter().for_each(At::carry);
    }
    for (number, why) in found.lost {
        if let Some(arg) = args.get(number) {
            arg.lost(why);
        }
    }
    let unique = bootstrap::unique(name, "step", names);
    let mut entries = vec![("name", Yaml::text(&unique))];
    entries.extend(found.entries);
    entries.extend(on_failure(at, about));
    let entries = entries.into_iter().map(|(key, value)| (key, value.fixed()));
    let mut step = Yaml::map(entries.collect()).from(at);
    step.notes.extend(found.notes);
    Some((step, found.chooses_memory))
}

/// The name without what clusterup adds: ` [HASH.RUN]`.
fn without_mark(text: &str) -> &str {
    let split = text
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once(" ["));
    let Some((name, mark)) = split else {
        return text;
    };
    let hash = mark
        .split_once('.')
        .map(|(hash, _)| hash.parse::<JobHash>());
    if matches!(hash, Some(Ok(_))) {
        name
    } else {
        text
    }
}

fn on_failure(at: &At<'_>, about: About) -> Option<Entry> {
    let Some(action) = at.get("ActionOnFailure") else {
        // EMR's documentation names no default, and its command line sends CONTINUE itself.
        return None;
    };
    match action.text()?.as_str() {
        "CONTINUE" => {
            action.carry();
            Some(("on_failure", Yaml::plain("continue").from(&action)))
        }
        "TERMINATE_CLUSTER" | "TERMINATE_JOB_FLOW" => {
            if about.at_once {
                action.lost("steps that run at the same time do not stop each other");
            } else if about.keeps {
                action.fatal(
                    "a cluster that is kept stays when a step fails, until a guardrail ends it",
                );
            } else {
                action.carry();
            }
            None
        }
        "CANCEL_AND_WAIT" => {
            if about.keeps && !about.at_once {
                action.carry();
            } else {
                action.lost("later steps do not run, and the cluster ends as the stack says");
            }
            None
        }
        _ => {
            action.fatal("expected CONTINUE, CANCEL_AND_WAIT or TERMINATE_CLUSTER");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusterups_own_mark_is_no_part_of_a_name() {
        for (text, name) in [
            ("count [0123456789abcdef.1]", "count"),
            ("count [0123456789abcdef.1, may fail]", "count"),
            ("count [daily]", "count [daily]"),
            ("count", "count"),
        ] {
            assert_eq!(without_mark(text), name);
        }
    }
}
