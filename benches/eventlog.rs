//! How fast an event log of 100,000 tasks is read, and in how much memory:
//! `cargo bench --bench eventlog`. The log is made as it is read, from the tasks of a recorded run, so
//! that no half gigabyte is stored. All tasks are of one stage, of which most is kept.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark fails where it cannot go on"
)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use clusterup::summary::LogReader;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

const TASKS: usize = 100_000;
/// The size of a task in a log, both of its events (Spark 3.5).
const BYTES_OF_TASK: usize = 4_800;

fn main() {
    let log = recorded();
    let lines: Vec<&str> = log.lines().collect();
    let is_task = |line: &&str| line.contains("\"SparkListenerTaskEnd\"");
    let first = lines.iter().position(is_task).unwrap();
    let task = lines[first];
    let mut reader = LogReader::default();
    let before = resident();
    feed(&mut reader, &lines[..first].join("\n"));
    let mut spent = Duration::ZERO;
    let mut bytes = 0;
    for piece in pieces(task) {
        let begun = Instant::now();
        reader.feed(piece.as_bytes());
        spent += begun.elapsed();
        bytes += piece.len();
    }
    let rest: Vec<&str> = lines
        .into_iter()
        .skip(first)
        .filter(|line| !is_task(line))
        .collect();
    feed(&mut reader, &rest.join("\n"));
    let app = reader.finish().unwrap();
    assert_eq!(app.totals.tasks, TASKS as u64);
    let rate = bytes as u128 * 1_000 / spent.as_micros().max(1);
    println!(
        "{TASKS} tasks, {} MB in {} ms: {} MB/s",
        bytes / 1_000_000,
        spent.as_millis(),
        rate / 1_000
    );
    let grown = resident()
        .zip(before)
        .map(|(now, before)| now.saturating_sub(before));
    match (resident(), grown) {
        (Some(now), Some(grown)) => {
            println!("resident at most {now} kB, {grown} kB of it for the log");
        }
        (_, _) => println!("this machine does not say how much memory is resident"),
    }
}

/// The log of a real run of SQL, whose tasks have many figures.
fn recorded() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = File::open(root.join("tests/recorded/eventlogs/spill.gz")).unwrap();
    let mut log = String::new();
    GzDecoder::new(file).read_to_string(&mut log).unwrap();
    log
}

/// All tasks, a thousand at a time, each as long as tasks are in a log and with times of its own.
fn pieces(task: &str) -> impl Iterator<Item = String> {
    let padding = BYTES_OF_TASK.saturating_sub(task.len() + 1);
    let (head, tail) = task.split_once("\"Executor Run Time\":").unwrap();
    let tail = tail.trim_start_matches(|c: char| c.is_ascii_digit());
    let value =
        r#"{"ID":1,"Name":"internal.metrics","Update":1234,"Value":"5678","Internal":true},"#;
    let list = "\"Accumulables\":[";
    let (head, rest) = head.split_once(list).unwrap();
    let values = value.repeat(padding / value.len());
    let line = move |n: usize| {
        let run = n * 7_919 % 60_000;
        format!("{head}{list}{values}{rest}\"Executor Run Time\":{run}{tail}\n")
    };
    (0..TASKS / 1_000).map(move |piece| (0..1_000).map(|n| line(piece * 1_000 + n)).collect())
}

fn feed(reader: &mut LogReader, text: &str) {
    reader.feed(text.as_bytes());
    reader.feed(b"\n");
}

/// The most memory that was ever resident, in kB.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
