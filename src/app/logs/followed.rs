//! The logs of a cluster that are followed: what of them was shown.

use super::absent;
use super::containers::Masters;
use super::known::{Known, Logs};
use super::limit::Allowance;
use super::live::Live;
use super::request::{Request, Sink};
use super::show::problem;
use super::source::Place;
use super::stream::{Labels, Log, pass};
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cloud::{Ended, LogFile, LogListing, LogVersion};
use crate::diagnose::records::{Filter, Selection};
use crate::model::clock::Clock;
use crate::run::clock::SystemClock;
use crate::run::explain::{POLLS_AFTER_END, ROUND};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How many times in a row the logs of an ended cluster have to be unchanged, if nothing is uploaded
/// anymore. S3 lists new objects at once.
const QUIET: u32 = 2;

/// How often it is looked for what was written on the primary.
const LIVE_INTERVAL: Duration = Duration::from_millis(500);

/// The logs that were shown so far.
pub(super) struct Followed<'a> {
    session: &'a Session,
    /// Their names, in the order in which they appeared.
    names: Vec<String>,
    logs: Logs,
    masters: Masters,
    /// What is read on the primary.
    live: Option<Live<'a>>,
    /// What may be downloaded.
    allowance: Allowance,
    /// Whether it was said which steps or executors there are.
    has_named_others: bool,
    /// Whether it was said that not all logs are listed.
    is_cut_reported: bool,
}

/// What a poll found.
pub(super) struct State {
    pub(super) is_quiet: bool,
    pub(super) goes_on: bool,
    /// After how many quiet polls in a row nothing more is to be expected; `None` while the cluster
    /// exists.
    pub(super) polls_after_end: Option<u32>,
    /// The error that none of the logs is selected, if so.
    pub(super) absent: Option<Failure>,
}

impl<'a> Followed<'a> {
    pub(super) fn new(session: &'a Session, live: Option<Live<'a>>) -> Self {
        Self {
            session,
            names: Vec::new(),
            logs: Logs::default(),
            masters: Masters::default(),
            live,
            allowance: Allowance::default(),
            has_named_others: false,
            is_cut_reported: false,
        }
    }

    /// The names of the logs, in the order in which they appeared.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Shows what is new; `None` if the cluster is gone.
    pub(super) async fn poll(
        &mut self,
        place: &Place<'_>,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Option<State>, Failure> {
        let Place::Cluster { target, stack, id } = place else {
            return Ok(None);
        };
        if let Some(stack) = stack {
            // So that the cluster's state is the present one.
            target.cloud.watch(stack).await?;
        }
        let Some(mut listing) = target.cloud.logs_of(id).await? else {
            self.show_live(place, request, sink).await?;
            if self.names.is_empty() {
                return Err(absent::cluster(id, target));
            }
            return Ok(None);
        };
        if let (Some(live), Some(stack)) = (&mut self.live, stack) {
            let is_stale = live
                .update(target, (stack, id), &listing, &request.selection)
                .await;
            if is_stale && let Some(again) = target.cloud.logs_of(id).await? {
                listing = again;
            }
            listing.logs.retain(|name, _| !live.reads(name));
            listing.logs.extend(live.logs());
        }
        let polls_after_end = polls_after_end(&listing, target.costs(), SystemClock.now());
        let mut selection: Selection = request.selection.clone();
        let masters = &mut self.masters;
        masters
            .search(place, &selection, &listing.logs, self.session)
            .await;
        selection.containers.extend(masters.found());
        if !self.is_cut_reported
            && let Some(warning) = place.cut()
        {
            self.session.reporter.say(&warning);
            self.is_cut_reported = true;
        }
        let absent = self.absent(place, &selection, &listing);
        let grown = listing.logs.into_iter();
        let grown = grown.filter(|(name, version)| {
            selection.has(name) && self.logs.is_new(name, *version) && !self.allowance.is_over(name)
        });
        let grown: Vec<(String, LogVersion)> = grown.collect();
        let is_quiet = grown.is_empty();
        let goes_on = is_quiet || self.show(place, grown, request, sink).await?;
        Ok(Some(State {
            is_quiet,
            goes_on,
            polls_after_end,
            absent,
        }))
    }

    /// The error that none of the logs is selected. While the cluster exists, it is said once which
    /// steps or executors there are.
    fn absent(
        &mut self,
        place: &Place<'_>,
        selection: &Selection,
        listing: &LogListing,
    ) -> Option<Failure> {
        let names: Vec<String> = listing.logs.keys().cloned().collect();
        if names.iter().any(|name| selection.has(name)) {
            return None;
        }
        let what = place.in_words();
        if !self.has_named_others
            && !listing.state.is_over()
            && let Some(others) = absent::so_far(&what, selection, &names)
        {
            self.session.reporter.say(&others);
            self.has_named_others = true;
        }
        Some(absent::of(&what, selection, &names))
    }

    /// Shows what was written on the primary. Returns whether more is wanted.
    async fn show_live(
        &mut self,
        place: &Place<'_>,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Result<bool, Failure> {
        let logs = self.live.as_ref().map(Live::logs).unwrap_or_default();
        let grown = logs.into_iter();
        let grown = grown.filter(|(name, version)| self.logs.is_new(name, *version));
        let grown: Vec<(String, LogVersion)> = grown.collect();
        Ok(grown.is_empty() || self.show(place, grown, request, sink).await?)
    }

    /// Waits until the next poll, and shows meanwhile what is written on the primary. Returns whether
    /// more is wanted.
    pub(super) async fn wait(
        &mut self,
        until: Instant,
        place: &Place<'_>,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Result<bool, Failure> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let live = self.live.as_mut().filter(|live| live.is_reading());
            let Some(live) = live.filter(|_| left > LIVE_INTERVAL) else {
                tokio::time::sleep(left).await;
                return Ok(true);
            };
            // The next poll decides what a problem means.
            if live.has_problem() {
                tokio::time::sleep(LIVE_INTERVAL).await;
                return Ok(true);
            }
            if !self.show_live(place, request, sink).await? {
                return Ok(false);
            }
            tokio::time::sleep(LIVE_INTERVAL).await;
        }
    }

    /// The logs of these names as files: those on the primary, and those that are fetched, as far as
    /// that is allowed. What is shorter than what was read on the primary is left out.
    async fn files(
        &mut self,
        place: &Place<'_>,
        grown: &[(String, LogVersion)],
        request: &Request<'_>,
    ) -> Result<Vec<(String, LogVersion, LogFile)>, Failure> {
        let mut files = BTreeMap::new();
        let mut stored = Vec::new();
        for (name, version) in grown {
            match self.live.as_ref().and_then(|live| live.file(name)) {
                Some(file) => {
                    self.logs.add_live(name);
                    files.insert(name.clone(), file);
                }
                None => stored.push((name.clone(), version.bytes)),
            }
        }
        let stored = self.allowed(stored, place);
        if !stored.is_empty() {
            let is_live = request.live.is_some();
            let fetched = place.fetch(&stored, &request.selection, is_live).await?;
            files.extend(stored.into_iter().zip(fetched));
        }
        let mut found = Vec::new();
        for (name, version) in grown {
            let Some(file) = files.remove(name) else {
                continue;
            };
            if !self.logs.was_read(name, *version, &file) {
                found.push((name.clone(), *version, file));
            }
        }
        Ok(found)
    }

    /// Which of these logs to download now. What is too large is said once; before anything was
    /// shown, it is an error of the download.
    fn allowed(&mut self, stored: Vec<(String, u64)>, place: &Place<'_>) -> Vec<String> {
        if !place.is_remote() {
            return stored.into_iter().map(|(name, _)| name).collect();
        }
        let is_first = self.names.is_empty();
        let chosen = self.allowance.choose(stored, is_first);
        for warning in chosen.warnings {
            self.session.reporter.say(&warning);
        }
        chosen.now
    }

    async fn show(
        &mut self,
        place: &Place<'_>,
        grown: Vec<(String, LogVersion)>,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Result<bool, Failure> {
        let mut grown = self.files(place, &grown, request).await?;
        let mut logs = Vec::new();
        for (name, _, file) in &grown {
            logs.push(Log {
                name: name.clone(),
                label: self.label(name),
                tail: self.logs.tail(name, file),
                file: file.clone(),
            });
        }
        let labels = Labels::of(&self.names);
        let passed = pass(logs, &labels, &request.filter, true, sink).await?;
        for ((name, version, _), ended) in grown.drain(..).zip(passed.ended) {
            self.read(name, version, ended);
        }
        Ok(passed.goes_on)
    }

    /// Keeps how far a log was read, and warns once if that is not its end.
    fn read(&mut self, name: String, version: LogVersion, ended: Ended) {
        let known = self.logs.take(&name);
        let before = known.as_ref().filter(|known| known.version == version);
        let before = before.map_or(0, |known| known.failed);
        let was_reported = known.is_some_and(|known| known.is_reported);
        let problem = problem(&name, &ended);
        if let Some(problem) = problem.as_ref().filter(|_| !was_reported) {
            self.session.reporter.say(problem);
        }
        let known = Known {
            version,
            tail: ended.tail,
            failed: problem.as_ref().map_or(0, |_| before + 1),
            is_reported: was_reported || problem.is_some(),
        };
        self.logs.set(name, known);
    }

    /// The index of a log's label.
    fn label(&mut self, name: &str) -> usize {
        let known = self.names.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// Shows the last lines of logs that do not end in a line feed.
    pub(super) fn finish(&mut self, filter: &Filter, sink: &mut dyn Sink) {
        let labels = Labels::of(&self.names);
        for (label, name) in self.names.iter().enumerate() {
            let mut rest = Vec::new();
            if let Some(known) = self.logs.get_mut(name) {
                known.tail.finish(filter, |record| rest.push(record));
            }
            for record in &rest {
                sink.show(&labels.shown(label, name, record));
            }
        }
        sink.flush();
    }
}

/// After how many quiet polls nothing more is to be expected. `uploads`: logs are uploaded minutes
/// after they were written.
fn polls_after_end(listing: &LogListing, uploads: bool, now: DateTime<Utc>) -> Option<u32> {
    let since = listing.ended_at.map(|at| (now - at).to_std());
    let is_long_over = since.is_some_and(|since| since.is_ok_and(|since| since >= ROUND));
    let polls = if uploads && !is_long_over {
        POLLS_AFTER_END
    } else {
        QUIET
    };
    listing.state.is_over().then_some(polls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observed::ClusterState;
    use chrono::TimeDelta;

    #[test]
    fn a_cluster_that_has_just_ended_may_still_upload_logs() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(9);
        let polls = |state, minutes: Option<i64>, uploads| {
            let listing = LogListing {
                logs: BTreeMap::new(),
                state,
                ended_at: minutes.map(|minutes| now - TimeDelta::minutes(minutes)),
                was_ready: true,
                ended_by_step: false,
                steps: Vec::new(),
                messages: Vec::new(),
            };
            polls_after_end(&listing, uploads, now)
        };
        assert_eq!(polls(ClusterState::Running, None, true), None);
        let over = ClusterState::Terminated;
        assert_eq!(polls(over, Some(1), true), Some(POLLS_AFTER_END));
        assert_eq!(polls(over, None, true), Some(POLLS_AFTER_END));
        assert_eq!(polls(over, Some(7), true), Some(QUIET));
        assert_eq!(polls(over, Some(1), false), Some(QUIET));
    }
}
