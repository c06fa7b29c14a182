//! Runs a program and reports as progress how many bytes it has written to disk.

use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use crate::model::event::{Event, Listener};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How many characters of a line of pip's log an error shows.
const MAX_LINE: usize = 160;
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// What pip prints if its index does not answer or does not have the package.
const NOT_FOUND: [&str; 5] = [
    "from versions: none",
    "Failed to establish a new connection",
    "ConnectTimeoutError",
    "ProxyError",
    "SSLError",
];

/// What is reported while a program runs.
pub(super) struct Watch<'a> {
    /// What is installed, for messages.
    pub(super) what: &'a str,
    /// The folder whose growth is the progress.
    pub(super) folder: &'a Path,
    /// The total in bytes; 0 if unknown.
    pub(super) total: u64,
    pub(super) log: PathBuf,
    pub(super) listener: &'a dyn Listener,
}

impl Watch<'_> {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// Returns the error lines of its log if it fails.
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
        let mut before = 0;
        let mut written = 0_u64;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.during(|| format!("run {program}"))?,
                () = tokio::time::sleep(PROGRESS_INTERVAL) => {
                    // Files that are created and removed again count as progress too.
                    let now = bytes(self.folder);
                    written += now.saturating_sub(before);
                    before = now;
                    let what = self.what.to_owned();
                    let total = self.total;
                    let done = if total == 0 { written } else { written.min(total) };
                    self.listener.on_event(&Event::Progress { what, done, total });
                }
            }
        };
        if status.success() {
            return Ok(());
        }
        let log_text = disk::bytes(&self.log, disk::RECORD).unwrap_or_default();
        Err(self.failure(&String::from_utf8_lossy(&log_text)))
    }

    fn failure(&self, log_text: &str) -> CloudError {
        let message = format!("cannot install {}: {}", self.what, errors(log_text));
        let log = self.log.display();
        if NOT_FOUND.iter().any(|sign| log_text.contains(sign)) {
            let hint = format!(
                "check the names, and that pip can reach its index (pip config list \
                 shows mirrors and proxies); pip's whole log: {log}"
            );
            return CloudError::new(Class::Unreachable, message).hint(hint);
        }
        CloudError::new(Class::Missing, message).hint(format!(
            "fix that and run the command again, which starts over; pip's whole log: {log}"
        ))
    }
}

/// Returns the size in bytes of all files below a folder, which may change meanwhile.
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

/// Returns the last error lines of pip and Python, or the last lines if there are none.
fn errors(log: &str) -> String {
    let lines: Vec<&str> = log
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let is_failure = |line: &&&str| {
        let is_error = line.starts_with("ERROR") || line.contains("Error: ");
        is_error && !line.starts_with("ERROR: Ignored the following")
    };
    let mut shown: Vec<&str> = lines.iter().filter(is_failure).copied().collect();
    if shown.is_empty() {
        shown = lines;
    }
    let from = shown.len().saturating_sub(3);
    let shown: Vec<String> = shown[from..].iter().map(|line| short(line)).collect();
    shown.join("\n    ")
}

/// Cuts a line: pip may list every version that exists.
fn short(line: &str) -> String {
    match line.char_indices().nth(MAX_LINE) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::errors;

    #[test]
    fn only_the_errors_of_pip_are_shown() {
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
