//! Finds out while a job is followed whether its running steps hang, on a target that does not watch
//! them itself.

use super::follow::Follower;
use crate::cloud::{CloudError, DriverLogs, Uploaded, UploadedLog};
use crate::diagnose::Asked;
use crate::diagnose::search::application;
use crate::diagnose::stuck::{LogTimes, StuckWatch, Surroundings};
use crate::model::app_ui::ApplicationId;
use crate::model::desired::JobSpec;
use crate::model::event::Event;
use crate::model::name::ClusterId;
use crate::model::observed::{Cluster, Step, StepState};
use crate::model::stuck::Stuck;
use crate::model::work::DeployMode;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// A log that has not been uploaded again for longer than this has nothing new: EMR uploads logs that
/// have changed about every five minutes (EMR Management Guide, "View log files").
const UPLOADED_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// What is known of the logs of a job's running steps.
#[derive(Default)]
pub(super) struct StuckSteps {
    /// The cluster of the steps.
    cluster: Option<ClusterId>,
    logs: BTreeMap<Key, WatchedLog>,
    /// The logs that are too long to be read.
    too_long: BTreeSet<Key>,
    /// When they were read last.
    read_at: Option<Instant>,
    /// Whether it was reported that a log cannot be read.
    warned: bool,
}

/// A log, by the index of its step in the cluster.
type Key = (usize, Source);

/// Which log of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// The step's own: the driver's, or in cluster mode that of Spark's client of YARN.
    Step,
    /// In cluster mode, that of the driver's container.
    Driver,
}

/// The log of a running step.
struct WatchedLog {
    /// Its name: another attempt of the driver has another log.
    name: String,
    watch: StuckWatch,
    /// The application of YARN that it names first.
    application: Option<ApplicationId>,
    /// When it was uploaded, in the version that was read last.
    uploaded_at: DateTime<Utc>,
    /// Until when the log is known.
    until: DateTime<Utc>,
    /// How the step hangs, with the instant until which the log was complete when it was found to.
    reported: Vec<(Stuck, DateTime<Utc>)>,
}

/// How steps hang, each with its index in the cluster.
#[derive(Default)]
pub(super) struct StuckNow {
    /// What was not reported before.
    pub(super) new: Vec<(usize, Stuck)>,
    /// What was reported, and what a later part of the log still shows: a log of an earlier upload may
    /// be minutes old, and the step may have gone on since.
    pub(super) lasting: Vec<(usize, Stuck)>,
}

impl StuckSteps {
    /// Reads what was uploaded of the running steps' logs, once in a while, and returns how steps
    /// hang, by their indexes. What cannot be read is reported once.
    pub(super) async fn look(
        &mut self,
        follower: Follower<'_>,
        cluster: &Cluster,
        job: &JobSpec,
    ) -> StuckNow {
        let mut all = StuckNow::default();
        let Some(logs) = follower.cloud.driver_logs() else {
            return all;
        };
        let running: Vec<(usize, &Step)> = running(cluster, job).collect();
        let Some(read_at) = self.read_at.filter(|_| !running.is_empty()) else {
            // A step that has just begun has nothing to read.
            self.read_at = Some(Instant::now());
            return all;
        };
        if read_at.elapsed() < logs.read_interval() {
            return all;
        }
        self.read_at = Some(Instant::now());
        if self.cluster.as_ref() != Some(&cluster.id) {
            self.cluster = Some(cluster.id.clone());
            self.logs.clear();
            self.too_long.clear();
        }
        let keys = running.into_iter().flat_map(|(index, step)| {
            let sources = sources(job, step).iter();
            sources.map(move |source| ((index, *source), step))
        });
        for (key, step) in keys {
            if self.too_long.contains(&key) {
                continue;
            }
            if let Err(error) = self.read(follower, logs, (cluster, key), step).await
                && !std::mem::replace(&mut self.warned, true)
            {
                follower.listener.on_event(&Event::Warning {
                    what: format!("a step that hangs cannot be recognised: {error}"),
                    next: error.hints.into_iter().next(),
                });
            }
            self.find(cluster, job, key, &mut all);
        }
        all
    }

    async fn read(
        &mut self,
        follower: Follower<'_>,
        logs: &dyn DriverLogs,
        (cluster, key): (&Cluster, Key),
        step: &Step,
    ) -> Result<(), CloudError> {
        let known = self.logs.get(&key).map(|log| log.uploaded_at);
        match self.uploaded(logs, cluster, key, known).await? {
            Uploaded::Absent => {}
            Uploaded::Unchanged => {
                // EMR does not say that it uploads the logs of containers again before they end.
                let watched = self.logs.get_mut(&key);
                if let Some(watched) = watched.filter(|_| key.1 == Source::Step) {
                    watched.unchanged(follower.clock.now());
                }
            }
            Uploaded::TooLong => {
                self.logs.remove(&key);
                self.too_long.insert(key);
                let name = &step.name;
                let what = format!("step {name} is not checked for a hang: its log is too long");
                let next = None;
                follower.listener.on_event(&Event::Warning { what, next });
            }
            Uploaded::Log(log) => {
                let started = step.started_at.unwrap_or(log.at);
                let is_other = |known: &WatchedLog| known.name != log.name;
                if self.logs.get(&key).is_some_and(is_other) {
                    self.logs.remove(&key);
                }
                let watched = self.logs.entry(key);
                let watched = watched.or_insert_with(|| WatchedLog::new(&log, started));
                watched.read(&log);
            }
        }
        Ok(())
    }

    async fn uploaded(
        &self,
        logs: &dyn DriverLogs,
        cluster: &Cluster,
        (index, source): Key,
        known: Option<DateTime<Utc>>,
    ) -> Result<Uploaded, CloudError> {
        let application = || self.logs.get(&(index, Source::Step))?.application.as_ref();
        match source {
            Source::Step => logs.uploaded_log(&cluster.id, index + 1, known).await,
            Source::Driver => match application() {
                Some(application) => {
                    let driver = logs.uploaded_driver_log(&cluster.id, application, known);
                    driver.await
                }
                None => Ok(Uploaded::Absent),
            },
        }
    }

    fn find(&mut self, cluster: &Cluster, job: &JobSpec, key: Key, all: &mut StuckNow) {
        let (index, _) = key;
        let Some(log) = self.logs.get_mut(&key) else {
            return;
        };
        let name = cluster.steps.get(index).map(|step| &step.name);
        let groups = &cluster.spec.groups;
        let at_work = cluster.steps.iter();
        let at_work = at_work.filter(|step| step.state == StepState::Running);
        let asked = Asked {
            step: job.steps.iter().find(|spec| Some(&spec.name) == name),
            has_spot: groups.has_spot(),
        };
        let around = Surroundings {
            may_get_room: groups.varies() || groups.has_spot() || at_work.count() > 1,
        };
        for stuck in log.watch.stuck(asked, around) {
            let stuck = stuck.decided(job.on_stuck);
            let mut reported = log.reported.iter();
            match reported.find(|(known, _)| known.covers(&stuck)) {
                Some((_, at)) if log.until > *at => all.lasting.push((index, stuck)),
                Some(_) => {}
                None => {
                    log.reported.push((stuck.clone(), log.until));
                    all.new.push((index, stuck));
                }
            }
        }
    }
}

impl WatchedLog {
    fn new(log: &UploadedLog, started: DateTime<Utc>) -> Self {
        Self {
            name: log.name.clone(),
            application: None,
            watch: StuckWatch::new(log.name.clone(), started, LogTimes::Utc),
            uploaded_at: log.at,
            until: log.at,
            reported: Vec::new(),
        }
    }

    /// A listing shows that nothing was uploaded since the log was read.
    fn unchanged(&mut self, now: DateTime<Utc>) {
        self.until = self.until.max(now - UPLOADED_WITHIN);
        self.watch.read([], self.until);
    }

    /// Reads the whole lines that are new. The middle of a long log may be missing.
    fn read(&mut self, log: &UploadedLog) {
        self.uploaded_at = log.at;
        self.until = self.until.max(log.at);
        if self.application.is_none() {
            let sections = log.sections.iter();
            let mut lines = sections.flat_map(|section| section.text.lines());
            self.application = lines.find_map(application);
        }
        for section in &log.sections {
            let first = section.first_line.unwrap_or(1);
            let skipped = first.saturating_sub(self.watch.lines() + 1);
            self.watch.skip(skipped);
            let known = (self.watch.lines() + 1).saturating_sub(first);
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            let lines = section.text.split_inclusive('\n');
            let whole = lines.filter(|line| line.ends_with('\n'));
            self.watch.read(whole.skip(known), log.at);
        }
    }
}

/// The logs of a step that can show a hang.
fn sources(job: &JobSpec, step: &Step) -> &'static [Source] {
    let spec = job.steps.iter().find(|spec| spec.name == step.name);
    let mode = spec.map(|spec| spec.submission.deploy_mode);
    match mode {
        Some(DeployMode::Cluster) => &[Source::Step, Source::Driver],
        Some(DeployMode::Client) | None => &[Source::Step],
    }
}

/// The running steps of a job's latest run, with their indexes in the cluster.
fn running<'a>(cluster: &'a Cluster, job: &JobSpec) -> impl Iterator<Item = (usize, &'a Step)> {
    let run = cluster.run_of(&job.hash);
    let steps = cluster.steps.iter().enumerate();
    steps.filter(move |(_, step)| {
        let is_of =
            |run: &crate::model::observed::Run| step.job == run.job && step.run == run.number;
        step.state == StepState::Running && run.as_ref().is_some_and(is_of)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::Section;

    fn log(sections: &[(u64, &str)], second: i64) -> UploadedLog {
        let section = |(first, text): &(u64, &str)| Section {
            first_line: Some(*first),
            text: (*text).to_owned(),
        };
        UploadedLog {
            name: "steps/01-a/stderr".to_owned(),
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            sections: sections.iter().map(section).collect(),
        }
    }

    #[test]
    fn each_line_is_read_once() {
        let start = DateTime::UNIX_EPOCH;
        let mut watched = WatchedLog::new(&log(&[], 0), start);
        let mut lines = |sections: &[(u64, &str)], second| {
            watched.read(&log(sections, second));
            watched.watch.lines()
        };
        assert_eq!(lines(&[(1, "")], 1), 0);
        assert_eq!(lines(&[(1, "cut")], 1), 0);
        assert_eq!(lines(&[(1, "one\ntwo\nthr")], 2), 2);
        assert_eq!(lines(&[(1, "one\ntwo\nthree\n")], 3), 3);
        assert_eq!(lines(&[(1, "one\ntwo\nthree\n")], 4), 3);
        // Its middle is missing.
        assert_eq!(lines(&[(1, "one\ntwo\n"), (9, "nine\nten\n")], 5), 10);
    }

    #[test]
    fn a_log_is_silent_only_as_far_as_a_listing_shows_that() {
        let at = |minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let mut watched = WatchedLog::new(&log(&[(1, "one\n")], 300), at(0));
        watched.read(&log(&[(1, "one\n")], 300));
        assert_eq!(watched.until, at(5));
        // The next upload is not due yet.
        watched.unchanged(at(9));
        assert_eq!(watched.until, at(5));
        watched.unchanged(at(25));
        assert_eq!(watched.until, at(15));
    }
}
