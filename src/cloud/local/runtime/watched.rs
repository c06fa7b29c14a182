//! Runs a program to its end while telling how many bytes it has written: a bar that is fed from
//! what is on the disk, whatever the program itself says.

use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use crate::model::event::{Event, Listener};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// As much of a line of pip's as an error shows.
const LONGEST: usize = 160;
const PAUSE: Duration = Duration::from_millis(250);

/// What pip says where its index does not answer, or knows nothing of the name.
const NOT_FOUND: [&str; 5] = [
    "from versions: none",
    "Failed to establish a new connection",
    "ConnectTimeoutError",
    "ProxyError",
    "SSLError",
];

/// What is told while a program runs.
pub(super) struct Watch<'a> {
    pub(super) what: &'a str,
    /// The folder whose growth is progress.
    pub(super) folder: &'a Path,
    /// Bytes that are written in all; 0 where nobody knows.
    pub(super) total: u64,
    pub(super) log: PathBuf,
    pub(super) listener: &'a dyn Listener,
}

impl Watch<'_> {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// The lines of its log that matter, where it does not end well.
    pub(super) async fn run(&self, command: &mut Command) -> Result<(), CloudError> {
        let doing = || format!("write {}", self.log.display());
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .during(doing)?;
        let log_too = log.try_clone().during(doing)?;
        command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_too)
            .kill_on_drop(true);
        let program = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let mut child = command.spawn().during(|| format!("run {program}"))?;
        let (mut before, mut written) = (0, 0_u64);
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.during(|| format!("run {program}"))?,
                () = tokio::time::sleep(PAUSE) => {
                    // What is unpacked, built and removed again was work too.
                    let now = bytes(self.folder);
                    written += now.saturating_sub(before);
                    before = now;
                    let (what, total) = (self.what.to_owned(), self.total);
                    let done = if total == 0 { written } else { written.min(total) };
                    self.listener.on_event(&Event::Progress { what, done, total });
                }
            }
        };
        if status.success() {
            return Ok(());
        }
        let said = disk::bytes(&self.log, disk::RECORD).unwrap_or_default();
        Err(self.failure(&String::from_utf8_lossy(&said)))
    }

    fn failure(&self, said: &str) -> CloudError {
        let message = format!("cannot install {}: {}", self.what, errors(said));
        let log = self.log.display();
        if NOT_FOUND.iter().any(|sign| said.contains(sign)) {
            let hint = format!(
                "see that the names are right and that pip reaches its index (pip config list \
                 shows mirrors and proxies); all that pip said: {log}"
            );
            return CloudError::new(Class::Unreachable, message).hint(hint);
        }
        CloudError::new(Class::Missing, message).hint(format!(
            "mend that and run the same again, from a clean start; all that pip said: {log}"
        ))
    }
}

/// The bytes of all files below a folder that others are writing to.
fn bytes(folder: &Path) -> u64 {
    let mut sum = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => sum += metadata.len(),
                Err(_) => {}
            }
        }
    }
    sum
}

/// The lines in which pip and Python say what went wrong; the last lines where there are none.
fn errors(log: &str) -> String {
    let lines: Vec<&str> = log
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let wrong = |line: &&&str| {
        let told = line.starts_with("ERROR") || line.contains("Error: ");
        told && !line.starts_with("ERROR: Ignored the following")
    };
    let mut told: Vec<&str> = lines.iter().filter(wrong).copied().collect();
    if told.is_empty() {
        told = lines;
    }
    let from = told.len().saturating_sub(3);
    let told: Vec<String> = told[from..].iter().map(|line| short(line)).collect();
    told.join("\n    ")
}

/// Pip lists every version that there is.
fn short(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::errors;

    #[test]
    fn the_errors_of_pip_are_told_not_its_talk() {
        let log = "Collecting pyspark\nERROR: No matching distribution found for pyspark==9\n\n[notice] a new pip\n";
        assert_eq!(
            errors(log),
            "ERROR: No matching distribution found for pyspark==9"
        );
        assert_eq!(errors("one\ntwo\n"), "one\n    two");
        assert_eq!(errors(""), "");
        assert_eq!(errors(&"é".repeat(200)), "é".repeat(160) + " …");
    }
}
