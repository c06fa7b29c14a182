//! The keys of the bucket's objects.
//!
//! ```text
//! locks/STACK.json                     the lease of the stack
//! watchdog/lock                        the lease of the account's watchdog
//! teams/TEAM.json                      the team's account
//! adopted/CLUSTER.json                 the adoption of a cluster that others created
//! stacks/STACK/.clusterup.json         the marker: the stack exists, the bucket is closed, and
//!                                      where the stack was last applied from
//! stacks/STACK/{scripts, data, bootstrap}/…
//! stacks/STACK/intents/NONCE.json      an intent
//! stacks/STACK/clusters/CLUSTER        the note of a cluster that the stack created
//! stacks/STACK/deadlines/NONCE         the moved power-off of the cluster with that nonce
//! stacks/STACK/followed/CLUSTER        an apply follows this cluster
//! stacks/STACK/runs/JOB/CLUSTER.RUN    this run ended well
//! stacks/STACK/diagnoses/CLUSTER/NN    why the cluster's step of this number failed, from 1, and
//!                                      what fixes it
//! stacks/STACK/diagnoses/CLUSTER/start why the cluster never was ready
//! work/STACK/{results, scratch}/JOB/…  what jobs write
//! work/STACK/logs/CLUSTER/…            what EMR uploads
//! work/STACK/events/NONCE/JOB.RUN/… Spark's event logs of a run on the cluster with that nonce
//! work/STACK/heard/NONCE               the deadline that the primary has read
//! ```
//!
//! A cluster's instances write below `work` only, by the policies of their role and of the bucket.
//! An older clusterup kept results, scratch and logs below `stacks/STACK`; they are still read and
//! removed there.

use super::names::{prefix, work};
use crate::model::name::{ClusterId, JobHash, StackName, TeamName};
use crate::model::observed::Run;

pub(super) const LOCKS: &str = "locks/";

/// The lease of the account's watchdog.
pub(super) const WATCH: &str = "watchdog/lock";

/// A stack's marker, without the stack's prefix.
pub(super) const MARKER: &str = ".clusterup.json";

pub(super) fn lock(stack: &StackName) -> String {
    format!("{LOCKS}{stack}.json")
}

pub(super) fn team(team: &TeamName) -> String {
    format!("teams/{team}.json")
}

/// The prefix of the records of adoptions.
pub(super) const ADOPTED: &str = "adopted/";

pub(super) fn adopted(id: &ClusterId) -> String {
    format!("{ADOPTED}{id}.json")
}

/// The cluster of a record of an adoption, by its key.
pub(super) fn adopted_cluster(key: &str) -> Option<ClusterId> {
    let id = key.strip_prefix(ADOPTED)?.strip_suffix(".json")?;
    id.parse().ok()
}

pub(super) fn marker(stack: &StackName) -> String {
    format!("{}{MARKER}", prefix(stack))
}

pub(super) fn intent(stack: &StackName, nonce: &str) -> String {
    format!("{}intents/{nonce}.json", prefix(stack))
}

pub(super) fn cluster(stack: &StackName, id: &str) -> String {
    format!("{}clusters/{id}", prefix(stack))
}

/// An object with seconds after a cluster's creation, in digits.
pub(super) fn deadline(stack: &StackName, nonce: &str) -> String {
    format!("{}deadlines/{nonce}", prefix(stack))
}

pub(super) fn followed(stack: &StackName, id: &ClusterId) -> String {
    format!("{}{}", prefix(stack), follower(id))
}

/// The same key without the stack's prefix.
pub(super) fn follower(id: &ClusterId) -> String {
    format!("followed/{id}")
}

pub(super) fn run(stack: &StackName, run: &Run) -> String {
    let Run {
        job,
        cluster,
        number,
    } = run;
    format!("{}{cluster}.{number}", runs(stack, job))
}

/// The prefix of the event logs of a job's run on the cluster with a nonce.
pub(super) fn events(stack: &StackName, nonce: &str, job: &JobHash, number: u32) -> String {
    format!("{}events/{nonce}/{job}.{number}/", work(stack))
}

/// The prefix of the records of a job's runs.
pub(super) fn runs(stack: &StackName, job: &JobHash) -> String {
    format!("{}runs/{job}/", prefix(stack))
}

/// Why a step failed, by its number from 1, or why the cluster never was ready.
pub(super) fn diagnosis(stack: &StackName, id: &ClusterId, step: Option<usize>) -> String {
    let below = format!("{}{}", prefix(stack), diagnoses_of(id));
    match step {
        Some(number) => format!("{below}{number:02}"),
        None => format!("{below}{START}"),
    }
}

const START: &str = "start";

/// The prefix of a cluster's diagnoses below its stack's prefix.
pub(super) fn diagnoses_of(id: &ClusterId) -> String {
    format!("diagnoses/{id}/")
}

/// What a diagnosis is of, by the last part of its key; the outer `None` if it is no diagnosis.
pub(super) fn diagnosed(name: &str) -> Option<Option<usize>> {
    match name {
        START => Some(None),
        number => Some(Some(number.parse().ok()?)),
    }
}

pub(super) fn logs(stack: &StackName, id: &ClusterId) -> String {
    format!("{}{}", work(stack), logs_of(id))
}

/// The prefix to which an older clusterup let EMR upload logs.
pub(super) fn older_logs(stack: &StackName, id: &ClusterId) -> String {
    format!("{}{}", prefix(stack), logs_of(id))
}

/// The prefix of a cluster's logs below a stack's prefixes.
pub(super) fn logs_of(id: &ClusterId) -> String {
    format!("logs/{id}/")
}

/// What an object below a stack's prefix records.
pub(super) enum Note {
    Intent(String),
    Cluster(String),
    Run(Run),
}

/// Parses a key, given without its stack's prefix; `None` if it is no record.
pub(super) fn note(key: &str) -> Option<Note> {
    let (folder, rest) = key.split_once('/')?;
    match folder {
        "intents" => Some(Note::Intent(rest.strip_suffix(".json")?.to_owned())),
        // Other names are no notes of ours: do not wait for EMR to list such clusters.
        "clusters" => {
            let id: ClusterId = rest.parse().ok()?;
            Some(Note::Cluster(id.to_string()))
        }
        "runs" => {
            let (job, rest) = rest.split_once('/')?;
            let (cluster, number) = rest.rsplit_once('.')?;
            let job = job.parse().ok()?;
            let cluster = cluster.parse().ok()?;
            let number = number.parse().ok()?;
            Some(Note::Run(Run {
                job,
                cluster,
                number,
            }))
        }
        _ => None,
    }
}
