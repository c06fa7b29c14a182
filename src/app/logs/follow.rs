//! Shows logs as they grow, until their cluster has ended.

use super::absent;
use super::request::{Report, Request, Sink};
use super::source::Place;
use super::stream::{Labels, Log, pass};
use crate::app::diagnosis::Given;
use crate::app::failure::Failure;
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::app::target::Target;
use crate::cloud::{LogFile, LogVersion, Tail};
use crate::diagnose::records::{Filter, Selection};
use crate::model::name::{ClusterId, StackName};
use std::collections::BTreeMap;

/// How many times in a row an ended cluster's logs have to be unchanged: EMR uploads the last ones
/// while a cluster ends, and S3 lists them at once.
const QUIET: u32 = 2;

/// Shows logs as they grow, until their cluster has ended or the sink wants no more.
pub(crate) async fn follow(
    request: &Request<'_>,
    session: &Session,
    sink: &mut dyn Sink,
) -> Result<Report, Failure> {
    let (target, stack, id) = cluster(request, session).await?;
    if target.costs() {
        session.reporter.say(&format!(
            "{}: lines appear as late as that",
            absent::UPLOADS
        ));
    }
    let place = Place::Cluster { target, stack, id };
    let mut followed = Followed::default();
    let mut quiet = 0;
    for polls in 0.. {
        let Some(state) = followed.poll(&place, request, sink).await? else {
            break;
        };
        quiet = if state.is_quiet { quiet + 1 } else { 0 };
        if !state.goes_on || state.is_over && quiet >= QUIET {
            break;
        }
        if let Place::Cluster { target, .. } = &place {
            tokio::time::sleep(target.cloud.pause(polls)).await;
        }
    }
    followed.finish(&request.filter, sink);
    let (stack, cluster) = match place {
        Place::Cluster { stack, id, .. } => (stack, Some(id)),
        Place::Folder { .. } | Place::File(_) => (None, None),
    };
    Ok(Report {
        stack,
        cluster,
        logs: followed.names,
    })
}

/// The cluster to follow: of a stack, the living one or else the newest.
async fn cluster<'a>(
    request: &Request<'_>,
    session: &'a Session,
) -> Result<(Target<'a>, Option<StackName>, ClusterId), Failure> {
    match request.given {
        Given::Stack(stack) => {
            let given = GivenStack::open(stack, request.choice, session).await?;
            let observed = given.target.cloud.observe(&given.name, None).await?;
            if observed.is_empty() {
                given.refuse_unknown("logs").await?;
            }
            let cluster = observed.live().or_else(|| observed.latest());
            let cluster = cluster.ok_or_else(|| absent::no_cluster(&given.name))?;
            let id = cluster.id.clone();
            Ok((given.target, Some(given.name), id))
        }
        Given::Cluster(id) => {
            let target = Target::open(request.choice, None, session).await?;
            Ok((target, None, id.clone()))
        }
        Given::Folder(_) | Given::File(_) | Given::Input => Err(absent::not_followed()),
    }
}

/// The logs that were shown so far.
#[derive(Default)]
struct Followed {
    /// Their names, in the order in which they appeared.
    names: Vec<String>,
    logs: BTreeMap<String, (LogVersion, Tail)>,
}

/// A log's name without what a rolled one has at its end.
fn stem(name: &str) -> &str {
    let file = name.rfind('/').map_or(0, |at| at + 1);
    let end = name[file..].find('.').map(|at| file + at);
    end.map_or(name, |end| &name[..end])
}

/// What a poll found.
struct State {
    is_over: bool,
    is_quiet: bool,
    goes_on: bool,
}

impl Followed {
    /// Shows what is new; `None` if the cluster is gone.
    async fn poll(
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
        let Some(listing) = target.cloud.logs_of(id).await? else {
            if self.names.is_empty() {
                return Err(absent::cluster(id, target));
            }
            return Ok(None);
        };
        let names: Vec<String> = listing.logs.keys().cloned().collect();
        let mut selection: Selection = request.selection.clone();
        place.add_containers(&mut selection, &names).await?;
        let grown = listing.logs.into_iter().filter(|(name, version)| {
            let known = self.logs.get(name).map(|(known, _)| known);
            selection.has(name) && known != Some(version)
        });
        let grown: Vec<(String, LogVersion)> = grown.collect();
        let is_quiet = grown.is_empty();
        let goes_on = is_quiet || self.show(place, grown, &request.filter, sink).await?;
        Ok(Some(State {
            is_over: listing.state.is_over(),
            is_quiet,
            goes_on,
        }))
    }

    async fn show(
        &mut self,
        place: &Place<'_>,
        grown: Vec<(String, LogVersion)>,
        filter: &Filter,
        sink: &mut dyn Sink,
    ) -> Result<bool, Failure> {
        let names: Vec<String> = grown.iter().map(|(name, _)| name.clone()).collect();
        let files = place.fetch(&names).await?;
        let mut logs = Vec::new();
        for (name, file) in names.iter().zip(files) {
            logs.push(Log {
                name: name.clone(),
                label: self.label(name),
                tail: self.tail(name, &file),
                file,
            });
        }
        let labels = Labels::of(&self.names);
        let passed = pass(logs, &labels, filter, true, sink).await?;
        for ((name, version), ended) in grown.into_iter().zip(passed.ended) {
            self.logs.insert(name, (version, ended.tail));
        }
        Ok(passed.goes_on)
    }

    /// How far a log was read, also if it has been renamed since, as logs are that are rolled:
    /// `stderr` becomes `stderr.1`, and another `stderr` begins.
    fn tail(&self, name: &str, file: &LogFile) -> Tail {
        let own = self.logs.get(name).map(|(_, tail)| tail);
        let read = match file.beginning() {
            Some(beginning) => {
                let alike = self
                    .logs
                    .iter()
                    .filter(|(other, _)| stem(other) == stem(name));
                let mut tails = own.into_iter().chain(alike.map(|(_, (_, tail))| tail));
                tails.find(|tail| tail.is_of(&beginning))
            }
            None => own,
        };
        read.cloned().unwrap_or_default()
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
    fn finish(&mut self, filter: &Filter, sink: &mut dyn Sink) {
        let labels = Labels::of(&self.names);
        for (label, name) in self.names.iter().enumerate() {
            let mut rest = Vec::new();
            if let Some((_, tail)) = self.logs.get_mut(name) {
                tail.finish(|record| rest.push(record));
            }
            for record in rest.iter().filter(|record| filter.accepts(record)) {
                sink.show(&labels.shown(label, name, record));
            }
        }
        sink.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{MergedLogs, Next};
    use std::fs;
    use std::time::Duration;

    #[test]
    fn a_rolled_log_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut followed = Followed::default();
        let mut read = |name: &str, text: &str| {
            let path = folder.path().join("log");
            fs::write(&path, text).unwrap();
            let file = LogFile::given(path);
            let tail = followed.tail(name, &file);
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
            followed.logs.insert(name.to_owned(), (version, tail));
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
