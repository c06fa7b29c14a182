//! The recorded logs.

use clusterup::summary::{Application, LogReader};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Their names: a skewed key, executors without work, a sort that spills, and a script that sets the
/// master `local[2]`.
pub(crate) const ALL: [&str; 4] = ["skew", "idle", "spill", "master"];

pub(crate) fn path(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/recorded/eventlogs").join(name)
}

/// An unpacked file.
pub(crate) fn unpacked(name: &str) -> Vec<u8> {
    let file = File::open(path(&format!("{name}.gz"))).unwrap();
    let mut content = Vec::new();
    GzDecoder::new(file).read_to_end(&mut content).unwrap();
    content
}

/// The figures of a log.
pub(crate) fn application(name: &str) -> Application {
    changed(name, |line| line)
}

/// The figures of a log, each of its lines changed.
pub(crate) fn changed(name: &str, change: impl Fn(String) -> String) -> Application {
    let log = String::from_utf8(unpacked(name)).unwrap();
    let lines = log.lines().map(|line| change(line.to_owned()) + "\n");
    let log: String = lines.collect();
    let mut reader = LogReader::default();
    let pieces = log.as_bytes().chunks(1_000);
    pieces.for_each(|piece| reader.feed(piece));
    reader.finish().unwrap()
}
