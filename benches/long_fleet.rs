//! A watchdog over a large fleet for a month: whether memory, files and calls stay bounded.
//!
//! The account is in memory and in virtual time, in the same process, and throttles calls at EMR's
//! documented rates. Most clusters work for the whole month; others come, work for some hours and are
//! ended by their owners, and some are forgotten, which the watchdog ends. It sweeps each minute, starts
//! anew each day from its files, and writes the ledger on disk.
//!
//! ```text
//! cargo bench --no-default-features --bench long_fleet -- [days] [clusters]
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]

use axum::body::{Body, to_bytes};
use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::account::{Account, Addresses, Settings};
use clusterup::cloud::api::Tags;
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::meter::Metered;
use clusterup::cloud::pace::Paced;
use clusterup::cloud::remembered::RememberedFile;
use clusterup::cloud::retry::Retrying;
use clusterup::cost::catalog::Catalog;
use clusterup::dash::{Dash, router};
use clusterup::ledger::{AuditQuery, Ledger};
use clusterup::model::clock::Clock;
use clusterup::policy::{Policies, load};
use clusterup::run::notify::Notifier;
use clusterup::run::watchdog::Watchdog;
use clusterup::run::watchdog::audit_sink::LedgerAuditSink;
use clusterup_testkit::rates::Rated;
use clusterup_testkit::sim::{self, Sim};
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

const MINUTE: Duration = Duration::from_secs(60);
/// Minutes between two new clusters, and how long each works.
const BETWEEN: u32 = 3;
const WORKS: u32 = 10 * 60;
/// Each of so many is forgotten when its work is done.
const FORGOTTEN: u32 = 10;

const POLICY: &str = "policy: p\n\
    unmanaged: { action: terminate, idle_timeout: 1h, grace: 30m }\n\
    watchdog: { max_kills_per_sweep: 5, max_kill_fraction: 10% }\n";

type Api = Retrying<Paced<Rated<Metered<Sim>>>>;

fn main() {
    let numbers: Vec<u32> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let days = numbers.first().copied().unwrap_or(30);
    let clusters = numbers.get(1).copied().unwrap_or(2_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, month(days, clusters));
}

/// The clusters that come and go.
struct Visitors {
    sim: Sim,
    /// Those at work: the minute in which their work is done, and whether they are forgotten then.
    working: VecDeque<(u32, String, bool)>,
    came: u32,
    forgotten: Vec<String>,
}

impl Visitors {
    fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            working: VecDeque::new(),
            came: 0,
            forgotten: Vec::new(),
        }
    }

    /// What their owners do in a minute.
    fn live(&mut self, minute: u32) {
        if minute.is_multiple_of(BETWEEN) {
            self.came += 1;
            let id = self
                .sim
                .foreign_cluster(&format!("report-{}", self.came), Tags::new());
            self.sim.occupy(&id, true);
            let is_forgotten = self.came.is_multiple_of(FORGOTTEN);
            self.working.push_back((minute + WORKS, id, is_forgotten));
        }
        while self
            .working
            .front()
            .is_some_and(|(until, ..)| *until <= minute)
        {
            let Some((_, id, is_forgotten)) = self.working.pop_front() else {
                return;
            };
            self.sim.occupy(&id, false);
            if is_forgotten {
                self.forgotten.push(id);
            } else {
                self.sim
                    .end_cluster(&id, "USER_REQUEST", "Terminated by user request");
            }
        }
    }
}

/// What runs for a day: a watchdog with the files of the one before.
struct Run {
    watchdog: Watchdog,
    audit_sink: Rc<LedgerAuditSink>,
}

fn start(api: &Rc<Api>, clock: &Arc<dyn Clock>, home: &Path) -> Run {
    let settings = Settings {
        region: "us-east-1".parse().expect("a region"),
        clock: clock.clone(),
        who: "bench@here".to_owned(),
        addresses: Addresses::fixed(Vec::new()),
        keys: home.join("keys"),
        store: Store::new(home.join("store"), None),
        labels: home.join("labels"),
        prices: Arc::new(Catalog::bundled().clone()),
        home: None,
        poll: MINUTE,
        seed: 1,
    };
    let counted = api.clone();
    let account = Account::new(api.clone(), settings).with_call_counts(move || {
        let tallies = counted.inner.inner.inner.tallies().into_iter();
        tallies
            .map(|(name, tally)| (name.to_owned(), tally.calls))
            .collect()
    });
    let fleet: Rc<dyn FleetProvider> = Rc::new(account);
    let opened = Ledger::open(&home.join("ledger.db"), clock.now()).expect("a ledger");
    let failed = |message: &str| panic!("{message}");
    let sink = LedgerAuditSink::new(opened.ledger, Notifier::new(Vec::new()), failed);
    let audit_sink = Rc::new(sink);
    let mut policies = Policies::default();
    policies.extend([load("p.yaml", POLICY).expect("a policy")]);
    let name = "watchdog@here".to_owned();
    let sink = audit_sink.clone();
    let watchdog = Watchdog::new(vec![fleet], Rc::new(policies), clock.clone(), sink, name);
    let remembered = RememberedFile::at(home.join("fleet.jsonl"));
    Run {
        watchdog: watchdog.remembering(remembered),
        audit_sink,
    }
}

async fn month(days: u32, clusters: u32) {
    let quick = sim::Settings {
        latency_millis: (1, 2),
        ..sim::Settings::USUAL
    };
    let sim = Sim::with(1, quick);
    // Those that come and go are a part of the fleet.
    let stay = clusters.saturating_sub(WORKS / BETWEEN);
    for number in 0..stay {
        let id = sim.foreign_cluster(&format!("etl-{number}"), Tags::new());
        sim.occupy(&id, true);
    }
    let home = tempfile::tempdir().expect("a folder");
    let clock: Arc<dyn Clock> = Arc::new(sim.clock());
    let rated = Rated::new(Metered::new(sim.clone()));
    let api: Rc<Api> = Rc::new(Retrying::new(Paced::new(rated), 1));
    let mut visitors = Visitors::new(&sim);
    println!("{clusters} clusters, a sweep a minute, a restart a day:");
    println!("  day  sweeps  calls/sweep   most  throttled  ms/sweep    RSS  ledger  fleet  audit");
    for day in 0..days {
        let begun = Instant::now();
        let mut run = start(&api, &clock, home.path());
        let (mut calls, mut most, before) = (0, 0, api.inner.inner.throttled());
        for minute in day * 1_440..(day + 1) * 1_440 {
            visitors.live(minute);
            let swept_at = tokio::time::Instant::now();
            let report = run.watchdog.sweep(false).await;
            calls += report.summary.calls;
            most = most.max(report.summary.calls);
            if minute % 60 == 0 {
                run.audit_sink.prune(clock.now());
            }
            tokio::time::sleep_until(swept_at + MINUTE).await;
        }
        // EMR forgets after two months; here after two days, so that the account itself does not grow.
        sim.forget_ended(clock.now() - TimeDelta::days(2));
        let entries = entries(home.path(), clock.now());
        println!(
            "  {:3}  {:6}  {:11.1}  {most:5}  {:9}  {:8.1}  {:4.0} MB  {:4} kB {:3} kB  {entries:5}",
            day + 1,
            1_440,
            f64::from(u32::try_from(calls).unwrap_or(u32::MAX)) / 1_440.0,
            api.inner.inner.throttled() - before,
            begun.elapsed().as_secs_f64() * 1_000.0 / 1_440.0,
            resident(),
            kilobytes(&home.path().join("ledger.db"))
                + kilobytes(&home.path().join("ledger.db-wal")),
            kilobytes(&home.path().join("fleet.jsonl")),
        );
        if day + 1 == days {
            page(&run, &clock).await;
        }
    }
    judge(&sim, &visitors, stay);
}

/// All that were forgotten long enough ago have ended, and no other.
fn judge(sim: &Sim, visitors: &Visitors, stay: u32) {
    let census = sim.census();
    let alive = |name: &str| {
        let clusters = census.clusters.iter();
        let clusters = clusters.filter(|it| it.state.is_live() && it.name.starts_with(name));
        clusters.count()
    };
    let left = visitors.forgotten.iter().filter(|id| {
        let found = census.clusters.iter().find(|it| it.id == **id);
        found.is_some_and(|it| it.state.is_live())
    });
    println!(
        "{} clusters came, {} were forgotten, {} of these still live; {} of {stay} that work live",
        visitors.came,
        visitors.forgotten.len(),
        left.count(),
        alive("etl-"),
    );
    assert_eq!(
        alive("etl-"),
        usize::try_from(stay).unwrap_or(0),
        "a busy cluster was ended"
    );
}

/// The page of the last day's fleet.
async fn page(run: &Run, clock: &Arc<dyn Clock>) {
    let (_statuses, seen) = watch::channel(Arc::new(run.watchdog.fleet_status(true)));
    let (requests, _received) = mpsc::channel(1);
    let router = router(Dash {
        fleet_statuses: seen,
        requests,
        token: None,
        clock: clock.clone(),
        stalled_after: Duration::from_secs(300),
    });
    for path in ["/", "/metrics"] {
        let begun = Instant::now();
        let request = Request::get(path)
            .header("host", "127.0.0.1:8420")
            .body(Body::empty());
        let reply = router.clone().oneshot(request.expect("a request")).await;
        let reply = reply.expect("an answer");
        let status = reply.status();
        let body = to_bytes(reply.into_body(), usize::MAX)
            .await
            .expect("a body");
        println!(
            "page {path}: {status}, {} kB in {:.0} ms",
            body.len() / 1_024,
            begun.elapsed().as_secs_f64() * 1_000.0
        );
    }
}

fn entries(home: &Path, now: DateTime<Utc>) -> usize {
    let opened = Ledger::open(&home.join("ledger.db"), now).expect("a ledger");
    let entries = opened.ledger.entries(&AuditQuery::default());
    entries.expect("entries").len()
}

fn kilobytes(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |found| found.len() / 1_024)
}

/// Megabytes that this process has in memory.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.expect("kilobytes") / 1_024.0
}
