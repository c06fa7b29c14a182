//! The watchdog's page and the documents in a real browser: a headless Chromium, driven by playwright-core from npm.
//! The tests pass with a message if a browser, Node.js or npm is missing.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "dash/picture.rs"]
mod fleet_status;
#[path = "support/spending.rs"]
mod spending;

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::dash::{Dash, serve};
use clusterup::model::clock::Clock;
use clusterup::model::fleet_status::FleetStatus;
use clusterup::run::clock::SystemClock;
use clusterup::run::watchdog::request::{OperatorRequest, RequestedAction};
use fleet_status::{fleet_status, noon};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

const CHROMIUM: &str = "/usr/bin/chromium";
const PLAYWRIGHT: &str = "playwright-core@1.65.1";
const TOKEN: &str = "a-token-for-tests-only";

/// The afternoon of November 21st, 2026, which goes on as this machine's clock does.
struct Afternoon(Instant);

impl Clock for Afternoon {
    fn now(&self) -> DateTime<Utc> {
        noon() + TimeDelta::from_std(self.0.elapsed()).unwrap()
    }
}

/// The folder of playwright-core, or `None` with a message.
fn modules() -> Option<PathBuf> {
    let modules = playwright();
    if modules.is_none() {
        let why = b"no Chromium, Node.js or npm: nothing is looked at in a browser\n";
        std::io::stderr().write_all(why).unwrap();
    }
    modules
}

fn script(name: &str, modules: &Path) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let mut script = Command::new("node");
    script
        .arg(folder.join(name))
        .env("MODULES", modules)
        .env("CHROMIUM", CHROMIUM)
        .env("SHOTS", shots());
    script
}

const STACK: &str = "stack: movies\nteam: recsys\nregion: us-east-1\n\
    cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n\
    job: { steps: [{ name: a, command: [echo, a] }] }\n\
    guardrails: { idle_timeout: 10m, max_lifetime: 8h, budget: $3 }\n";
const POLICY: &str = "policy: spark\napplies_to: { teams: [data, growth, recsys] }\n\
    budget: { monthly: $600 }\n\
    limits: { hourly_cost: $5, nodes: 10, max_lifetime: 10h }\n";

#[test]
fn documents_are_complete_and_need_no_network() {
    let Some(modules) = modules() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    spending::write(folder.path(), SystemClock.now());
    fs::create_dir(at("policies")).unwrap();
    fs::write(at("policies/p.yaml"), POLICY).unwrap();
    fs::write(at("t.yaml"), STACK).unwrap();
    for args in [
        "cost report --by team --local --html report.html",
        "plan t.yaml --local --html plan.html",
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_clusterup"))
            .args(args.split(' '))
            .current_dir(folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", folder.path())
            .env("XDG_CACHE_HOME", folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{args}: {done:?}");
    }
    let mut looked = script("documents.mjs", &modules);
    looked.env("REPORT", at("report.html"));
    looked.env("PLAN", at("plan.html"));
    let looked = looked.status().unwrap();
    assert!(looked.success(), "what the browser saw is above");
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(modules) = modules() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(Afternoon(Instant::now()));
        let (fleet_statuses, seen) = watch::channel(Arc::new(fleet_status(noon())));
        let (operator_request, requests) = mpsc::channel(4);
        let dash = Dash {
            fleet_statuses: seen,
            requests: operator_request,
            token: Some(TOKEN.parse().unwrap()),
            clock: clock.clone(),
            stalled_after: Duration::from_secs(300),
        };
        let (close, closed) = oneshot::channel::<()>();
        let browser = async {
            let mut looked = script("dash.mjs", &modules);
            looked.env("URL", url).env("TOKEN", TOKEN);
            let looked = tokio::process::Command::from(looked)
                .kill_on_drop(true)
                .status()
                .await;
            close.send(()).unwrap();
            looked.unwrap()
        };
        let until = async {
            let _ = closed.await;
        };
        let (looked, served) = tokio::select! {
            done = async { tokio::join!(browser, serve(listener, dash, until)) } => done,
            () = watchdog(fleet_statuses, requests, &clock) => unreachable!(),
        };
        served.unwrap();
        assert!(looked.success(), "what the browser saw is above");
    });
}

/// A watchdog that sweeps often and does what it is asked, but ends nothing.
async fn watchdog(
    fleet_statuses: watch::Sender<Arc<FleetStatus>>,
    mut requests: mpsc::Receiver<OperatorRequest>,
    clock: &Afternoon,
) {
    let mut drawn = fleet_status(noon());
    loop {
        tokio::select! {
            Some(operator_request) = requests.recv() => {
                let answer = grant(&mut drawn, &operator_request);
                operator_request.answer.send(answer).unwrap();
            }
            () = tokio::time::sleep(Duration::from_millis(300)) => {}
        }
        let last = drawn.last.as_mut().unwrap();
        last.number += 1;
        (last.began_at, last.ended_at) = (clock.now() - TimeDelta::seconds(4), clock.now());
        drawn.at = clock.now();
        fleet_statuses.send_replace(Arc::new(drawn.clone()));
    }
}

fn grant(drawn: &mut FleetStatus, operator_request: &OperatorRequest) -> Result<String, String> {
    let RequestedAction::Extend {
        max_lifetime: Some(lifetime),
        budget: None,
    } = &operator_request.what
    else {
        panic!("nobody asked for this: {operator_request:?}");
    };
    let row = drawn
        .clusters
        .iter_mut()
        .find(|row| row.id == operator_request.id)
        .unwrap();
    row.ends_at = Some(row.created_at + lifetime.delta());
    row.cause = Some("max_lifetime".to_owned());
    row.stage = "keep".to_owned();
    Ok(format!(
        "{} lives for {lifetime} in all",
        operator_request.id
    ))
}

/// Where playwright-core is, installed once into `target`.
fn playwright() -> Option<PathBuf> {
    let works = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !Path::new(CHROMIUM).exists() || !works("node") || !works("npm") {
        return None;
    }
    let folder = target().join("browser");
    let stamp = folder.join(PLAYWRIGHT);
    if !stamp.exists() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), "{}").unwrap();
        let done = Command::new("npm")
            .args([
                "install",
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ])
            .arg(PLAYWRIGHT)
            .current_dir(&folder)
            .status()
            .unwrap();
        assert!(done.success(), "npm cannot bring {PLAYWRIGHT}");
        fs::write(stamp, "").unwrap();
    }
    Some(folder)
}

/// Where pictures of the page go: to the documents with `BLESS=1`.
#[expect(
    clippy::disallowed_methods,
    reason = "a test asks whether it may write documents"
)]
fn shots() -> PathBuf {
    match std::env::var_os("BLESS") {
        Some(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures"),
        None => target().join("browser"),
    }
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .to_owned()
}
