//! What the watchdog takes of AWS, of memory and of the processor for a fleet of 2,000 clusters in
//! which nothing changes, and what becomes of it when AWS lets through one call in two seconds.
//!
//! The account is in memory, in the same process and in virtual time: memory and processor are
//! those of both together.
//!
//! ```text
//! cargo bench --bench watchdog
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]

use async_trait::async_trait;
use clusterup::cloud::account::{Account, Addresses, Settings};
use clusterup::cloud::api::emr::{AddJobFlowSteps, NewStep, OnFailure};
use clusterup::cloud::api::{ApiError, Call, Kind, Serve, Tags};
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::meter::Metered;
use clusterup::cloud::pace::Paced;
use clusterup::cloud::retry::Retrying;
use clusterup::cost::catalog::Catalog;
use clusterup::model::audit::Entry;
use clusterup::model::notice::Notice;
use clusterup::model::step_command::StepCommand;
use clusterup::policy::Policies;
use clusterup::run::watchdog::Watchdog;
use clusterup::run::watchdog::audit_sink::AuditSink;
use clusterup_testkit::sim::{self, Sim};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const FLEET: usize = 2_000;
const SWEEPS: u32 = 200;
const MINUTE: Duration = Duration::from_secs(60);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        steady().await;
        throttled().await;
    });
}

/// AWS as it lets through so many calls in a second, where it is told to.
struct Gate {
    sim: Sim,
    rate: Cell<Option<f64>>,
    tokens: Cell<f64>,
    filled: Cell<Instant>,
    refused: Cell<u64>,
}

impl Gate {
    fn new(sim: Sim) -> Self {
        Self {
            sim,
            rate: Cell::new(None),
            tokens: Cell::new(1.0),
            filled: Cell::new(Instant::now()),
            refused: Cell::new(0),
        }
    }

    fn lets_through(&self) -> bool {
        let Some(rate) = self.rate.get() else {
            return true;
        };
        let passed = self.filled.get().elapsed().as_secs_f64();
        self.filled.set(Instant::now());
        let tokens = (self.tokens.get() + passed * rate).min(1.0);
        self.tokens
            .set(if tokens >= 1.0 { tokens - 1.0 } else { tokens });
        tokens >= 1.0
    }
}

impl<C: Call> Serve<C> for Gate
where
    Sim: Serve<C>,
{
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        if self.lets_through() {
            return self.sim.serve(call).await;
        }
        self.refused.set(self.refused.get() + 1);
        Err(ApiError {
            call: C::NAME,
            kind: Kind::Throttled,
            code: Some("ThrottlingException".to_owned()),
            message: "Rate exceeded".to_owned(),
            cause: None,
        })
    }
}

type Stack = Retrying<Paced<Metered<Gate>>>;

/// Nobody to tell, and no record: these are not what is measured.
struct NoDesk;

#[async_trait(?Send)]
impl AuditSink for NoDesk {
    fn note(&self, _: &Entry) {}
    async fn notify(&self, _: &Notice) -> bool {
        false
    }
    fn forget(&self, _: &str) {}
    fn open_terminations(&self) -> Vec<Entry> {
        Vec::new()
    }
    fn recent(&self, _: usize) -> Vec<Entry> {
        Vec::new()
    }
    fn notices(&self) -> BTreeMap<String, (u64, u64)> {
        BTreeMap::new()
    }
}

struct World {
    api: Rc<Stack>,
    watchdog: Watchdog,
    _home: tempfile::TempDir,
}

/// Clusters of others that are at work: half of them in a step, half by hand.
async fn world() -> World {
    let sim = Sim::with(
        1,
        sim::Settings {
            latency_millis: (1, 2),
            ..sim::Settings::USUAL
        },
    );
    for number in 0..FLEET {
        let id = sim.foreign_cluster(&format!("etl-{number}"), Tags::new());
        if number % 2 == 0 {
            sim.occupy(&id, true);
            continue;
        }
        let name = format!("endless {number:04}");
        sim.time_step(&name, Duration::MAX);
        let steps = vec![NewStep {
            name,
            on_failure: OnFailure::CancelAndWait,
            command: StepCommand::program(vec!["spark-submit".to_owned()]),
        }];
        sim.serve(AddJobFlowSteps { id, steps })
            .await
            .expect("a step");
    }
    let home = tempfile::tempdir().expect("a folder");
    let clock = sim.clock();
    let settings = Settings {
        region: "us-east-1".parse().expect("a region"),
        clock: Arc::new(clock),
        who: "bench@here".to_owned(),
        addresses: Addresses::fixed(Vec::new()),
        keys: home.path().join("keys"),
        store: Store::new(home.path().join("store"), None),
        labels: home.path().join("labels"),
        prices: Arc::new(Catalog::bundled().clone()),
        home: None,
        poll: MINUTE,
        seed: 1,
    };
    let clock = settings.clock.clone();
    let api = Rc::new(Retrying::new(Paced::new(Metered::new(Gate::new(sim))), 1));
    let counted = api.clone();
    let account = Account::new(api.clone(), settings).with_call_counts(move || {
        let tallies = counted.inner.inner.tallies().into_iter();
        tallies
            .map(|(name, tally)| (name.to_owned(), tally.calls))
            .collect()
    });
    let fleet: Rc<dyn FleetProvider> = Rc::new(account);
    let watchdog = Watchdog::new(
        vec![fleet],
        Rc::new(Policies::default()),
        clock,
        Rc::new(NoDesk),
        "watchdog@here".to_owned(),
    );
    World {
        api,
        watchdog,
        _home: home,
    }
}

impl World {
    /// Sweeps until each cluster was looked at once; how many sweeps that took.
    async fn survey(&mut self) -> u32 {
        for sweep in 1..1_000 {
            let report = self.watchdog.sweep(false).await;
            // What EMR did not know yet in the first minute is looked at once more.
            if report.summary.unseen.is_empty() {
                return sweep;
            }
            tokio::time::sleep(MINUTE).await;
        }
        panic!("the fleet was never seen whole");
    }
}

async fn steady() {
    let mut world = world().await;
    let alone = resident();
    let surveyed = world.survey().await;
    let (mut most, mut calls, mut slowest) = (0, 0, Duration::ZERO);
    let begun = processor();
    for _ in 0..SWEEPS {
        tokio::time::sleep(MINUTE).await;
        let before = processor();
        let report = world.watchdog.sweep(false).await;
        slowest = slowest.max(processor() - before);
        most = most.max(report.summary.calls);
        calls += report.summary.calls;
        assert_eq!(report.summary.fleet, FLEET);
        assert!(report.done.is_empty(), "nothing changed: {:?}", report.done);
    }
    let totals = world.watchdog.fleet_status(true).totals;
    let asked = totals.calls.get("cloudwatch:GetMetricData").copied();
    let mean = (processor() - begun) / SWEEPS;
    println!("{FLEET} clusters, nothing changed, {SWEEPS} sweeps a minute apart:");
    println!("  known after        {surveyed:6} sweeps");
    println!(
        "  calls per sweep    {:6.1}, at most {most} (limit 45)",
        ratio(calls)
    );
    println!("  GetMetricData      {:6} calls in all", asked.unwrap_or(0));
    println!(
        "  processor          {:6.1} ms a sweep, at most {:.1} (limit 200)",
        millis(mean),
        millis(slowest)
    );
    println!(
        "  resident           {:6.1} MB, of which {:.1} the account's (limit 100)",
        resident(),
        alone
    );
}

fn ratio(calls: u64) -> f64 {
    f64::from(u32::try_from(calls).unwrap_or(u32::MAX)) / f64::from(SWEEPS)
}

async fn throttled() {
    let mut world = world().await;
    world.survey().await;
    let gate = &world.api.inner.inner.inner;
    gate.rate.set(Some(0.5));
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let begun = Instant::now();
        let report = world.watchdog.sweep(false).await;
        longest = longest.max(begun.elapsed());
        assert_eq!(report.summary.fleet, FLEET, "none is lost");
        assert!(
            report.summary.unseen.is_empty(),
            "{:?}",
            report.summary.unseen
        );
        tokio::time::sleep(MINUTE).await;
    }
    let refused = world.api.inner.inner.inner.refused.get();
    println!("AWS lets through one call in two seconds, 10 sweeps:");
    println!(
        "  a sweep takes      {:6.1} s at most, none lost",
        longest.as_secs_f64()
    );
    println!("  calls refused      {refused:6}");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Of this process, so far: user and system.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").expect("/proc");
    let nanos = stat
        .split_whitespace()
        .next()
        .and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.expect("nanoseconds"))
}

/// Megabytes that this process has in memory.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.expect("kilobytes") / 1_024.0
}
