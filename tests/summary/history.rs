//! Each figure is within one percent of what Spark's history server answers for the same log. The
//! answers are recorded beside the logs; `BLESS=1 cargo test --test summary the_history_server`
//! starts the server of the cached runtime and records them again.

use crate::recorded::{ALL, application, path, unpacked};
use clusterup::cloud::local::runtime::Store;
use clusterup::model::event::NoListener;
use clusterup::summary::{Application, Stage};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn figures_are_those_of_the_history_server() {
    if is_blessed() {
        record();
    }
    for name in ALL {
        let app = application(name);
        let answers = answers(name);
        assert!(app.complete && app.broken_lines == 0, "{name}");
        compare(name, &app, &answers);
        let stages = answers["stages"].as_array().unwrap();
        let ended = stages.iter().filter(|stage| stage["status"] != "SKIPPED");
        assert_eq!(ended.count(), app.stages.len(), "{name}");
        for stage in &app.stages {
            let same = |answer: &&Value| {
                answer["stageId"] == stage.id && answer["attemptId"] == stage.attempt
            };
            compare_stage(name, stage, stages.iter().find(same).unwrap());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "BLESS makes a test write files")]
fn is_blessed() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Compares a figure, of which neither is far from the other.
fn near(what: &str, ours: Option<u64>, theirs: u64) {
    let ours = ours.unwrap_or(0);
    let off = ours.abs_diff(theirs);
    assert!(
        off * 100 <= theirs,
        "{what}: {ours}, and the history server says {theirs}"
    );
}

fn compare(name: &str, app: &Application, answers: &Value) {
    let attempt = &answers["application"]["attempts"][0];
    near(
        &format!("{name}: wall"),
        app.wall_ms(),
        number(&attempt["duration"]),
    );
    assert_eq!(app.spark.as_deref(), attempt["appSparkVersion"].as_str());
    let executors = answers["allexecutors"].as_array().unwrap();
    let local = app.settings.is_local();
    let own = || executors.iter().filter(|it| local || it["id"] != "driver");
    let sum = |of: &str| own().map(|it| number(&it[of])).sum::<u64>();
    near(
        &format!("{name}: executors"),
        Some(app.executors.count.into()),
        own().count() as u64,
    );
    // Of a driver it answers with the time of the application.
    if !local {
        let busy = Some(app.executors.busy_ms);
        near(&format!("{name}: busy"), busy, sum("totalDuration"));
    }
    near(
        &format!("{name}: read"),
        app.totals.input,
        sum("totalInputBytes"),
    );
    near(
        &format!("{name}: tasks"),
        Some(app.totals.tasks),
        sum("totalTasks"),
    );
    near(
        &format!("{name}: cores"),
        Some(app.executors.slots.into()),
        sum("totalCores"),
    );
    let end = time(&attempt["endTime"]);
    let slots = own().map(|it| number(&it["totalCores"]) * (end - time(&it["addTime"])));
    near(
        &format!("{name}: slots"),
        Some(app.executors.slot_ms),
        slots.sum(),
    );
    let peak = |is_driver: bool, of: &str| {
        let those = executors
            .iter()
            .filter(|it| (it["id"] == "driver") == is_driver);
        those
            .map(|it| number(&it["peakMemoryMetrics"][of]))
            .max()
            .unwrap_or(0)
    };
    let memory = app.memory;
    let heap = "JVMHeapMemory";
    near(
        &format!("{name}: heap"),
        memory.executor_heap,
        peak(false, heap),
    );
    near(
        &format!("{name}: driver"),
        memory.driver_heap,
        peak(true, heap),
    );
    let python = peak(false, "ProcessTreePythonRSSMemory");
    near(&format!("{name}: Python"), memory.python, python);
    let stages = answers["stages"].as_array().unwrap();
    for (of, ours) in [
        ("executorRunTime", app.totals.run_ms),
        ("jvmGcTime", app.totals.gc_ms),
        ("memoryBytesSpilled", app.totals.memory_spilled),
        ("diskBytesSpilled", app.totals.disk_spilled),
        ("outputBytes", app.totals.output),
        ("shuffleReadBytes", app.totals.shuffle_read),
        ("shuffleWriteBytes", app.totals.shuffle_write),
    ] {
        let theirs = stages.iter().map(|stage| number(&stage[of])).sum();
        near(&format!("{name}: {of}"), ours, theirs);
    }
    near(
        &format!("{name}: driver alone"),
        Some(app.driver.total_ms),
        alone(answers),
    );
    let properties = answers["environment"]["sparkProperties"]
        .as_array()
        .unwrap();
    let master = properties
        .iter()
        .find(|it| it[0] == "spark.master")
        .unwrap();
    assert_eq!(app.settings.master.as_deref(), master[1].as_str(), "{name}");
}

/// When no job ran, from the jobs' times, each millisecond counted once.
fn alone(answers: &Value) -> u64 {
    let attempt = &answers["application"]["attempts"][0];
    let jobs = answers["jobs"].as_array().unwrap();
    let spans = jobs
        .iter()
        .map(|job| (time(&job["submissionTime"]), time(&job["completionTime"])));
    let mut spans: Vec<_> = spans.collect();
    spans.sort_unstable();
    let mut from = time(&attempt["startTime"]);
    let mut alone = 0;
    for (begun, ended) in spans {
        alone += begun.saturating_sub(from);
        from = from.max(ended);
    }
    alone + time(&attempt["endTime"]) - from
}

fn compare_stage(name: &str, ours: &Stage, theirs: &Value) {
    let what = |of: &str| format!("{name}: stage {}: {of}", ours.id);
    let took = time(&theirs["completionTime"]) - time(&theirs["submissionTime"]);
    near(&what("wall"), ours.wall_ms, took);
    near(
        &what("tasks"),
        Some(ours.tasks),
        number(&theirs["numTasks"]),
    );
    near(
        &what("spilled"),
        Some(ours.disk_spilled),
        number(&theirs["diskBytesSpilled"]),
    );
    let spread = &theirs["taskMetricsDistributions"];
    let run = &spread["executorRunTime"];
    near(&what("median"), Some(ours.run_ms.median), number(&run[0]));
    near(&what("longest"), Some(ours.run_ms.max), number(&run[1]));
    let read = &spread["shuffleReadMetrics"]["readBytes"];
    near(
        &what("median read"),
        Some(ours.shuffle_read.median),
        number(&read[0]),
    );
    near(
        &what("most read"),
        Some(ours.shuffle_read.max),
        number(&read[1]),
    );
    let place = theirs["name"].as_str().unwrap();
    assert!(
        place.starts_with(ours.name.split(" at ").next().unwrap()),
        "{place}"
    );
}

/// A number, which quantiles write as `3843.0`.
fn number(value: &Value) -> u64 {
    let whole = value.as_f64().map(|number| format!("{number:.0}"));
    whole.map_or(0, |number| number.parse().unwrap())
}

/// A time such as `2026-11-30T07:00:50.007GMT`, in milliseconds.
fn time(value: &Value) -> u64 {
    let text = value.as_str().unwrap().replace("GMT", "Z");
    let at = chrono::DateTime::parse_from_rfc3339(&text).unwrap();
    u64::try_from(at.timestamp_millis()).unwrap()
}

fn answers(name: &str) -> Value {
    serde_json::from_slice(&unpacked(&format!("{name}.history"))).unwrap()
}

/// Records what the history server of the cached runtime answers for each log.
fn record() {
    let folder = tempfile::tempdir().unwrap();
    for name in ALL {
        std::fs::write(folder.path().join(name), unpacked(name)).unwrap();
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut server = server(&format!("file:{}", folder.path().display()), port);
    let base = format!("http://127.0.0.1:{port}/api/v1/applications");
    for name in ALL {
        let id = application(name).id.unwrap();
        let of = format!("{base}/{id}");
        let summaries = "withSummaries=true&quantiles=0.5,1.0";
        let answers = json!({
            "application": get(&of),
            "environment": get(&format!("{of}/environment")),
            "jobs": get(&format!("{of}/jobs")),
            "allexecutors": get(&format!("{of}/allexecutors")),
            "stages": get(&format!("{of}/stages?{summaries}")),
        });
        let file = std::fs::File::create(path(&format!("{name}.history.gz"))).unwrap();
        let mut packing = GzEncoder::new(file, Compression::best());
        packing.write_all(answers.to_string().as_bytes()).unwrap();
        packing.finish().unwrap();
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests look where the program looks"
)]
fn server(logs: &str, port: u16) -> Child {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    let store = Store::new(cache.join("clusterup"), std::env::var_os("PATH"));
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let runtime = tokio.block_on(store.runtime(&NoListener)).unwrap();
    Command::new(runtime.java_home.join("bin/java"))
        .args([
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        ])
        .arg(format!("-Dspark.history.fs.logDirectory={logs}"))
        .arg(format!("-Dspark.history.ui.port={port}"))
        .arg("-cp")
        .arg(runtime.spark_home.join("jars/*"))
        .arg("org.apache.spark.deploy.history.HistoryServer")
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the server answers: it reads the logs after it has started.
fn get(url: &str) -> Value {
    let begun = Instant::now();
    loop {
        match ureq::get(url).call() {
            Ok(mut reply) => return reply.body_mut().read_json().unwrap(),
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(120), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}
