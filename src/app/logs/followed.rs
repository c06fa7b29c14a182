//! The logs of a cluster that are followed: what of them was shown.

use super::absent;
use super::containers::Masters;
use super::live::Live;
use super::request::{Request, Sink};
use super::show::problem;
use super::source::Place;
use super::stream::{Labels, Log, pass};
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::cloud::{Ended, LogFile, LogListing, LogVersion, Tail};
use crate::diagnose::records::{Filter, Selection};
use crate::model::clock::Clock;
use crate::run::clock::SystemClock;
use crate::run::explain::{POLLS_AFTER_END, ROUND};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How many times in a row the logs of an ended cluster have to be unchanged, if nothing is uploaded
/// anymore. S3 lists new objects at once.
const QUIET: u32 = 2;

/// How often it is looked for what was written on the primary.
const LIVE_INTERVAL: Duration = Duration::from_millis(500);

/// How many times one version of a log is read that cannot be read to its end.
const MAX_TRIES: u32 = 3;

/// The logs that were shown so far.
pub(super) struct Followed<'a> {
    session: &'a Session,
    /// Their names, in the order in which they appeared.
    names: Vec<String>,
    logs: Logs,
    masters: Masters,
    /// What is read on the primary.
    live: Option<Live<'a>>,
    /// The names of the logs that were read there: what is uploaded of them may be shorter.
    were_live: BTreeSet<String>,
    /// Whether it was said which steps or executors there are.
    has_named_others: bool,
    /// Whether it was said that not all logs are listed.
    is_cut_reported: bool,
}

/// A log that was read.
struct Known {
    version: LogVersion,
    tail: Tail,
    /// How many times this version could not be read to its end.
    failed: u32,
    /// Whether it was said that it could not be read to its end.
    is_reported: bool,
}

/// The logs that were read, by their names.
#[derive(Default)]
struct Logs(BTreeMap<String, Known>);

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
            were_live: BTreeSet::new(),
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
        let grown =
            grown.filter(|(name, version)| selection.has(name) && self.is_new(name, *version));
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

    fn is_new(&self, name: &str, version: LogVersion) -> bool {
        self.logs
            .0
            .get(name)
            .is_none_or(|known| known.version != version || (1..MAX_TRIES).contains(&known.failed))
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
            if live.problem().is_some() {
                tokio::time::sleep(LIVE_INTERVAL).await;
                return Ok(true);
            }
            let logs = live.logs().into_iter();
            let grown = logs.filter(|(name, version)| self.is_new(name, *version));
            let grown: Vec<(String, LogVersion)> = grown.collect();
            if !grown.is_empty() && !self.show(place, grown, request, sink).await? {
                return Ok(false);
            }
            tokio::time::sleep(LIVE_INTERVAL).await;
        }
    }

    /// The logs of these names as files: those on the primary, and those that are fetched. What is
    /// shorter than what was read on the primary is left out.
    async fn files(
        &mut self,
        place: &Place<'_>,
        grown: &[(String, LogVersion)],
        request: &Request<'_>,
    ) -> Result<Vec<(String, LogVersion, LogFile)>, Failure> {
        let mut files = BTreeMap::new();
        let mut stored = Vec::new();
        for (name, _) in grown {
            match self.live.as_ref().and_then(|live| live.file(name)) {
                Some(file) => {
                    self.were_live.insert(name.clone());
                    files.insert(name.clone(), file);
                }
                None => stored.push(name.clone()),
            }
        }
        if !stored.is_empty() {
            let fetched = place.fetch(&stored, &request.selection).await?;
            files.extend(stored.into_iter().zip(fetched));
        }
        let mut found = Vec::new();
        for (name, version) in grown {
            let Some(file) = files.remove(name) else {
                continue;
            };
            match self.logs.0.get_mut(name) {
                Some(known) if self.were_live.contains(name) && !file.holds(&known.tail) => {
                    known.version = *version;
                }
                Some(_) | None => found.push((name.clone(), *version, file)),
            }
        }
        Ok(found)
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
        let known = self.logs.0.remove(&name);
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
        self.logs.0.insert(name, known);
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
            if let Some(known) = self.logs.0.get_mut(name) {
                known.tail.finish(filter, |record| rest.push(record));
            }
            for record in &rest {
                sink.show(&labels.shown(label, name, record));
            }
        }
        sink.flush();
    }
}

impl Logs {
    /// How far a log was read, also if it has been renamed since, as logs are that are rolled:
    /// `stderr` becomes `stderr.1`, and another `stderr` begins.
    fn tail(&self, name: &str, file: &LogFile) -> Tail {
        let own = self.0.get(name).map(|known| &known.tail);
        let read = match file.beginning() {
            Some(beginning) => {
                let alike = self.0.iter().filter(|(other, _)| stem(other) == stem(name));
                let mut tails = own.into_iter().chain(alike.map(|(_, known)| &known.tail));
                tails.find(|tail| tail.is_of(&beginning))
            }
            None => own,
        };
        read.cloned().unwrap_or_default()
    }
}

/// A log's name without what a rolled one has at its end.
fn stem(name: &str) -> &str {
    let file = name.rfind('/').map_or(0, |at| at + 1);
    let end = name[file..].find('.').map(|at| file + at);
    end.map_or(name, |end| &name[..end])
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
    use crate::cloud::{MergedLogs, Next};
    use crate::model::observed::ClusterState;
    use chrono::TimeDelta;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn a_cluster_that_has_just_ended_may_still_upload_logs() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(9);
        let polls = |state, minutes: Option<i64>, uploads| {
            let listing = LogListing {
                logs: BTreeMap::new(),
                state,
                ended_at: minutes.map(|minutes| now - TimeDelta::minutes(minutes)),
                was_ready: true,
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

    #[test]
    fn a_rolled_log_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = Logs::default();
        let mut read = |name: &str, text: &str| {
            let path = folder.path().join("log");
            fs::write(&path, text).unwrap();
            let file = LogFile::given(path);
            let tail = logs.tail(name, &file);
            let mut merged =
                MergedLogs::read(vec![(file, tail)], &Filter::default(), true).unwrap();
            let mut found = Vec::new();
            loop {
                match merged.next_read() {
                    Next::Record(_, record) => found.push(record.text),
                    Next::Unread => assert!(merged.wait(Duration::from_secs(9))),
                    Next::End => break,
                }
            }
            let tail = merged.finish().remove(0).tail;
            let version = LogVersion {
                bytes: 0,
                modified: None,
            };
            let known = Known {
                version,
                tail,
                failed: 0,
                is_reported: false,
            };
            logs.0.insert(name.to_owned(), known);
            found
        };
        assert_eq!(read("e/0/stderr", "one\ntwo\n"), ["one", "two"]);
        assert_eq!(read("e/1/stderr", "one\n"), ["one"], "of another executor");
        assert_eq!(read("e/0/stderr.1", "one\ntwo\nthree\n"), ["three"]);
        assert_eq!(
            read("e/0/stderr", "a longer line than before\n"),
            ["a longer line than before"]
        );
        assert_eq!(read("e/0/stderr", "a longer line than before\nb\n"), ["b"]);
        assert_eq!(read("e/0/stderr.2", "one\ntwo\nthree\nfour\n"), ["four"]);
    }
}
