//! A log that grows, read line by line, and the addresses that Spark writes into it.

use crate::disk;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// As much as one look at a log may take in.
const GULP: u64 = 1 << 20;

#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    offset: u64,
}

impl Tail {
    pub fn new(path: PathBuf) -> Self {
        Self { path, offset: 0 }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lines that were finished since the last look. A log that cannot be read has none yet.
    pub fn fresh(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        let mut read = || -> std::io::Result<()> {
            let mut file = disk::open(&self.path)?;
            file.seek(SeekFrom::Start(self.offset))?;
            file.take(GULP).read_to_end(&mut bytes)?;
            Ok(())
        };
        if read().is_err() {
            return Vec::new();
        }
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map(|at| at + 1);
        // A line longer than the gulp holds no address; skip what there is of it.
        let taken = whole.unwrap_or(if bytes.len() as u64 == GULP {
            bytes.len()
        } else {
            0
        });
        self.offset += taken as u64;
        let text = String::from_utf8_lossy(&bytes[..taken]);
        text.lines().map(str::to_owned).collect()
    }

    /// The last part of the log, for telling what went wrong.
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

/// The port in `Successfully started service 'NAME' on port N.`, where the line says that.
pub(super) fn service_port(line: &str, service: &str) -> Option<u16> {
    let (_, rest) = line.split_once("Successfully started service '")?;
    let rest = rest.strip_prefix(service)?.strip_prefix("' on port ")?;
    rest.trim_end().trim_end_matches('.').parse().ok()
}

/// The port of a driver's Spark UI, where the line has it.
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
    fn waits_for_the_end_of_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut tail = Tail::new(path.clone());
        assert!(tail.fresh().is_empty());
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(tail.fresh(), ["one"]);
        file.write_all(b"o\n").unwrap();
        assert_eq!(tail.fresh(), ["two"]);
        assert!(tail.fresh().is_empty());
    }
}
