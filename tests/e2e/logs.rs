//! Logs are followed while a job writes them.

use crate::home::{Done, Home, signal, state};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Output;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const LINES: usize = 8;

/// Prints lines with the time of each. It needs no Spark.
const TALKS: &str = "\
import time
for n in range(8):
    print('line', n, time.time(), flush=True)
    time.sleep(0.5)
";

/// A new line is there within about a second; a busy machine takes longer.
const PROMPT: Duration = Duration::from_secs(5);

/// The time since 1970.
#[expect(clippy::disallowed_methods, reason = "the job prints the same clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

#[test]
fn lines_appear_as_they_are_written_until_the_cluster_has_ended() {
    let home = Home::new();
    home.write("talks.py", TALKS);
    home.stack(&["talks.py"], "");
    home.expect(0, &["apply", "t.yaml", "--local", "--detach"]);
    let args = ["logs", "t", "--local", "--follow", "--grep", "^line"];
    let interrupted = home.spawn(&args);
    let mut follower = home.spawn(&[&args[..], &["--output", "json"]].concat());
    let lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut slowest = Duration::ZERO;
    let mut numbers = Vec::new();
    for line in lines {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let words: Vec<&str> = record["text"].as_str().unwrap().split(' ').collect();
        numbers.push(words[1].parse::<usize>().unwrap());
        let written = Duration::from_secs_f64(words[2].parse().unwrap());
        slowest = slowest.max(now().saturating_sub(written));
        if numbers.len() == LINES / 2 {
            signal(interrupted.id(), "INT");
        }
    }
    assert_eq!(numbers, (0..LINES).collect::<Vec<_>>(), "each once");
    assert!(slowest < PROMPT, "{slowest:?}");
    assert_eq!(Output::from(follower).status.code(), Some(0));
    assert_eq!(state(&home.clusters()[0]), "TERMINATED");
    let done = Done::of(&interrupted.into());
    assert_eq!((done.code, done.err.as_str()), (130, ""), "{}", done.out);
    assert!(done.out.starts_with("stdout  line 0 "), "{}", done.out);
}
