//! Finds out why a step or a cluster failed, from its logs, which EMR may upload minutes later.

mod failed;
mod folder;

pub use failed::Failed;
pub use folder::{NoSuchStep, OfFiles, in_folder, in_text};

use crate::cloud::{Cloud, CloudError, LogListing, LogVersion};
use crate::diagnose::search::{Search, stream};
use crate::diagnose::{Asked, diagnose};
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::diagnosis::Diagnosis;
use crate::model::event::Listener;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use crate::model::skew::TaskSkew;
use std::time::Duration;
use tokio::time::Instant;

/// EMR uploads logs about every five minutes and when a cluster ends (EMR Management Guide).
const MAX_WAIT: Duration = Duration::from_secs(12 * 60);

/// How often to look for the logs of what a cluster's end cut off: EMR uploads them then, or never.
pub const POLLS_AFTER_END: u32 = 8;

/// A round of EMR's uploads, and some time for it.
pub const ROUND: Duration = Duration::from_secs(6 * 60);

/// How many pauses to wait for further logs once the first is there. EMR uploads those of a cluster
/// in one round, and leaves out empty ones.
const MORE_PAUSES: u32 = 2;

/// Why it failed, and what was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What failed.
    pub failed: Failed,
    /// Why.
    pub diagnosis: Diagnosis,
    /// The names of the logs and messages that were searched; none if none are there.
    pub searched: Vec<String>,
    /// A task that had read far more than the others; `None` as well until its event log is read.
    pub skew: Option<TaskSkew>,
}

impl Explanation {
    /// What the cluster's record says.
    pub fn recorded(failed: Failed, diagnosis: &Diagnosis) -> Self {
        Self {
            failed,
            diagnosis: diagnosis.clone(),
            searched: Vec::new(),
            skew: None,
        }
    }
}

impl Explanation {
    /// Adds the diagnosis to the record of its cluster.
    pub fn record(&self, cluster: &mut Cluster) {
        let diagnosis = Some(self.diagnosis.clone());
        match self.failed {
            Failed::Start => cluster.diagnosis = diagnosis,
            Failed::Step(index) => {
                if let Some(step) = cluster.steps.get_mut(index) {
                    step.diagnosis = diagnosis;
                }
            }
        }
    }
}

/// Searches the logs for the cause of a failure.
#[derive(Clone, Copy)]
pub struct Explainer<'a> {
    /// Where the cluster ran.
    pub cloud: &'a dyn Cloud,
    /// The cluster.
    pub id: &'a ClusterId,
    /// The job that it ran, if that is known.
    pub job: Option<&'a JobSpec>,
    /// Whether it has Spot instances.
    pub has_spot: bool,
    /// Gets reports of what is waited for; `None` to search only what is there.
    pub waits: Option<&'a dyn Listener>,
}

/// The versions of EMR's own logs of steps, by their names.
fn controllers(listing: &LogListing) -> Vec<(String, LogVersion)> {
    let logs = listing.logs.iter();
    let own = logs.filter(|(name, _)| stream(name) == "controller");
    own.map(|(name, version)| (name.clone(), *version))
        .collect()
}

impl Explainer<'_> {
    /// Explains a failure once its logs are there, or after twelve minutes from what is there.
    /// Returns `None` if the target does not know the cluster.
    ///
    /// # Errors
    /// Returns an error if a call to the cloud fails.
    pub async fn explain(self, failed: Failed) -> Result<Option<Explanation>, CloudError> {
        let started = Instant::now();
        let mut search: Option<Search> = None;
        let mut begun: Option<Instant> = None;
        let more = self.cloud.pause(0) * MORE_PAUSES;
        // EMR's own logs of steps that did not say yet how the step ended.
        let mut unended = None;
        let mut pauses = 0_u32;
        loop {
            let Some(listing) = self.cloud.logs_of(self.id).await? else {
                return Ok(None);
            };
            let search = match &mut search {
                Some(search) => {
                    search.relist(listing.names());
                    search
                }
                none => none.insert(Search::new(failed.subject(&listing), listing.names())),
            };
            let has_begun = search.has_begun();
            let may_be_stale = self.waits.is_some() && started.elapsed() < ROUND;
            let mut is_stale = may_be_stale && unended == Some(controllers(&listing));
            if has_begun && !is_stale {
                self.read(search).await;
                is_stale = may_be_stale && search.is_stale() && failed.has_ended(&listing);
                if is_stale {
                    search.forget();
                    unended = Some(controllers(&listing));
                }
            }
            begun = begun.or(has_begun.then(Instant::now)).filter(|_| !is_stale);
            let is_cut = !has_begun && !failed.has_ended(&listing) && pauses >= POLLS_AFTER_END;
            let is_over = is_cut
                || (has_begun && !is_stale && search.is_complete())
                || begun.is_some_and(|begun| begun.elapsed() >= more)
                || started.elapsed() >= MAX_WAIT
                || !search.expects_logs();
            match self.waits.filter(|_| !is_over) {
                Some(listener) => listener.on_wait(failed.waits_for(&listing)),
                None => {
                    self.read(search).await;
                    return Ok(Some(self.conclude(failed, search.clone(), &listing)));
                }
            }
            let changed = self.cloud.await_logs(self.cloud.pause(pauses)).await;
            pauses += u32::from(!changed);
        }
    }

    /// Reads what the search asks for. A log that cannot be read counts as empty: the others may
    /// show enough.
    async fn read(self, search: &mut Search) {
        while let Some(name) = search.next_log() {
            let sections = self.cloud.sections(self.id, &name).await;
            search.add(name, sections.unwrap_or_default());
        }
    }

    fn asked(&self, failed: Failed, listing: &LogListing) -> Asked<'_> {
        let step = match failed {
            Failed::Step(index) => listing.steps.get(index),
            Failed::Start => None,
        };
        let is_of = |spec: &&StepSpec| step.is_some_and(|step| spec.name.as_str() == step.name);
        Asked {
            step: self.job.and_then(|job| job.steps.iter().find(is_of)),
            has_spot: self.has_spot,
        }
    }

    fn conclude(self, failed: Failed, search: Search, listing: &LogListing) -> Explanation {
        let messages = failed.messages(listing);
        let named = messages.iter().map(|log| log.name.clone());
        let searched = named.chain(search.searched()).collect();
        Explanation {
            failed,
            diagnosis: diagnose(&search.evidence(messages), self.asked(failed, listing)),
            searched,
            skew: None,
        }
    }
}
