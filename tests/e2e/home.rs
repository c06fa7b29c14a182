//! A folder for one test: its own state, its own stacks, and no process that outlives it.

use crate::hints;
use crate::room::Room;
use crate::running::Running;
use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) struct Home {
    folder: TempDir,
    room: Cell<Option<Room>>,
}

/// What a run came to.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            room: Cell::new(Some(Room::take())),
        }
    }

    /// Gives this test's room to another one: from here it waits for the clock, and its cluster
    /// computes nothing.
    pub(crate) fn only_waits(&self) {
        drop(self.room.take());
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// What the program keeps on this machine, but for the ledger of what was
    /// spent and the record of the downloaded results.
    pub(crate) fn left(&self) -> Vec<PathBuf> {
        let kept = fs::read_dir(self.state().join("clusterup"));
        let paths = kept
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        let stays = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default();
            name == "results" || name.to_string_lossy().starts_with("ledger.db")
        };
        paths.filter(|path| !stays(path)).collect()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A stack `t` of one worker whose steps are these scripts, each with `${results}` as its
    /// argument; `more` goes on from there.
    pub(crate) fn stack(&self, scripts: &[&str], more: &str) -> PathBuf {
        let steps: String = scripts
            .iter()
            .map(|script| {
                let name = script.trim_end_matches(".py");
                format!("    - {{ name: {name}, script: {script}, args: [\"${{results}}\"] }}\n")
            })
            .collect();
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             job:\n  results: results\n  steps:\n{steps}{more}"
        );
        self.write("t.yaml", &text)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterup"));
        command
            .args(args)
            .current_dir(self.path())
            .env("XDG_STATE_HOME", self.state())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        Done::of(&self.command(args).output().unwrap())
    }

    /// Runs and expects this exit code.
    pub(crate) fn expect(&self, code: i32, args: &[&str]) -> Done {
        let done = self.run(args);
        assert_eq!(
            done.code, code,
            "{args:?}\n--- out\n{}\n--- err\n{}",
            done.out, done.err
        );
        done
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let done = self.run(&[args, &["--output", "json"]].concat());
        serde_json::from_str(&done.out)
            .unwrap_or_else(|error| panic!("{args:?}: {error}\n{}\n{}", done.out, done.err))
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command(args))
    }

    /// The clusters of stack `t`, oldest first.
    pub(crate) fn clusters(&self) -> Vec<Value> {
        let status = self.json(&["status", "t", "--local"]);
        status["stacks"][0]["observed"]["clusters"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Waits until the latest cluster is as wanted.
    pub(crate) fn until(
        &self,
        what: &str,
        patience: u64,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        loop {
            let clusters = self.clusters();
            if let Some(cluster) = clusters.last().filter(|cluster| wanted(cluster)) {
                return cluster.clone();
            }
            let waited = begun.elapsed();
            assert!(
                waited < Duration::from_secs(patience),
                "{what} took too long: {clusters:#?}"
            );
            // A long wait needs no frequent look, and each look is a run of the program.
            let pause = (waited / 20).clamp(Duration::from_millis(200), Duration::from_secs(1));
            std::thread::sleep(pause);
        }
    }

    /// The living processes that have this home's folder in their command line or environment,
    /// the test itself left out: id and command line.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        let mark = self.path().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let read = |name: &str| {
                let bytes = fs::read(entry.path().join(name)).unwrap_or_default();
                String::from_utf8_lossy(&bytes).replace('\0', " ")
            };
            let zombie = read("stat")
                .rsplit(')')
                .next()
                .is_some_and(|s| s.trim().starts_with('Z'));
            let line = read("cmdline");
            let ours = line.contains(&mark) || read("environ").contains(&mark);
            if ours && !zombie && id != std::process::id() {
                found.push((id, line));
            }
        }
        found
    }

    /// Waits until no process of this home is left.
    pub(crate) fn until_quiet(&self, patience: u64) {
        let begun = Instant::now();
        while !self.processes().is_empty() {
            let waited = begun.elapsed();
            assert!(
                waited < Duration::from_secs(patience),
                "left: {:#?}",
                self.processes()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process whose command line holds all of these, once there is one.
    pub(crate) fn process(&self, words: &[&str]) -> u32 {
        let begun = Instant::now();
        loop {
            let all = self.processes();
            let fits = |line: &str| words.iter().all(|word| line.contains(word));
            if let Some((id, _)) = all.iter().find(|(_, line)| fits(line)) {
                return *id;
            }
            let waited = begun.elapsed();
            assert!(waited < Duration::from_secs(60), "no {words:?}: {all:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A failed test must not leave a cluster to the next ones.
        for (id, _) in self.processes() {
            signal(id, "KILL");
        }
    }
}

impl Done {
    pub(crate) fn of(output: &Output) -> Self {
        hints::check(&String::from_utf8_lossy(&output.stdout));
        hints::check(&String::from_utf8_lossy(&output.stderr));
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn says(&self, text: &str) -> &Self {
        let all = format!("{}{}", self.out, self.err);
        // Wherever its lines were broken.
        let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(text.trim()), "{text:?} is not said:\n{all}");
        self
    }
}

pub(crate) fn signal(id: u32, name: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .status();
}

/// The state of a cluster as `status` tells it.
pub(crate) fn state(cluster: &Value) -> &str {
    cluster["state"].as_str().unwrap_or_default()
}

/// The state of its only or first step.
pub(crate) fn step(cluster: &Value) -> &str {
    cluster["steps"][0]["state"].as_str().unwrap_or_default()
}

pub(crate) fn time(value: &Value) -> chrono::DateTime<chrono::FixedOffset> {
    chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap()
}

/// Writes `answer.txt` into its argument, without Spark.
pub(crate) const PLAIN: &str = "\
import os, sys
os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)
with open(os.path.join(sys.argv[1], 'answer.txt'), 'w') as file:  # clusterup: allow(opens-remote)
    file.write('42')
print('the answer is written')
";

/// Keeps Spark at work for some seconds with many small tasks, then writes its answer.
pub(crate) const SLOW: &str = "\
import os, sys, time
from pyspark import SparkContext
sc = SparkContext()
def work(x):
    time.sleep(0.5)
    return x
total = sc.parallelize(range(40), 40).map(work).sum()
os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)
with open(os.path.join(sys.argv[1], 'answer.txt'), 'w') as file:  # clusterup: allow(opens-remote)
    file.write(str(total))
";

/// Keeps Spark at work until the cluster ends, with two tasks that only sleep.
pub(crate) const ENDLESS: &str = "\
import time
from pyspark import SparkContext
sc = SparkContext()
sc.parallelize(range(2), 2).map(lambda x: time.sleep(600)).sum()
";
