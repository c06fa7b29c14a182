//! Reads the request RunJobFlow in the names of EMR's API and makes the YAML of a stack of it. Values
//! are not checked here: the stack's own reader judges them, and what it refuses is left out (`settle`).

mod bootstrap;
mod fleets;
mod guardrails;
mod identity;
mod machines;
mod network;
mod options;
mod program;
mod scaling;
mod software;
mod spark;
mod spark_options;
mod steps;
mod volumes;

use super::at::At;
use super::yaml::Yaml;
use super::{Options, Refused, Wrong};

/// An entry of a mapping.
type Entry = (&'static str, Yaml);

/// What several parts of a stack depend on.
#[derive(Clone, Copy)]
struct About {
    /// Whether the cluster waits for more steps after the last one.
    keeps: bool,
    /// Whether several steps run at the same time.
    at_once: bool,
}

/// The stack of a request.
pub(super) fn stack(root: &At<'_>, options: &Options) -> Result<Yaml, Refused> {
    let instances = root.get("Instances");
    let keeps = instances
        .as_ref()
        .and_then(|of| of.get("KeepJobFlowAliveWhenNoSteps"));
    let concurrency = root.get("StepConcurrencyLevel");
    let about = About {
        keeps: keeps.as_ref().and_then(At::switch).unwrap_or(false),
        at_once: concurrency.as_ref().and_then(At::number).unwrap_or(1) > 1,
    };
    let mut entries = identity::entries(root, options)?;
    let (actions, packages) = bootstrap::read(root);
    entries.push(("cluster", cluster(root, actions)?));
    let job = steps::job(root, packages, about);
    if job.is_some() {
        software::without_maximum(root);
    }
    entries.extend(job);
    entries.push(("guardrails", guardrails::read(root, keeps, about)));
    let mut stack = Yaml::map(entries).from(root);
    if root.get("LogUri").is_none() {
        stack = stack.note("added: EMR uploads logs to clusterup's bucket");
    }
    Ok(stack)
}

fn cluster(root: &At<'_>, bootstrap: Vec<Yaml>) -> Result<Yaml, Wrong> {
    let missing = |place: &str, message: &str| Wrong {
        place: place.to_owned(),
        message: message.to_owned(),
    };
    let release = root.get("ReleaseLabel");
    let release = release.as_ref().and_then(At::to_yaml);
    let release = release.ok_or_else(|| {
        missing(
            "ReleaseLabel",
            "the request names no release, such as emr-7.12.0",
        )
    })?;
    let instances = root
        .get("Instances")
        .ok_or_else(|| missing("Instances", "the request has no instances"))?;
    let size = machines::size(&instances, root.get("ManagedScalingPolicy").is_some());
    let size =
        size.ok_or_else(|| missing("Instances", "the request names no primary node (MASTER)"))?;
    let mut entries = vec![("release", release.fixed()), ("size", size.fixed())];
    entries.extend(scaling::read(root));
    entries.extend(software::applications(root));
    entries.extend(software::configurations(root));
    entries.extend(network::read(&instances));
    entries.extend(options::read(root, &instances));
    if !bootstrap.is_empty() {
        let mut list = Yaml::list(bootstrap);
        list.from
            .extend(root.get("BootstrapActions").map(|at| at.path().clone()));
        entries.push(("bootstrap", list));
    }
    Ok(Yaml::map(entries).from(&instances))
}
