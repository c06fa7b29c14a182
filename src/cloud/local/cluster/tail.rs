//! Reads a growing log line by line, and finds the addresses that Spark writes to it.

use crate::disk;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How many bytes one read takes in at most.
const MAX_READ: u64 = 1 << 20;

/// A log file and how far it was read.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    offset: u64,
}

impl Tail {
    /// The log at `path`, which need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, offset: 0 }
    }

    /// The log's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the lines that were completed since the last call; none if the log cannot be read.
    pub fn new_lines(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        let mut read = || -> std::io::Result<()> {
            let mut file = disk::open(&self.path)?;
            file.seek(SeekFrom::Start(self.offset))?;
            file.take(MAX_READ).read_to_end(&mut bytes)?;
            Ok(())
        };
        if read().is_err() {
            return Vec::new();
        }
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map(|at| at + 1);
        // A line longer than that has no address and is skipped.
        let taken = whole.unwrap_or(if bytes.len() as u64 == MAX_READ {
            bytes.len()
        } else {
            0
        });
        self.offset += taken as u64;
        let text = String::from_utf8_lossy(&bytes[..taken]);
        text.lines().map(str::to_owned).collect()
    }

    /// Returns the last 256 KiB of the log, to find an error in it.
    pub fn end(&self) -> String {
        const END: u64 = 256 << 10;
        let mut bytes = Vec::new();
        let mut read = || -> std::io::Result<()> {
            let mut file = disk::open(&self.path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
            file.take(END).read_to_end(&mut bytes)?;
            Ok(())
        };
        match read() {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }
}

/// Returns the port from `Successfully started service 'NAME' on port N.`.
pub(super) fn service_port(line: &str, service: &str) -> Option<u16> {
    let (_, rest) = line.split_once("Successfully started service '")?;
    let rest = rest.strip_prefix(service)?.strip_prefix("' on port ")?;
    rest.trim_end().trim_end_matches('.').parse().ok()
}

/// Returns the port of a driver's Spark UI, if the line has it.
pub fn spark_ui(line: &str) -> Option<u16> {
    service_port(line, "SparkUI")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn reads_ports() {
        let line =
            "26/11/21 04:31:25 INFO Utils: Successfully started service 'SparkUI' on port 39327.";
        assert_eq!(service_port(line, "SparkUI"), Some(39327));
        assert_eq!(service_port(line, "Spark"), None);
        assert_eq!(spark_ui(line), Some(39327));
    }

    #[test]
    fn incomplete_lines_are_not_returned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut tail = Tail::new(path.clone());
        assert!(tail.new_lines().is_empty());
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(tail.new_lines(), ["one"]);
        file.write_all(b"o\n").unwrap();
        assert_eq!(tail.new_lines(), ["two"]);
        assert!(tail.new_lines().is_empty());
    }
}
