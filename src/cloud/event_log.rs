//! Event logs as they are stored: in one file or in several, plain or packed with zstd.

use super::error::{Class, CloudError};
use crate::model::app_ui::ApplicationId;
use crate::model::bytes::size;
use crate::model::hint::Command;
use crate::summary::{Application, LogReader};
use chrono::{DateTime, TimeDelta, Utc};
use ruzstd::decoding::StreamingDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

/// The most that is read of one application's log, unpacked: a job may write any amount. It is the
/// log of half a million tasks.
const MAX_BYTES: u64 = 4 << 30;

/// The time of an object in S3 has whole seconds.
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// How many bytes are read at a time.
const PIECE: usize = 1 << 16;

/// The names of Spark's files (`EventLogFileWriter`): of a rolled log's folder and its files, and of a
/// file that is still written.
const FOLDER: &str = "eventlog_v2_";
const FILE: &str = "events_";
const STATUS: &str = "appstatus_";
const IN_PROGRESS: &str = ".inprogress";
const ZSTD: &str = ".zstd";

/// The applications in a folder of event logs, by the names of their files below it: the files of each
/// in their order.
pub(super) fn applications<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Vec<&'a str>> {
    let mut found: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    for name in names {
        if let Some((app, number)) = part(name) {
            found.entry(app).or_default().push((number, name));
        }
    }
    let in_order = |mut parts: Vec<(u64, &'a str)>| {
        parts.sort_unstable();
        parts.into_iter().map(|(_, name)| name).collect()
    };
    found.into_values().map(in_order).collect()
}

/// The applications that have not closed their logs, by the names of the files below a folder of event
/// logs and when each was written last. Only a rolled log says so. A driver that was killed never closes
/// its log: one that was not written since the running step started, `since`, is of an earlier step.
pub(super) fn running<'a>(
    files: impl Iterator<Item = (&'a str, DateTime<Utc>)>,
    since: Option<DateTime<Utc>>,
) -> BTreeSet<ApplicationId> {
    let mut open = BTreeSet::new();
    let mut written: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    for (name, at) in files {
        let Some((folder, _)) = name.split_once('/') else {
            continue;
        };
        let last = written.entry(folder).or_insert(at);
        *last = at.max(*last);
        if is_status(name) && name.ends_with(IN_PROGRESS) {
            open.insert(folder);
        }
    }
    let is_recent = |folder: &&str| {
        let last = written.get(*folder).zip(since);
        last.is_none_or(|(last, since)| *last + SECOND > since)
    };
    let open = open.into_iter().filter(is_recent);
    open.filter_map(|folder| ApplicationId::of_event_log(folder.strip_prefix(FOLDER)?))
        .collect()
}

/// The files below a folder of event logs that a history server needs, by their names and sizes in bytes.
///
/// # Errors
/// Returns an error if they have more bytes than are copied.
pub(super) fn to_copy<'a>(
    files: impl Iterator<Item = (&'a str, u64)>,
) -> Result<Vec<(&'a str, u64)>, CloudError> {
    let of_log = |(name, _): &(&str, u64)| part(name).is_some() || is_status(name);
    let files: Vec<_> = files.filter(of_log).collect();
    let sum = files
        .iter()
        .fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
    if sum > MAX_BYTES {
        let message = format!(
            "the event logs of the run have {}, and at most {} are shown",
            size(sum),
            size(MAX_BYTES)
        );
        return Err(CloudError::new(Class::Input, message)
            .hint("see what the run did without its pages")
            .hint(Command::clusterup("summary").this_stack()));
    }
    Ok(files)
}

/// Whether a file says that a rolled log is complete, or not yet. A history server does not read one
/// without it.
fn is_status(name: &str) -> bool {
    let parts = name.split_once('/');
    parts.is_some_and(|(folder, file)| {
        folder.starts_with(FOLDER) && file.starts_with(STATUS) && !file.contains('/')
    })
}

/// The application of a file, and the file's number in its log; `None` if it is no part of one.
fn part(name: &str) -> Option<(&str, u64)> {
    let Some((folder, file)) = name.split_once('/') else {
        let is_other = name.is_empty() || name.starts_with('.') || name.starts_with(FOLDER);
        return (!is_other).then_some((name, 0));
    };
    folder.strip_prefix(FOLDER)?;
    let (number, _) = file.strip_prefix(FILE)?.split_once('_')?;
    Some((folder, number.parse().ok()?))
}

/// Reads one application's log, part after part.
#[derive(Default)]
pub(super) struct Parts {
    reader: LogReader,
    read: u64,
}

impl Parts {
    /// Reads a part. What follows damage in it is not read.
    pub(super) fn read(&mut self, name: &str, from: impl Read) {
        let name = name.strip_suffix(IN_PROGRESS).unwrap_or(name);
        if name.ends_with(ZSTD) {
            let mut from = from;
            // A file can have several frames: each is unpacked by a decoder of its own.
            while let Ok(frame) = StreamingDecoder::new(&mut from) {
                if self.feed(frame).is_err() {
                    break;
                }
            }
        } else {
            // As for zstd.
            let _ = self.feed(from);
        }
        self.reader.end_of_part();
    }

    /// Whether no more is read.
    pub(super) const fn is_full(&self) -> bool {
        self.read >= MAX_BYTES
    }

    /// The figures; `None` if there was no event.
    pub(super) fn finish(self) -> Option<Application> {
        self.reader.finish()
    }

    fn feed(&mut self, mut from: impl Read) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        while self.read < MAX_BYTES {
            match from.read(&mut piece) {
                Ok(0) => break,
                Ok(many) => {
                    self.read += many as u64;
                    self.reader.feed(&piece[..many]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    #[test]
    fn files_are_put_together_by_application_and_in_order() {
        let rolled = |number| {
            format!("eventlog_v2_application_1_0001/events_{number}_application_1_0001.zstd")
        };
        let (second, tenth) = (rolled(2), rolled(10));
        let names = [
            tenth.as_str(),
            "eventlog_v2_application_1_0001/appstatus_application_1_0001.inprogress",
            &second,
            "app-2-0001.inprogress",
            "",
            ".hidden",
            "other/events_1_x",
        ];
        let found = applications(names.into_iter());
        assert_eq!(
            found,
            [vec!["app-2-0001.inprogress"], vec![&second, &tenth]]
        );
    }

    #[test]
    fn a_log_that_is_not_closed_is_of_an_application_that_runs() {
        let names = [
            "eventlog_v2_application_1_0002_1/appstatus_application_1_0002_1.inprogress",
            "eventlog_v2_application_1_0002_1/events_1_application_1_0002_1.zstd",
            "eventlog_v2_application_1_0001/appstatus_application_1_0001",
            "eventlog_v2_../appstatus_x.inprogress",
            "eventlog_v2_application_1_3/a/appstatus_application_1_3.inprogress",
            "application_1_0004.inprogress",
        ];
        let files = names.into_iter().map(|name| (name, at(5)));
        assert_eq!(shown(running(files, None)), ["application_1_0002"]);
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn shown(found: BTreeSet<ApplicationId>) -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_killed_drivers_log_that_was_never_closed_is_of_no_running_application() {
        let files = || {
            [
                (
                    "eventlog_v2_application_1_0001/appstatus_application_1_0001.inprogress",
                    1,
                ),
                (
                    "eventlog_v2_application_1_0001/events_1_application_1_0001.zstd",
                    9,
                ),
                (
                    "eventlog_v2_application_1_0002/appstatus_application_1_0002.inprogress",
                    21,
                ),
                // One that has run since before the step started, and still writes.
                (
                    "eventlog_v2_application_1_0003/appstatus_application_1_0003.inprogress",
                    2,
                ),
                (
                    "eventlog_v2_application_1_0003/events_7_application_1_0003.zstd",
                    30,
                ),
            ]
            .into_iter()
            .map(|(name, minutes)| (name, at(minutes)))
        };
        let alive = ["application_1_0002", "application_1_0003"];
        assert_eq!(shown(running(files(), Some(at(20)))), alive);
        // An object's time is cut to the second.
        let half = TimeDelta::milliseconds(500);
        assert_eq!(shown(running(files(), Some(at(21) + half))), alive);
        assert_eq!(shown(running(files(), None)).len(), 3);
    }

    #[test]
    fn only_what_a_history_server_reads_is_copied() {
        let files = [
            ("eventlog_v2_app-1/events_1_app-1.zstd", 10),
            ("eventlog_v2_app-1/appstatus_app-1", 0),
            ("eventlog_v2_app-1", 5),
            ("app-2.zstd", 7),
            ("other/file", 1 << 40),
            (".hidden", 1 << 40),
        ];
        let copied = to_copy(files.into_iter()).unwrap();
        assert_eq!(copied, [files[0], files[1], files[3]]);
        let large = to_copy([("app-1", 5 << 30)].into_iter()).unwrap_err();
        assert_eq!(
            large.message,
            "the event logs of the run have 5.3 GB, and at most 4.2 GB are shown"
        );
    }

    fn event(name: &str, at: u32) -> String {
        format!("{{\"Event\":\"SparkListenerApplication{name}\",\"Timestamp\":{at}}}\n")
    }

    #[test]
    fn packed_parts_are_unpacked_frame_after_frame() {
        let pack = |text: String| compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
        let frames = [pack(event("Start", 1_000)), pack(event("End", 3_000))].concat();
        let mut parts = Parts::default();
        parts.read("app-1.zstd.inprogress", frames.as_slice());
        let app = parts.finish().unwrap();
        assert_eq!((app.wall_ms(), app.complete), (Some(2_000), true));
        // Of a frame that is cut off, what was unpacked is read.
        let mut parts = Parts::default();
        parts.read("app-1.zstd", &frames[..frames.len() - 3]);
        assert!(!parts.finish().unwrap().complete);
    }

    #[test]
    fn damage_ends_a_part_and_not_the_log() {
        let mut parts = Parts::default();
        parts.read("events_1.zstd", b"no zstd".as_slice());
        parts.read("events_2", event("Start", 1_000).as_bytes());
        assert_eq!(parts.finish().unwrap().started_at.unwrap().timestamp(), 1);
    }
}
