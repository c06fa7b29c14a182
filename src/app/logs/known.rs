//! How far logs were read, also if their files were renamed since.

use crate::cloud::{LogFile, LogVersion, Tail};
use std::collections::{BTreeMap, BTreeSet};

/// How many times one version of a log is read that cannot be read to its end.
const MAX_TRIES: u32 = 3;

/// A log that was read.
pub(super) struct Known {
    pub(super) version: LogVersion,
    pub(super) tail: Tail,
    /// How many times this version could not be read to its end.
    pub(super) failed: u32,
    /// Whether it was said that it could not be read to its end.
    pub(super) is_reported: bool,
}

/// The logs that were read, by their names.
#[derive(Default)]
pub(super) struct Logs {
    known: BTreeMap<String, Known>,
    /// The names of the logs that were read on the primary: what is uploaded of them may be shorter.
    were_live: BTreeSet<String>,
}

impl Logs {
    pub(super) fn is_new(&self, name: &str, version: LogVersion) -> bool {
        self.known
            .get(name)
            .is_none_or(|known| known.version != version || (1..MAX_TRIES).contains(&known.failed))
    }

    /// A log is read on the primary.
    pub(super) fn add_live(&mut self, name: &str) {
        self.were_live.insert(name.to_owned());
    }

    /// How far a log was read, also if it has been renamed since, as logs are that are rolled:
    /// `stderr` becomes `stderr.1`, and another `stderr` begins.
    pub(super) fn tail(&self, name: &str, file: &LogFile) -> Tail {
        self.read(name, file).cloned().unwrap_or_default()
    }

    /// Whether all lines of a log were shown, because more of it was read on the primary. There, a
    /// log and the one that follows it when it is rolled are read as one.
    pub(super) fn was_read(&mut self, name: &str, version: LogVersion, file: &LogFile) -> bool {
        let mut live = self.were_live.iter();
        if !live.any(|live| stem(live) == stem(name)) {
            return false;
        }
        let Some(tail) = self.read(name, file).filter(|tail| !file.holds(tail)) else {
            return false;
        };
        let tail = tail.clone();
        match self.known.get_mut(name) {
            Some(known) => known.version = version,
            None => self.set(
                name.to_owned(),
                Known {
                    version,
                    tail,
                    failed: 0,
                    is_reported: false,
                },
            ),
        }
        true
    }

    fn read(&self, name: &str, file: &LogFile) -> Option<&Tail> {
        let own = self.known.get(name).map(|known| &known.tail);
        let Some(beginning) = file.beginning() else {
            return own;
        };
        let known = self.known.iter();
        let alike = known.filter(|(other, _)| stem(other) == stem(name));
        let mut tails = own.into_iter().chain(alike.map(|(_, known)| &known.tail));
        tails.find(|tail| tail.is_of(&beginning))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Known> {
        self.known.remove(name)
    }

    pub(super) fn set(&mut self, name: String, known: Known) {
        self.known.insert(name, known);
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Known> {
        self.known.get_mut(name)
    }
}

/// A log's name without what a rolled one has at its end.
fn stem(name: &str) -> &str {
    let file = name.rfind('/').map_or(0, |at| at + 1);
    let end = name[file..].find('.').map(|at| file + at);
    end.map_or(name, |end| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{MergedLogs, Next};
    use crate::diagnose::records::Filter;
    use std::fs;
    use std::time::Duration;
    use tempfile::TempDir;

    const VERSION: LogVersion = LogVersion {
        bytes: 0,
        modified: None,
    };

    fn file(folder: &TempDir, text: &str) -> LogFile {
        let path = folder.path().join("log");
        fs::write(&path, text).unwrap();
        LogFile::given(path)
    }

    /// Reads what is new in a log.
    fn read(logs: &mut Logs, name: &str, text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, text);
        let tail = logs.tail(name, &file);
        let mut merged = MergedLogs::read(vec![(file, tail)], &Filter::default(), true).unwrap();
        let mut found = Vec::new();
        loop {
            match merged.next_read() {
                Next::Record(_, record) => found.push(record.text),
                Next::Unread => assert!(merged.wait(Duration::from_secs(9))),
                Next::End => break,
            }
        }
        let known = Known {
            version: VERSION,
            tail: merged.finish().remove(0).tail,
            failed: 0,
            is_reported: false,
        };
        logs.set(name.to_owned(), known);
        found
    }

    #[test]
    fn a_rolled_log_is_not_read_again() {
        let mut logs = Logs::default();
        let mut read = |name: &str, text: &str| read(&mut logs, name, text);
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

    #[test]
    fn the_parts_of_a_log_that_was_rolled_while_it_was_read_live_are_shown_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = Logs::default();
        let was_read = |logs: &mut Logs, name: &str, text: &str| {
            logs.was_read(name, VERSION, &file(&folder, text))
        };
        let (name, rolled) = (
            "steps/01-a/controller",
            "steps/01-a/controller.2026-01-02-03",
        );
        logs.add_live(name);
        let joined = read(&mut logs, name, "one\ntwo\nthree\n");
        assert_eq!(joined, ["one", "two", "three"]);
        assert!(was_read(&mut logs, name, "one\n"), "an earlier upload");
        assert!(was_read(&mut logs, rolled, "one\ntwo\n"));
        assert!(!logs.is_new(rolled, VERSION));
        // What follows is another log. It may have lines that were shown, and is not left out.
        assert!(!was_read(&mut logs, name, "three\nfour\n"));
        assert_eq!(read(&mut logs, name, "three\nfour\n"), ["three", "four"]);
        assert!(!was_read(&mut logs, "steps/02-b/controller", "one\n"));
    }
}
