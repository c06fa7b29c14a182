//! Other users of the machine have no access to a cluster.

use crate::support::{Place, until};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clusterup::cloud::local::cluster::progress;
use clusterup::model::address::credentials;
use clusterup::model::observed::StepState;
use clusterup::model::stack::WhenDone;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A task that prints, marks that it runs, and waits for a signal of the test.
const WAITS: &str = "
from pyspark.sql import SparkSession
import os, sys, time
place = os.path.dirname(os.path.abspath(__file__))
def waits(x):
    print('CARD 4111-1111', file=sys.stderr, flush=True)
    open(os.path.join(place, 'mark'), 'w').close()
    while not os.path.exists(os.path.join(place, 'go')):
        time.sleep(0.05)
    return x
sc = SparkSession.builder.getOrCreate().sparkContext
with open(os.path.join(place, 'app'), 'w') as app:
    app.write(sc.applicationId)
print(sc.parallelize([1], 1).map(waits).count())
";

/// The ports on which processes of the cluster listen.
fn ports(place: &Place) -> BTreeSet<u16> {
    let mut sockets = BTreeMap::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(table)
            .unwrap_or_default()
            .lines()
            .skip(1)
        {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (_, port) = fields[1].rsplit_once(':').unwrap();
            // 0A is LISTEN (Linux, include/net/tcp_states.h).
            if fields[3] == "0A" {
                let port = u16::from_str_radix(port, 16).unwrap();
                sockets.insert(format!("socket:[{}]", fields[9]), port);
            }
        }
    }
    let mut ports = BTreeSet::new();
    for process in place.processes() {
        let pid = process.split(' ').next().unwrap();
        let files = fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten();
        let targets = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok());
        ports.extend(targets.filter_map(|to| sockets.get(to.to_str()?).copied()));
    }
    ports
}

/// The response to a request with these headers: as another user, if the test runs as root.
fn probe(ports: &BTreeSet<u16>, app: &str, files: &[PathBuf], headers: &[String]) -> Value {
    let asked = json!({ "ports": ports, "app": app, "files": files, "headers": headers });
    let mut python = Command::new("python3");
    python
        .args(["-c", include_str!("probe.py")])
        .arg(asked.to_string())
        .current_dir("/");
    if rustix::process::getuid().is_root() {
        python.uid(65534).gid(65534);
    }
    let done = python.output().unwrap();
    let message = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{message}");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// The responses to all requests, by port, of the ports that speak HTTP.
fn answers(probed: &Value) -> BTreeMap<String, BTreeSet<i64>> {
    let ports = probed["answers"].as_object().unwrap().iter();
    let spoken = ports.filter(|(_, answers)| !answers["GET /"].is_null());
    let all = spoken.map(|(port, answers)| {
        let all = answers.as_object().unwrap().values();
        (
            port.clone(),
            all.map(|it| it.as_i64().unwrap_or(0)).collect(),
        )
    });
    all.collect()
}

fn basic(pair: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(pair))
}

#[test]
fn other_users_have_no_access_and_a_worker_that_dies_is_restarted() {
    let place = Place::new();
    let mut step = place.step("waits", WAITS);
    step.conf
        .insert("spark.ui.prometheus.enabled".to_owned(), "true".to_owned());
    let folder = place.order(1, 60, WhenDone::Terminate, vec![step]);
    folder.start().unwrap();
    crate::marked(&place);
    let running = until(&folder, |c| c.steps[0].ui.is_some());
    let ui = running.steps[0].ui.clone().unwrap();
    let app = fs::read_to_string(place.root.path().join("app")).unwrap();

    let pids: Vec<String> = place.processes();
    let pids = pids.iter().map(|line| line.split(' ').next().unwrap());
    let mut files: Vec<PathBuf> = pids
        .map(|pid| format!("/proc/{pid}/environ").into())
        .collect();
    files.extend(
        ["status.json", "rig/driver.conf", "logs/executors/node-1"]
            .map(|it| folder.path().join(it)),
    );
    files.push(folder.executor_logs(1).join(&app).join("0/stderr"));
    let ports = ports(&place);
    assert!(ports.len() >= 6, "{ports:?}");
    let nothing = probe(&ports, &app, &files, &[]);
    let closed = answers(&nothing);
    // Driver, master and worker.
    assert_eq!(closed.len(), 3, "{nothing:#}");
    for (port, answers) in &closed {
        assert_eq!(answers, &BTreeSet::from([401]), "{port}: {nothing:#}");
    }
    if rustix::process::getuid().is_root() {
        assert_eq!(nothing["read"], json!([]));
    }

    let pair = credentials(&ui).unwrap();
    let (_, password) = pair.split_once(':').unwrap();
    let http = closed.keys().map(|port| port.parse().unwrap()).collect();
    for wrong in [
        basic("clusterup:"),
        basic(&format!("somebody:{password}")),
        basic(&format!("{pair}x")),
        basic(&pair[..pair.len() - 1]),
        format!("Authorization: Bearer {password}"),
        format!("Cookie: password={password}"),
    ] {
        for answers in answers(&probe(&http, &app, &[], &[wrong])).values() {
            assert_eq!(answers, &BTreeSet::from([401]));
        }
    }
    for another in ["cross-site", "same-site"] {
        let site = format!("Sec-Fetch-Site: {another}");
        for answers in answers(&probe(&http, &app, &[], &[basic(pair), site])).values() {
            assert_eq!(answers, &BTreeSet::from([403]));
        }
    }
    owner_sees(&ui);
    dies_and_is_restarted(&place);
    fs::write(place.root.path().join("go"), "").unwrap();
    assert!(folder.wait_over(Duration::from_secs(60)).unwrap());
    let state = folder.read().unwrap().steps[0].state;
    assert_eq!(state, StepState::Completed, "somebody ended it");
    crate::gone(&place, Duration::from_secs(1));
}

/// Kills the only worker. Its task runs again on the next one, so the job continues.
fn dies_and_is_restarted(place: &Place) {
    let worker = place.pid_of("deploy.worker.Worker").unwrap();
    fs::remove_file(place.root.path().join("mark")).unwrap();
    let pid = Pid::from_raw(worker.parse().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    crate::marked(place);
    assert_ne!(place.pid_of("deploy.worker.Worker"), Some(worker));
}

fn owner_sees(ui: &str) {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let progress = tokio.block_on(progress(ui)).unwrap();
    assert_eq!((progress.tasks_done, progress.tasks), (0, 1));
}

/// `BLESS=1` recompiles the class.
#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test")]
fn the_filters_class_matches_its_source() {
    let place = Place::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let owner = here.join("src/cloud/local/runtime/owner");
    let class = owner.join("OwnerFilter.class");
    let to = match std::env::var_os("BLESS") {
        Some(_) => class.clone(),
        None => place.root.path().join("class"),
    };
    let done = Command::new(&place.launch().python)
        .arg(here.join("tests/supervisor/compile.py"))
        .arg(owner.join("OwnerFilter.java"))
        .arg("clusterup.OwnerFilter")
        .arg(&to)
        .env("JAVA_HOME", &place.launch().java_home)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(fs::read(to).unwrap() == fs::read(class).unwrap());
}
