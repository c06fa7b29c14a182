//! Roles, the image, disks, logs, and other settings of the whole cluster.

use super::Entry;
use crate::import::at::At;
use crate::import::yaml::Yaml;
use crate::model::aws_names::{INSTANCE_PROFILE, LogFolder, SERVICE_ROLE, is_own_bucket};

pub(super) fn read(root: &At<'_>, instances: &At<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let plain = |theirs: &str, ours: &'static str| Some((ours, root.get(theirs)?.to_yaml()?));
    entries.extend(plain("SecurityConfiguration", "security_configuration"));
    entries.extend(plain("LogEncryptionKmsKeyId", "log_encryption_key"));
    entries.extend(logs(root));
    entries.extend(roles(root));
    entries.extend(plain("CustomAmiId", "image"));
    entries.extend(root_volume(root));
    entries.extend(concurrency(root));
    if let Some(protected) = instances.get("TerminationProtected")
        && let Some(is) = protected.switch()
    {
        protected.carry();
        let protection = Yaml::plain("true").from(&protected);
        entries.extend(is.then_some(("termination_protection", protection)));
    }
    if let Some(replaced) = instances.get("UnhealthyNodeReplacement")
        && replaced.switch().is_some()
    {
        // Terraform's provider writes false where nothing is set.
        replaced.lost("EMR replaces unhealthy core nodes, as it does by default");
    }
    if let Some(behavior) = root.get("ScaleDownBehavior") {
        match behavior.text().as_deref() {
            // As clusterup asks for.
            Some("TERMINATE_AT_TASK_COMPLETION") => behavior.carry(),
            Some(_) => behavior.lost("nodes that leave finish their tasks first"),
            None => {}
        }
    }
    entries
}

fn logs(root: &At<'_>) -> Option<Entry> {
    let uri = root.get("LogUri")?;
    let text = uri.text()?;
    let bucket = text
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    if bucket.is_some_and(is_own_bucket) {
        uri.lost("EMR uploads logs to the place of this stack in clusterup's bucket");
        return None;
    }
    uri.carry();
    // EMR shows folders with the scheme s3n.
    let folder = LogFolder::shown(&text).map_or(text, |folder| folder.to_string());
    Some(("logs", Yaml::text(&folder).from(&uri)))
}

fn roles(root: &At<'_>) -> Option<Entry> {
    let mut entries = Vec::new();
    for (theirs, ours, default) in [
        ("ServiceRole", "service", SERVICE_ROLE),
        ("JobFlowRole", "instance_profile", INSTANCE_PROFILE),
        ("AutoScalingRole", "scaling", ""),
    ] {
        let Some(role) = root.get(theirs) else {
            continue;
        };
        let Some(name) = role.to_yaml() else { continue };
        if role.text().as_deref() != Some(default) {
            entries.push((ours, name));
        }
    }
    (!entries.is_empty()).then(|| ("roles", Yaml::map(entries)))
}

fn root_volume(root: &At<'_>) -> Option<Entry> {
    let size = root.get("EbsRootVolumeSize")?;
    let gib = size.number()?;
    size.carry();
    let mut volume = vec![("size", Yaml::plain(format!("{gib}g")).fixed())];
    for (theirs, ours) in [
        ("EbsRootVolumeIops", "iops"),
        ("EbsRootVolumeThroughput", "throughput"),
    ] {
        if let Some(speed) = root.get(theirs)
            && let Some(number) = speed.number()
        {
            speed.carry();
            volume.push((ours, Yaml::plain(number).from(&speed)));
        }
    }
    Some(("root_volume", Yaml::map(volume).from(&size)))
}

fn concurrency(root: &At<'_>) -> Option<Entry> {
    let level = root.get("StepConcurrencyLevel")?;
    let number = level.number()?;
    level.carry();
    let steps = Yaml::plain(number).from(&level);
    (number != 1).then_some(("step_concurrency", steps))
}
