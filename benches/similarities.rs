//! The similarity job against its textbook form, and what `apply` itself takes around a job.
//!
//! Both forms run as two steps of one job: same cluster, same executors, same ratings, one after
//! the other, so that their ratio means something on a machine that others use too. The textbook
//! form takes ten minutes or more on a million ratings; `--fast-only` leaves it out.
//!
//! ```text
//! cargo bench --bench similarities -- [--ratings FILE] [--fast-only]
//! ```
//!
//! Without `--ratings`, a million made ratings are used; MovieLens's own are denser.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark is for reading"
)]
#![expect(clippy::format_push_string, reason = "a stack of a few lines")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    if args.iter().any(|arg| arg == "--help") {
        eprintln!("cargo bench --bench similarities -- [--ratings FILE] [--fast-only]");
        return;
    }
    let fast_only = args.iter().any(|arg| arg == "--fast-only");
    let given = args
        .iter()
        .position(|arg| arg == "--ratings")
        .and_then(|at| args.get(at + 1));
    let folder = tempfile::tempdir().expect("a folder to work in");
    let ratings = given.map_or_else(|| made(folder.path()), |path| absolute(path));

    println!("apply around the job, runtime installed:");
    let (wall, steps) = apply(folder.path(), &ratings, &["movie_similarities"]);
    let (wall, steps) = if steps.is_empty() {
        (wall, steps)
    } else {
        again(folder.path(), wall)
    };
    let fast = steps[0];
    println!("  whole      {:6.1} s", wall.as_secs_f64());
    println!("  step       {:6.1} s", fast.as_secs_f64());
    println!("  overhead   {:6.1} s", (wall - fast).as_secs_f64());
    println!(
        "  overhead / step = {:.2}",
        (wall - fast).as_secs_f64() / fast.as_secs_f64()
    );
    if fast_only {
        return;
    }
    println!("both forms on one cluster:");
    let (_, steps) = apply(folder.path(), &ratings, &["movie_similarities", "textbook"]);
    println!("  movie_similarities {:8.1} s", steps[0].as_secs_f64());
    println!("  textbook           {:8.1} s", steps[1].as_secs_f64());
    println!(
        "  textbook / movie_similarities = {:.1}",
        steps[1].as_secs_f64() / steps[0].as_secs_f64()
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn absolute(path: &str) -> PathBuf {
    std::path::absolute(path).expect("a path")
}

/// Ratings with planted taste groups, where no others are given.
fn made(folder: &Path) -> PathBuf {
    let stack = folder.join("made.yaml");
    let script = root().join("examples/movie-similarities/make_ratings.py");
    let text = format!(
        "stack: bench-made\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
         job:\n  python_packages: [numpy]\n  steps:\n    - name: make\n      script: {}\n      \
         args: [--out, \"${{results}}/ml\"]\n  results: made\n",
        script.display()
    );
    std::fs::write(&stack, text).expect("the stack is written");
    run(folder, &stack, &[]);
    folder.join("made/ml/ratings.dat")
}

/// Applies a stack whose steps are these scripts; gives the wall time and each step's.
fn apply(folder: &Path, ratings: &Path, scripts: &[&str]) -> (Duration, Vec<Duration>) {
    let stack = folder.join("bench.yaml");
    let mut text = format!(
        "stack: bench\nregion: us-east-1\ndata: {{ ratings: {{ path: {} }} }}\n\
         cluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n\
         guardrails: {{ max_lifetime: 3h, idle_timeout: 1h }}\n\
         job:\n  python_packages: [numpy]\n  results: results\n  steps:\n",
        ratings.display()
    );
    for script in scripts {
        let path = root().join(format!("examples/movie-similarities/{script}.py"));
        text += &format!(
            "    - name: {script}\n      script: {}\n      args: [--ratings, \"${{data.ratings}}\", \
             --movie, \"260\", --out, \"${{results}}/{script}\"]\n      \
             spark: {{ executor_memory: 1g }}\n",
            path.display()
        );
    }
    std::fs::write(&stack, text).expect("the stack is written");
    timed(folder, &stack, &[])
}

/// The same once more: the first apply may have installed something.
fn again(folder: &Path, first: Duration) -> (Duration, Vec<Duration>) {
    println!("  first      {:6.1} s", first.as_secs_f64());
    timed(folder, &folder.join("bench.yaml"), &["--again"])
}

fn timed(folder: &Path, stack: &Path, more: &[&str]) -> (Duration, Vec<Duration>) {
    let begun = Instant::now();
    let document = run(folder, stack, more);
    let wall = begun.elapsed();
    let steps = document["cluster"]["steps"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    (wall, steps.iter().map(step_time).collect())
}

fn step_time(step: &Value) -> Duration {
    let at = |key: &str| {
        let text = step[key].as_str().expect("the step has run");
        chrono::DateTime::parse_from_rfc3339(text).expect("a time")
    };
    (at("ended_at") - at("started_at"))
        .to_std()
        .expect("time goes forward")
}

fn run(folder: &Path, stack: &Path, more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_clusterup"))
        .args(["apply", "--local", "--yes", "--output", "json"])
        .arg(stack)
        .args(more)
        .env("XDG_STATE_HOME", folder.join("state"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("clusterup runs");
    assert!(output.status.success(), "apply failed: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}
