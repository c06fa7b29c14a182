//! Where things lie in the bucket.
//!
//! ```text
//! locks/STACK.json                     who works on the stack
//! watchdog/lock                        who watches the account
//! teams/TEAM.json                      what the team has spent and promised
//! stacks/STACK/.clusterup.json         the stack has a part of the bucket, and the bucket is closed;
//!                                      in it, from where the stack was applied last
//! stacks/STACK/{scripts, data, bootstrap}/…
//! stacks/STACK/intents/NONCE.json      a call without a token is about to be made
//! stacks/STACK/clusters/CLUSTER        the stack made this cluster, and as what
//! stacks/STACK/deadlines/NONCE        when the cluster of that nonce powers itself off, where moved
//! stacks/STACK/followed/CLUSTER        an apply follows this cluster
//! stacks/STACK/runs/JOB/CLUSTER.RUN    this run ended well
//! work/STACK/{results, scratch}/JOB/…  what jobs write
//! work/STACK/logs/CLUSTER/…            what EMR uploads
//! work/STACK/heard/NONCE               which deadline the primary of that nonce has read
//! ```
//!
//! A cluster's machines write below `work` alone: the policies of their role and of the bucket see
//! to it. An older clusterup had results, scratch and logs below `stacks/STACK`; they are read, and
//! removed, where they are.

use super::names::{prefix, work};
use crate::model::name::{ClusterId, JobHash, StackName, TeamName};
use crate::model::observed::Run;

pub(super) const LOCKS: &str = "locks/";

/// Who watches the account.
pub(super) const WATCH: &str = "watchdog/lock";

/// The marker of a stack's part, without the stack's prefix.
pub(super) const MARKER: &str = ".clusterup.json";

pub(super) fn lock(stack: &StackName) -> String {
    format!("{LOCKS}{stack}.json")
}

pub(super) fn team(team: &TeamName) -> String {
    format!("teams/{team}.json")
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

/// Seconds after a cluster's creation.
pub(super) fn deadline(stack: &StackName, nonce: &str) -> String {
    format!("{}deadlines/{nonce}", prefix(stack))
}

pub(super) fn followed(stack: &StackName, id: &ClusterId) -> String {
    format!("{}{}", prefix(stack), follower(id))
}

/// The same without the stack's prefix.
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

/// Below what the runs of a job are noted.
pub(super) fn runs(stack: &StackName, job: &JobHash) -> String {
    format!("{}runs/{job}/", prefix(stack))
}

pub(super) fn logs(stack: &StackName, id: &ClusterId) -> String {
    format!("{}{}", work(stack), logs_of(id))
}

/// Where an older clusterup let EMR upload them.
pub(super) fn older_logs(stack: &StackName, id: &ClusterId) -> String {
    format!("{}{}", prefix(stack), logs_of(id))
}

/// The same without a prefix.
pub(super) fn logs_of(id: &ClusterId) -> String {
    format!("logs/{id}/")
}

/// What a key below a stack's prefix is, where it says something.
pub(super) enum Note {
    Intent(String),
    Cluster(String),
    Run(Run),
}

/// Reads a key, without its stack's prefix.
pub(super) fn note(key: &str) -> Option<Note> {
    let (folder, rest) = key.split_once('/')?;
    match folder {
        "intents" => Some(Note::Intent(rest.strip_suffix(".json")?.to_owned())),
        // What is no cluster's id is no note of ours: nobody waits for EMR to show it.
        "clusters" => {
            let id: ClusterId = rest.parse().ok()?;
            Some(Note::Cluster(id.to_string()))
        }
        "runs" => {
            let (job, rest) = rest.split_once('/')?;
            let (cluster, number) = rest.rsplit_once('.')?;
            let (job, cluster) = (job.parse().ok()?, cluster.parse().ok()?);
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
