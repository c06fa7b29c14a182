//! How fast the logs of a cluster become one stream, and in how much memory, against unpacking them
//! with `zcat` and searching them with `grep`: `cargo bench --bench logs`. The logs are 200 MB in 400
//! packed files, whose times overlap.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark fails where it cannot go on"
)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use clusterup::cloud::{FolderLogs, LogFile, MergedLogs, Next, Tail};
use clusterup::diagnose::records::Filter;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const LOGS: usize = 400;
const BYTES: usize = 200 << 20;
const PATTERN: &str = "executor 7)";

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for log in 0..LOGS {
        write(folder.path(), log);
    }
    let everything = shown(folder.path(), &Filter::default());
    let pattern = PATTERN.replace(')', "\\)");
    let chosen = shown(folder.path(), &Filter::new(Some(&pattern), false).unwrap());
    let errors = shown(folder.path(), &Filter::new(None, true).unwrap());
    let (lines, plain) = piped(folder.path());
    assert_eq!(chosen.records, lines, "records and lines are the same here");
    println!("{LOGS} logs, {} MB unpacked", BYTES >> 20);
    for (what, run) in [
        ("all", &everything),
        ("--grep", &chosen),
        ("--errors", &errors),
    ] {
        let ratio = run.whole.as_secs_f64() / plain.as_secs_f64();
        println!(
            "{what}: {} records, the first after {} ms, all in {} ms: {ratio:.2} times zcat | grep",
            run.records,
            run.first.as_millis(),
            run.whole.as_millis(),
        );
    }
    match resident() {
        Some(kilobytes) => println!("resident at most {kilobytes} kB"),
        None => println!("this machine does not say how much memory is resident"),
    }
}

/// A log of an executor: a record each fifth of a second on average, and an error now and then.
fn write(folder: &Path, log: usize) {
    let name = format!("containers/app_1/container_1_0001_01_{:06}", log + 2);
    fs::create_dir_all(folder.join(&name)).unwrap();
    let file = File::create(folder.join(name).join("stderr.gz")).unwrap();
    let mut packing = GzEncoder::new(file, Compression::fast());
    let (mut bytes, mut text) = (0, String::new());
    for task in 0.. {
        let at = log + task / 5;
        let (hour, minute, second) = (at / 3600, at / 60 % 60, at % 60);
        let (id, took) = (task * 7_919 % 1_000_003, task * 104_729 % 9_973);
        let (node, executor) = ((task + log) % 251, (task + log) % 97);
        text.clear();
        let _ = writeln!(
            text,
            "26/11/21 {hour:02}:{minute:02}:{second:02} INFO TaskSetManager: Finished task \
             {task}.0 in stage 4.0 (TID {id}) in {took} ms on ip-10-0-0-{node}.ec2.internal \
             (executor {executor})"
        );
        if task % 1_000 == 999 {
            let _ = writeln!(
                text,
                "26/11/21 {hour:02}:{minute:02}:{second:02} ERROR Executor: Exception in task\n\
                 java.io.IOException: broken"
            );
            text.push_str(&"\tat org.apache.spark.a.B.c(B.scala:7)\n".repeat(20));
        }
        bytes += text.len();
        if bytes > BYTES / LOGS {
            break;
        }
        packing.write_all(text.as_bytes()).unwrap();
    }
    packing.finish().unwrap();
}

struct Run {
    records: usize,
    first: Duration,
    whole: Duration,
}

/// Reads all logs as `clusterup logs --all` does.
fn shown(folder: &Path, filter: &Filter) -> Run {
    let begun = Instant::now();
    let logs = FolderLogs::list(folder).unwrap();
    let files = logs
        .names()
        .into_iter()
        .map(|name| logs.file(&name).unwrap());
    let files: Vec<(LogFile, Tail)> = files.map(|file| (file, Tail::default())).collect();
    assert_eq!(files.len(), LOGS);
    let mut merged = MergedLogs::read(files, filter, false).unwrap();
    let mut records = 0;
    let mut first = Duration::ZERO;
    let mut before = None;
    loop {
        let record = match merged.next_read() {
            Next::Record(_, record) => record,
            Next::Unread if merged.wait(Duration::from_secs(60)) => continue,
            Next::Unread | Next::End => break,
        };
        if records == 0 {
            first = begun.elapsed();
        }
        records += 1;
        assert!(record.time >= before, "in the order of time");
        before = record.time;
    }
    let whole = begun.elapsed();
    Run {
        records,
        first,
        whole,
    }
}

/// Counts the lines with the pattern, as people do without `clusterup`.
fn piped(folder: &Path) -> (usize, Duration) {
    let begun = Instant::now();
    let script = format!("find . -name '*.gz' -exec zcat {{}} + | grep -cF '{PATTERN}'");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .output()
        .unwrap();
    let counted = String::from_utf8(output.stdout).unwrap();
    (counted.trim().parse().unwrap(), begun.elapsed())
}

/// The most memory that was ever resident, in kB.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
