//! Bootstrap actions, and those with which clusterup itself begins.

use crate::import::at::{At, texts};
use crate::import::yaml::Yaml;
use crate::model::bootstrap::{PACKAGES_ACTION, POWER_OFF_ACTION};
use std::collections::BTreeMap;

/// The actions, and the Python packages that one of clusterup's installs.
pub(super) fn read<'r>(root: &At<'r>) -> (Vec<Yaml>, Option<At<'r>>) {
    let mut actions = Vec::new();
    let mut packages = None;
    let mut names = BTreeMap::new();
    for action in root.list("BootstrapActions") {
        let script = action.get("ScriptBootstrapAction");
        let path = script.as_ref().and_then(|of| of.get("Path"));
        let Some(location) = path.as_ref().and_then(At::text) else {
            action.fatal("a bootstrap action without a script");
            continue;
        };
        let named = action.get("Name");
        let name = named.as_ref().and_then(At::text).unwrap_or_default();
        let args = script.as_ref().and_then(|of| of.get("Args"));
        let is_own = |of: &str, file: &str| name == of && location.ends_with(file);
        if is_own(POWER_OFF_ACTION, "/bootstrap/power-off.sh") {
            action.lost("clusterup adds its own for this stack");
            continue;
        }
        if is_own(PACKAGES_ACTION, "/bootstrap/python-packages.sh") {
            packages = args;
            [&named, &path].into_iter().flatten().for_each(At::carry);
            continue;
        }
        if !location.starts_with("s3://") {
            action.fatal("a stack runs scripts of S3, or of the folder of its file");
            continue;
        }
        [&named, &path].into_iter().flatten().for_each(At::carry);
        let name = unique(&name, "bootstrap action", &mut names);
        let mut entries = vec![
            ("name", Yaml::text(&name).fixed()),
            ("script", Yaml::text(&location).fixed()),
        ];
        if let Some(args) = args {
            let words = texts(&args.items());
            if !words.is_empty() {
                entries.push(("args", Yaml::texts(&words).fixed()));
            }
        }
        actions.push(Yaml::map(entries).from(&action));
    }
    (actions, packages)
}

/// A name as a stack takes it, which no other has: without characters that it refuses, and numbered.
/// `names`: those that are taken, each with the number that is tried next behind it.
pub(super) fn unique(name: &str, otherwise: &str, names: &mut BTreeMap<String, usize>) -> String {
    let plain = |c: char| {
        let is_odd = c.is_control() || "<>$|`".contains(c);
        if is_odd { '-' } else { c }
    };
    let name: String = name.trim().chars().map(plain).take(180).collect();
    let name = match name.trim() {
        "" => otherwise.to_owned(),
        name => name.to_owned(),
    };
    let Some(mut next) = names.get(&name).copied() else {
        names.insert(name.clone(), 2);
        return name;
    };
    let mut free = format!("{name} {next}");
    while names.contains_key(&free) {
        next = next.saturating_add(1);
        free = format!("{name} {next}");
    }
    names.insert(name, next.saturating_add(1));
    names.insert(free.clone(), 2);
    free
}
