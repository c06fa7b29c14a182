//! The watchdog's daemon when the machine's clock is set: it discards what depends on elapsed time
//! and describes every cluster again. And when it watches an organization: it lists its accounts.

use crate::run;
use crate::watchdog::{Kind, World};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::fleet::FleetProvider;
use clusterup::model::clock::Clock;
use clusterup::model::fleet_status::Curve;
use clusterup::policy::Policies;
use clusterup::run::watchdog::daemon::{Daemon, Host, Reloaded, Signal};
use clusterup::run::watchdog::request::{Answer, OperatorRequest};
use clusterup::run::watchdog::{Report, Watchdog};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

const MINUTE: Duration = Duration::from_secs(60);
/// The sweep after which the clock is set.
const SET_AFTER: u64 = 12;

/// A clock that can be set.
struct SettableClock {
    inner: Arc<dyn Clock>,
    /// In seconds.
    offset: AtomicI64,
}

impl Clock for SettableClock {
    fn now(&self) -> DateTime<Utc> {
        self.inner.now() + TimeDelta::seconds(self.offset.load(Ordering::Relaxed))
    }
}

/// Sets the clock after one sweep, and stops the daemon after the next.
struct ClockSetter {
    clock: Arc<SettableClock>,
    change: TimeDelta,
    lines: Vec<String>,
    /// Clusters alive and clusters described, of each sweep.
    sweeps: Vec<(usize, usize)>,
}

#[async_trait(?Send)]
impl Host for ClockSetter {
    async fn signal(&mut self) -> Signal {
        if self.sweeps.len() as u64 <= SET_AFTER {
            std::future::pending::<()>().await;
        }
        Signal::Stop
    }

    async fn policies(&mut self) -> Option<Rc<Policies>> {
        None
    }

    async fn curves(&mut self) -> Vec<Curve> {
        Vec::new()
    }

    async fn grant(&mut self, _: &mut Watchdog, _: &OperatorRequest) -> Answer {
        Err("nothing is requested in this test".to_owned())
    }

    fn turns(&mut self) {}

    fn says(&mut self, status: &str) {
        self.lines.push(status.to_owned());
    }

    async fn swept(&mut self, report: &Report) {
        let summary = &report.summary;
        self.sweeps.push((summary.fleet, summary.looked));
        if self.sweeps.len() as u64 == SET_AFTER {
            let seconds = self.change.num_seconds();
            self.clock.offset.fetch_add(seconds, Ordering::Relaxed);
        }
    }
}

/// Returns what the daemon reported, and the sweeps before and after the clock was set.
fn set_clock_by(change: TimeDelta) -> (Vec<String>, (usize, usize), (usize, usize)) {
    run(async {
        let mut world = World::new(5).await;
        let clock = Arc::new(SettableClock {
            inner: world.clock.clone(),
            offset: AtomicI64::new(0),
        });
        world.clock = clock.clone();
        let watchdog = world.watchdog(5);
        let (_requests, requests) = mpsc::channel(1);
        let (fleet_statuses, _page) = watch::channel(Arc::new(watchdog.fleet_status(false)));
        let mut host = ClockSetter {
            clock,
            change,
            lines: Vec::new(),
            sweeps: Vec::new(),
        };
        let daemon = Daemon {
            watchdog,
            lease_place: world.fleet(5),
            every: MINUTE,
            clock: world.clock.clone(),
            requests,
            fleet_statuses,
            host: &mut host,
        };
        daemon.run().await;
        let [.., before, after] = host.sweeps[..] else {
            panic!("{:?}", host.sweeps);
        };
        (host.lines, before, after)
    })
}

#[test]
fn every_cluster_is_described_after_the_clock_was_set() {
    for change in [
        TimeDelta::hours(1),
        TimeDelta::minutes(-3),
        TimeDelta::hours(-1),
        TimeDelta::days(-2),
    ] {
        let (lines, before, after) = set_clock_by(change);
        assert!(before.1 < before.0, "{change}: {before:?}");
        assert!(after.1 >= after.0, "{change}: {before:?} {after:?}");
        let reported = lines.iter().filter(|line| line.contains("clock was set"));
        assert_eq!(reported.count(), 1, "{change}: {lines:?}");
    }
}

#[test]
fn a_small_correction_of_the_clock_changes_nothing() {
    for seconds in [-60, 0, 60] {
        let (lines, _, after) = set_clock_by(TimeDelta::seconds(seconds));
        assert!(after.1 < after.0, "{seconds}: {after:?}");
        assert!(
            !lines.iter().any(|line| line.contains("clock")),
            "{lines:?}"
        );
    }
}

/// Has another list of places once an hour, and stops after some sweeps.
struct Lister {
    places: Vec<Rc<dyn FleetProvider>>,
    /// After which sweeps the places were asked for.
    asked: Vec<u64>,
    sweeps: u64,
    fleets: Vec<usize>,
}

#[async_trait(?Send)]
impl Host for Lister {
    async fn signal(&mut self) -> Signal {
        if self.sweeps < 150 {
            std::future::pending::<()>().await;
        }
        Signal::Stop
    }

    async fn policies(&mut self) -> Option<Rc<Policies>> {
        None
    }

    async fn members(&mut self) -> Reloaded {
        self.asked.push(self.sweeps);
        match self.asked.len() {
            1 => Reloaded::Places(self.places.clone()),
            _ => Reloaded::Unreadable,
        }
    }

    async fn curves(&mut self) -> Vec<Curve> {
        Vec::new()
    }

    async fn grant(&mut self, _: &mut Watchdog, _: &OperatorRequest) -> Answer {
        Err("nothing is requested in this test".to_owned())
    }

    fn turns(&mut self) {}

    fn says(&mut self, _: &str) {}

    async fn swept(&mut self, report: &Report) {
        self.sweeps = report.summary.number;
        self.fleets.push(report.summary.fleet);
    }
}

#[test]
fn members_of_an_organization_are_listed_every_hour() {
    run(async {
        let world = World::of(5, &[Kind::Exempt; 2], false, 0).await;
        let (_requests, requests) = mpsc::channel(1);
        let watchdog = world.watchdog(5);
        let (fleet_statuses, _page) = watch::channel(Arc::new(watchdog.fleet_status(false)));
        let mut host = Lister {
            places: vec![world.fleet(5), world.fleet_of("123456789012")],
            asked: Vec::new(),
            sweeps: 0,
            fleets: Vec::new(),
        };
        let daemon = Daemon {
            watchdog,
            lease_place: world.fleet(5),
            every: MINUTE,
            clock: world.clock.clone(),
            requests,
            fleet_statuses,
            host: &mut host,
        };
        daemon.run().await;
        let [first, second] = host.asked[..] else {
            panic!("{:?}", host.asked);
        };
        assert!((59..=62).contains(&first) && (59..=62).contains(&(second - first)));
        // The same clusters as those of another account; what cannot be read changes nothing.
        assert_eq!(
            [host.fleets[10], host.fleets[90], host.fleets[149]],
            [2, 4, 4]
        );
    });
}
