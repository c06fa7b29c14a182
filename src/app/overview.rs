//! What this machine knows without asking AWS: the stacks of a folder, and the clusters that lived
//! when they were last observed.

use super::failure::Failure;
use super::recorded_costs;
use super::session::Session;
use super::stack_file::{self, StackFile};
use super::text_file;
use crate::cost::meter::rate;
use crate::model::money::Usd;
use crate::model::name::{ClusterId, Region, StackName};
use crate::model::observed::ClusterState;
use crate::model::place::Place;
use crate::model::quantity;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders that are searched for stacks, from the current one.
const FOLDERS: &[&str] = &["", "stacks"];
/// The maximum number of YAML files that are read in a folder.
const MAX_FILES: usize = 200;

/// A file that declares a stack.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct FoundStack {
    pub(crate) file: PathBuf,
    /// `None` if the file has mistakes.
    pub(crate) stack: Option<StackName>,
    pub(crate) region: Option<Region>,
}

/// A cluster that lived when it was last observed.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct LivingCluster {
    pub(crate) id: ClusterId,
    pub(crate) stack: StackName,
    pub(crate) place: Place,
    pub(crate) state: ClusterState,
    /// Dollars per hour; `None` if the cluster is free or its rates are unknown.
    #[serde(serialize_with = "quantity::per_hour_if_any")]
    #[schemars(with = "Option<quantity::HourlyDollars>")]
    pub(crate) hourly: Option<Usd>,
    /// By when it must have ended, as of the observation.
    pub(crate) ends_by: Option<DateTime<Utc>>,
    pub(crate) observed_at: DateTime<Utc>,
}

/// The files of the current folder, and of `stacks` in it, that declare a stack, in the order of
/// their names.
pub(crate) fn stacks() -> Vec<FoundStack> {
    let files = candidates().into_iter();
    let found = files.map(|file| {
        let stack = stack_file::read(&StackFile::new(&file)).ok();
        let (stack, region) = stack.map(|stack| (stack.name, stack.region)).unzip();
        FoundStack {
            file,
            stack,
            region,
        }
    });
    found.collect()
}

/// The files that have the key `stack` in their first column: those that [`stacks`] reads.
pub(crate) fn candidates() -> Vec<PathBuf> {
    let folders = FOLDERS.iter().map(Path::new);
    let files = folders.flat_map(yaml_files);
    let declares = |path: &PathBuf| {
        let text = text_file::read(path).unwrap_or_default();
        text.lines().any(|line| line.starts_with("stack:"))
    };
    files.filter(declares).collect()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = fs::read_dir(here).into_iter().flatten().flatten();
    let names = entries.map(|entry| folder.join(entry.file_name()));
    let is_yaml = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml"))
    };
    let mut files: Vec<PathBuf> = names.filter(is_yaml).collect();
    files.sort();
    files.truncate(MAX_FILES);
    files
}

/// The clusters of this machine that live, and those on AWS that lived when they were last observed
/// from this machine. Asks AWS nothing.
///
/// # Errors
/// Returns an error if the clusters of this machine or the ledger cannot be read.
pub(crate) async fn living(
    session: &Session,
    now: DateTime<Utc>,
) -> Result<Vec<LivingCluster>, Failure> {
    let mut living = on_this_machine(session, now).await?;
    if !session.environment.ledger()?.exists() {
        return Ok(living);
    }
    let records = recorded_costs::open(session)?.living()?.into_iter();
    let on_aws = records.filter(|record| record.place != Place::Local && !record.state.is_over());
    living.extend(on_aws.map(|record| {
        let rates = record.rates.as_ref();
        let hourly = rates.map(|rates| rate(rates, &record.instance_spans, record.seen_at));
        LivingCluster {
            hourly,
            id: record.id,
            stack: record.stack,
            place: record.place,
            state: record.state,
            ends_by: record.ends_by,
            observed_at: record.seen_at,
        }
    }));
    Ok(living)
}

async fn on_this_machine(
    session: &Session,
    now: DateTime<Utc>,
) -> Result<Vec<LivingCluster>, Failure> {
    use crate::cloud::roles::Observing as _;
    let local = session.environment.local()?;
    let mut living = Vec::new();
    for stack in local.stacks().await? {
        let observed = local.observe(&stack, None).await?.clusters.into_iter();
        let live = observed.filter(|cluster| cluster.state.is_live());
        living.extend(live.map(|cluster| LivingCluster {
            id: cluster.id,
            stack: cluster.stack,
            place: Place::Local,
            state: cluster.state,
            hourly: None,
            ends_by: None,
            observed_at: now,
        }));
    }
    Ok(living)
}
