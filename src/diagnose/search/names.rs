//! The names of logs: EMR's layout below a cluster's prefix (EMR Management Guide, "View log files"),
//! and this machine's. `.gz` is left out of them.
//!
//! ```text
//! steps/01-load/{controller, stderr, stdout, syslog}
//! containers/application_…/container_…/{stderr, stdout}
//! node/i-…/bootstrap-actions/1/{controller, stderr, stdout}
//! node/i-…/provision-node/…, node/i-…/applications/hadoop-yarn/…-nodemanager-….log
//! executors/node-1/app-…/0/{stderr, stdout}        this machine's
//! daemons/{master, worker-1}.log                   this machine's
//! ```

use crate::model::app_ui::ApplicationId;
use crate::model::evidence::{LogRole, Section};
use std::collections::BTreeSet;

/// The stream that a log is of. Logs that are rolled have a suffix: `stderr.1`, `stderr--2026-11-21`.
pub fn stream(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.split(['.', '-']).next().unwrap_or(file)
}

/// Who wrote a log, by its name; `None` for a file that is no log of interest. The stderr of a step
/// that does not run Spark counts as its driver's.
pub(super) fn role(name: &str) -> Option<LogRole> {
    let stream = stream(name);
    let first = name.split('/').next().unwrap_or(name);
    match (first, stream) {
        ("steps", "stdout") => Some(LogRole::DriverOutput),
        ("steps", "stderr" | "syslog") => Some(LogRole::DriverLog),
        ("steps", "controller") => Some(LogRole::Controller),
        ("containers" | "executors", "stderr" | "stdout") => Some(LogRole::Executor),
        ("node", _) if name.contains("/bootstrap-actions/") => match stream {
            "stderr" | "stdout" | "controller" => Some(LogRole::Bootstrap),
            _ => None,
        },
        ("node" | "daemons", _) => Some(LogRole::Node),
        _ => None,
    }
}

/// The role of a log of the driver's container in cluster mode.
pub(super) fn role_of_driver(name: &str) -> Option<LogRole> {
    match stream(name) {
        "stdout" => Some(LogRole::DriverOutput),
        "stderr" => Some(LogRole::DriverLog),
        _ => None,
    }
}

/// The role of a log by its name, in whatever folder. The first container of an application is its
/// driver's, or its application master's.
pub(super) fn role_of_any(name: &str) -> Option<LogRole> {
    if name.contains("_000001/") {
        return role_of_driver(name);
    }
    let by_place = role(name).or_else(|| {
        let at = name
            .find("container_")
            .or_else(|| name.find("bootstrap-actions/"))?;
        let of_container = name[at..].starts_with("container_");
        let folder = if of_container {
            "containers/"
        } else {
            "node/i/"
        };
        role(&format!("{folder}{}", &name[at..]))
    });
    let is_layout = ["steps/", "containers/", "node/", "executors/", "daemons/"]
        .iter()
        .any(|folder| name.starts_with(folder));
    match (by_place, stream(name)) {
        (Some(role), _) => Some(role),
        (None, _) if is_layout => None,
        (None, "stdout") => Some(LogRole::DriverOutput),
        (None, "stderr" | "syslog") => Some(LogRole::DriverLog),
        (None, "controller") => Some(LogRole::Controller),
        (None, _) => None,
    }
}

/// The role of a single log, by its name or else by what it says.
pub fn role_of_text(name: &str, sections: &[Section]) -> LogRole {
    const EXECUTOR: &str = "CoarseGrainedExecutorBackend: Started daemon";
    const NODE: &str = "org.apache.hadoop.yarn.server.nodemanager";
    let text = sections.first().map_or("", |section| section.text.as_str());
    let by_text = || match text {
        text if text.contains(EXECUTOR) => LogRole::Executor,
        text if text.contains(NODE) => LogRole::Node,
        _ => LogRole::DriverLog,
    };
    role_of_any(name)
        .filter(|role| *role != LogRole::DriverLog)
        .unwrap_or_else(by_text)
}

/// The instance by whose node manager, the process of YARN that runs containers, a log is.
pub(super) fn of_node_manager(name: &str) -> Option<&str> {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["node", instance, "applications", "hadoop-yarn", file] => {
            let is_log = file.contains("nodemanager") && file.contains(".log");
            is_log.then_some(instance)
        }
        _ => None,
    }
}

/// The names that begin so.
pub(super) fn below<'a>(
    names: &'a BTreeSet<String>,
    prefix: &str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let prefix = prefix.to_owned();
    let from = names.range(prefix.clone()..).map(String::as_str);
    from.take_while(move |name| name.starts_with(&prefix))
}

/// The folders of the logs that EMR's message of a failed start leads to: `On the master instance
/// (i-0abc), bootstrap action 2 returned a non-zero return code`, `On 2 core instances (including
/// i-0abc), application provisioning failed`.
pub(super) fn folders_of_start(message: &str) -> Vec<String> {
    let action = number_after(message, "bootstrap action ");
    let instances = words(message, "i-", |c| c.is_ascii_hexdigit());
    let folder = |instance: String| match action {
        Some(number) => format!("node/{instance}/bootstrap-actions/{number}/"),
        None if message.contains("provisioning") => format!("node/{instance}/provision-node/"),
        None => format!("node/{instance}/bootstrap-actions/"),
    };
    instances.into_iter().map(folder).collect()
}

/// The first application of YARN that a line names.
pub fn application(line: &str) -> Option<ApplicationId> {
    let part = |c: char| c.is_ascii_digit() || c == '_';
    words(line, "application_", part).first()?.parse().ok()
}

/// The number right after a text.
pub(in crate::diagnose) fn number_after(line: &str, text: &str) -> Option<u32> {
    let (_, rest) = line.split_once(text)?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// The words in a line that begin with a prefix at the start of a word and go on with such
/// characters.
pub(in crate::diagnose) fn words(
    line: &str,
    prefix: &str,
    is_part: impl Fn(char) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            continue;
        }
        let rest = &line[at + prefix.len()..];
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if end > 0 {
            found.push(line[at..at + prefix.len() + end].to_owned());
        }
    }
    found
}
