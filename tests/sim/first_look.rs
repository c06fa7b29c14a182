//! The first look at a large fleet of others: what it costs in calls, and how long it takes at EMR's
//! documented rates.

use crate::watchdog::{Kind, Reported, make, policies, settings};
use crate::{run, say};
use clusterup::cloud::account::Account;
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::meter::Metered;
use clusterup::cloud::pace::Paced;
use clusterup::cloud::retry::Retrying;
use clusterup::guard::watch::Stage;
use clusterup::model::clock::Clock;
use clusterup::model::event::NoListener;
use clusterup::run::watchdog::{Report, SweptCluster, Watchdog};
use clusterup_testkit::rates::Rated;
use clusterup_testkit::sim::{self, Sim};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

type Api = Retrying<Paced<Rated<Metered<Sim>>>>;

const MINUTE: Duration = Duration::from_secs(60);

struct Fleet {
    api: Rc<Api>,
    audit_sink: Rc<Reported>,
    clock: Arc<dyn Clock>,
    home: tempfile::TempDir,
}

impl Fleet {
    /// So many clusters, each kind in turn, that are eight hours old.
    async fn of(count: u64, kinds: &[Kind]) -> Self {
        let quick = sim::Settings {
            latency_millis: (1, 2),
            ..sim::Settings::USUAL
        };
        let sim = Sim::with(1, quick);
        for (number, kind) in (0..count).zip(kinds.iter().cycle()) {
            make(&sim, *kind, number).await;
        }
        tokio::time::sleep(MINUTE * 60 * 8).await;
        let clock: Arc<dyn Clock> = Arc::new(sim.clock());
        Self {
            api: Rc::new(Retrying::new(Paced::new(Rated::new(Metered::new(sim))), 1)),
            audit_sink: Rc::default(),
            clock,
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// A watchdog that knows nothing of the fleet.
    fn watchdog(&self) -> Watchdog {
        let settings = settings(self.home.path(), self.clock.clone(), 1);
        let counted = self.api.clone();
        let account = Account::new(self.api.clone(), settings).with_call_counts(move || {
            let tallies = counted.inner.inner.inner.tallies().into_iter();
            tallies
                .map(|(name, tally)| (name.to_owned(), tally.calls))
                .collect()
        });
        let fleet: Rc<dyn FleetProvider> = Rc::new(account);
        let (clock, audit_sink) = (self.clock.clone(), self.audit_sink.clone());
        let name = "watchdog@here".to_owned();
        Watchdog::new(
            vec![fleet],
            Rc::new(policies(true)),
            clock,
            audit_sink,
            name,
        )
    }

    fn throttled(&self) -> u64 {
        self.api.inner.inner.throttled()
    }
}

/// What most accounts have: jobs, notebooks, a few that wait, one in ten forgotten.
const USUAL: [Kind; 10] = [
    Kind::InAStep(100),
    Kind::InAStep(100),
    Kind::InAStep(100),
    Kind::InAStep(100),
    Kind::InAStep(100),
    Kind::ByHand(100),
    Kind::ByHand(100),
    Kind::ByHand(100),
    Kind::Exempt,
    Kind::Forgotten,
];

fn is_warned(report: &Report) -> usize {
    let warned =
        |swept: &&SweptCluster| matches!(swept.assessment.stage, Stage::Warn(_) | Stage::Grace(_));
    report.verdicts.iter().filter(warned).count()
}

#[test]
fn one_sweep_judges_500_clusters_with_few_calls() {
    run(async {
        let fleet = Fleet::of(500, &USUAL).await;
        let report = fleet.watchdog().sweep_all(false, &NoListener).await;
        assert_eq!((report.summary.fleet, report.summary.unlooked), (500, 0));
        assert_eq!(report.summary.unseen, Vec::<String>::new());
        assert_eq!(is_warned(&report), 50);
        say(&format!("one sweep of 500: {} calls", report.summary.calls));
        assert!(report.summary.calls <= 250, "{}", report.summary.calls);
    });
}

#[test]
fn a_sweep_of_forgotten_clusters_describes_each_before_it_warns() {
    run(async {
        let fleet = Fleet::of(100, &[Kind::Forgotten]).await;
        let report = fleet.watchdog().sweep_all(true, &NoListener).await;
        assert_eq!((report.summary.unlooked, is_warned(&report)), (0, 100));
        assert_eq!(report.summary.looked, 100);
        // DescribeCluster, ListSteps and ListInstanceGroups of each, and a page of each listing.
        assert!(report.summary.calls <= 320, "{}", report.summary.calls);
        let report = fleet.watchdog().sweep_all(false, &NoListener).await;
        let warned = fleet.audit_sink.warned();
        assert_eq!((warned, is_warned(&report)), (100, 100));
    });
}

/// Sweeps each minute until every cluster is judged and every forgotten one is warned about. Returns
/// how long that took.
async fn learned(fleet: &Fleet, watchdog: &mut Watchdog, forgotten: usize) -> (Duration, Duration) {
    let begun = tokio::time::Instant::now();
    let mut known = None;
    loop {
        let swept_at = tokio::time::Instant::now();
        let report = watchdog.sweep(false).await;
        if report.summary.unlooked == 0 {
            known.get_or_insert(begun.elapsed());
        }
        if let Some(known) = known
            && fleet.audit_sink.warned() == forgotten
        {
            return (known, begun.elapsed());
        }
        assert!(begun.elapsed() < MINUTE * 120, "{:?}", report.summary);
        tokio::time::sleep_until(swept_at + MINUTE).await;
    }
}

/// (clusters, minutes until all are known)
const DEADLINES: [(u64, u32); 2] = [(500, 5), (2_000, 20)];

#[test]
fn the_daemon_knows_a_fleet_in_minutes_at_emrs_rates() {
    for (count, minutes) in DEADLINES {
        run(async {
            let fleet = Fleet::of(count, &USUAL).await;
            let mut watchdog = fleet.watchdog();
            let forgotten = usize::try_from(count / 10).unwrap();
            let (known, warned) = learned(&fleet, &mut watchdog, forgotten).await;
            let refused = fleet.throttled();
            say(&format!(
                "{count} clusters: known after {known:?}, forgotten ones warned about after \
                 {warned:?}, {refused} calls throttled"
            ));
            // Each of the forgotten ones is described, and then marked, with two calls of 0.5/s.
            assert!(known <= MINUTE * minutes && warned <= MINUTE * 25);
        });
    }
}

#[test]
fn an_unchanged_sweep_of_2_000_makes_few_calls() {
    run(async {
        let busy = [Kind::InAStep(100), Kind::ByHand(100)];
        let fleet = Fleet::of(2_000, &busy).await;
        let mut watchdog = fleet.watchdog();
        learned(&fleet, &mut watchdog, 0).await;
        let mut calls = Vec::new();
        for _ in 0..40 {
            tokio::time::sleep(MINUTE).await;
            let report = watchdog.sweep(false).await;
            assert_eq!((report.summary.fleet, report.summary.unlooked), (2_000, 0));
            calls.push(report.summary.calls);
        }
        calls.sort_unstable();
        // One sweep an hour also looks for what costs money besides clusters.
        let [.., most, hourly] = calls[..] else {
            panic!("{calls:?}");
        };
        say(&format!(
            "an unchanged sweep of 2,000: at most {most} calls, and {hourly} once an hour"
        ));
        assert!(most <= 45 && hourly <= 50, "{calls:?}");
    });
}
