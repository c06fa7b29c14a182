//! The watchdog's daemon when the machine's clock is set: it discards what depends on elapsed time
//! and describes every cluster again. And when it watches an organization: it lists its accounts.

use crate::run;
use crate::watchdog::{Kind, World};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::Lease;
use clusterup::cloud::fleet::FleetProvider;
use clusterup::model::accounts_change::AccountsChange;
use clusterup::model::audit::Entry;
use clusterup::model::clock::Clock;
use clusterup::model::fleet_status::Curve;
use clusterup::policy::Policies;
use clusterup::run::watchdog::daemon::{Daemon, Host, Reloaded, Signal};
use clusterup::run::watchdog::request::{Answer, OperatorRequest};
use clusterup::run::watchdog::{Report, Watchdog};
use std::future::pending;
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
            pending::<()>().await;
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
#[derive(Default)]
struct Lister {
    places: Vec<Rc<dyn FleetProvider>>,
    /// After which sweeps the places were asked for.
    asked: Vec<u64>,
    sweeps: u64,
    fleets: Vec<usize>,
    /// The lease of another watchdog, which ends after some turns of the loop.
    other: Option<Lease>,
    turns: u32,
    /// Whether no list of places is ever read to its end.
    hangs: bool,
    /// After which sweep the accounts are read again.
    reloads_after: Option<u64>,
    lines: Vec<String>,
}

impl Lister {
    async fn run(mut self, world: &World) -> Self {
        let (_requests, requests) = mpsc::channel(1);
        let watchdog = world.watchdog(5);
        let (fleet_statuses, _page) = watch::channel(Arc::new(watchdog.fleet_status(false)));
        let daemon = Daemon {
            watchdog,
            lease_place: world.fleet(5),
            every: MINUTE,
            clock: world.clock.clone(),
            requests,
            fleet_statuses,
            host: &mut self,
        };
        daemon.run().await;
        self
    }
}

#[async_trait(?Send)]
impl Host for Lister {
    async fn signal(&mut self) -> Signal {
        if self
            .reloads_after
            .take_if(|it| *it <= self.sweeps)
            .is_some()
        {
            return Signal::Reload;
        }
        if self.sweeps < 150 {
            pending::<()>().await;
        }
        Signal::Stop
    }

    async fn policies(&mut self) -> Option<Rc<Policies>> {
        None
    }

    async fn places(&mut self) -> Reloaded {
        if self.hangs {
            pending::<()>().await;
        }
        Reloaded::Unchanged
    }

    async fn members(&mut self) -> Reloaded {
        self.asked.push(self.sweeps);
        if self.hangs {
            pending::<()>().await;
        }
        match self.asked.len() {
            1 => Reloaded::Places {
                places: self.places.clone(),
                change: AccountsChange::default(),
            },
            _ => Reloaded::Unreadable,
        }
    }

    async fn curves(&mut self) -> Vec<Curve> {
        Vec::new()
    }

    async fn grant(&mut self, _: &mut Watchdog, _: &OperatorRequest) -> Answer {
        Err("nothing is requested in this test".to_owned())
    }

    fn turns(&mut self) {
        self.turns += 1;
        // A standby tries twice a minute.
        if self.turns == 3 * 60 * 2 {
            self.other = None;
        }
    }

    fn says(&mut self, status: &str) {
        self.lines.push(status.to_owned());
    }

    async fn swept(&mut self, report: &Report) {
        self.sweeps = report.summary.number;
        self.fleets.push(report.summary.fleet);
    }
}

#[test]
fn members_of_an_organization_are_listed_every_hour() {
    run(async {
        let world = World::of(5, &[Kind::Exempt; 2], false, 0).await;
        let host = Lister {
            places: vec![world.fleet(5), world.fleet_of("123456789012")],
            ..Lister::default()
        };
        let host = host.run(&world).await;
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

#[test]
fn a_standby_lists_the_members_when_it_takes_over() {
    run(async {
        let world = World::of(5, &[Kind::Exempt; 2], false, 0).await;
        let other = world.fleet(9).watch().await.unwrap();
        assert!(other.is_some());
        let host = Lister {
            places: vec![world.fleet(5), world.fleet_of("123456789012")],
            other,
            ..Lister::default()
        };
        let host = host.run(&world).await;
        assert!(
            host.lines[0].contains("this one stands by"),
            "{:?}",
            host.lines
        );
        assert!(host.turns > 3 * 60 * 2);
        // Its list is three hours old.
        assert_eq!(host.asked[0], 1);
        assert_eq!(host.fleets[1], 4);
    });
}

#[test]
fn lists_of_accounts_that_take_too_long_are_given_up_and_reported() {
    run(async {
        let world = World::of(5, &[Kind::Exempt; 2], false, 0).await;
        let host = Lister {
            hangs: true,
            reloads_after: Some(3),
            ..Lister::default()
        };
        let host = host.run(&world).await;
        assert_eq!(host.sweeps, 150);
        let given_up = |what: &str| {
            let text = format!("warning: {what} took longer than 60 s");
            host.lines.iter().filter(|it| it.starts_with(&text)).count()
        };
        assert_eq!(given_up("reading the accounts"), 1, "{:?}", host.lines);
        let listed = given_up("listing the organization's accounts");
        assert_eq!(listed, host.asked.len(), "{:?}", host.lines);
        assert!(listed >= 2);
        let entries = world.audit_sink.entries.borrow();
        let kept = |it: &&Entry| it.outcome.contains("the previous ones are watched");
        assert_eq!(entries.iter().filter(kept).count(), 1, "{entries:#?}");
    });
}
