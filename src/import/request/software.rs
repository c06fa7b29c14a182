//! Applications and their configurations.

use super::Entry;
use crate::import::at::At;
use crate::import::yaml::Yaml;
use crate::model::known_applications::ALWAYS;

pub(super) fn applications(root: &At<'_>) -> Option<Entry> {
    let list = root.get("Applications")?;
    let mut names = Vec::new();
    let mut seen = Vec::new();
    for application in list.items() {
        let name = application.get("Name");
        let Some(text) = name.as_ref().and_then(At::text) else {
            application.fatal("an application without a name");
            continue;
        };
        name.iter().for_each(At::carry);
        if let Some(version) = application.get("Version") {
            version.lost("the release has its own version");
        }
        let lower = text.to_ascii_lowercase();
        let always = ALWAYS.iter().any(|one| one.eq_ignore_ascii_case(&text));
        if !always && !seen.contains(&lower) {
            seen.push(lower);
            names.push(Yaml::text(&text).from(&application));
        }
    }
    (!names.is_empty()).then(|| ("applications", Yaml::list(names).from(&list)))
}

/// EMR's own choice of memory has no effect beside the memory that a stack has for each step.
pub(super) fn without_maximum(root: &At<'_>) {
    let why = "clusterup chooses the memory of executors for each step";
    for item in root.list("Configurations") {
        let maximum = item.get("Properties").filter(|of| of.value().is_object());
        if let Some(maximum) = maximum.and_then(|of| of.get("maximizeResourceAllocation")) {
            maximum.lost(why);
        }
    }
}

/// Deeper ones are not read: no stack can nest as deep.
const MAX_DEPTH: usize = 8;

pub(super) fn configurations(root: &At<'_>) -> Option<Entry> {
    let list = root.get("Configurations")?;
    let entries = classifications(&list, MAX_DEPTH);
    let configurations = Yaml::names(entries).from(&list);
    (configurations.len() > 0).then_some(("configurations", configurations))
}

fn classifications(list: &At<'_>, depth: usize) -> Vec<(String, Yaml)> {
    let mut all: Vec<(String, Yaml)> = Vec::new();
    if depth == 0 {
        return all;
    }
    for item in list.items() {
        let name = item.get("Classification");
        let Some(text) = name.as_ref().and_then(At::text) else {
            item.fatal("a configuration without its classification");
            continue;
        };
        let mut below = Vec::new();
        if let Some(properties) = item.get("Properties") {
            for (key, property) in properties.entries() {
                if let Some(value) = property.to_yaml() {
                    below.push((key.to_owned(), value));
                }
            }
        }
        if let Some(nested) = item.get("Configurations") {
            below.extend(classifications(&nested, depth - 1));
        }
        name.iter().for_each(At::carry);
        if below.is_empty() {
            continue;
        }
        let value = Yaml::names(below).from(&item);
        match all.iter_mut().find(|(there, _)| *there == text) {
            // The classification is in two parts.
            Some((_, there)) => there.extend(value),
            None => all.push((text, value)),
        }
    }
    all
}
