//! The watchdog's loop: sweeps at a steady interval, with operator requests and signals in between.
//! Of several watchdogs, one holds the watch and acts; the others stand by and take over when it
//! stops.

use super::Watchdog;
use super::request::{Answer, OperatorRequest};
use crate::cloud::Lease;
use crate::cloud::fleet::FleetProvider;
use crate::model::accounts_change::AccountsChange;
use crate::model::audit::Act;
use crate::model::clock::Clock;
use crate::model::fleet_status::{Curve, FleetCost, FleetStatus};
use crate::policy::Policies;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// A wall clock that differs by more than this from the time that passed was set, or the machine
/// slept.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(120);
/// How often the teams' months are read: each team's account costs a call.
const CURVES_INTERVAL: Duration = Duration::from_secs(600);
/// How long reading the months may take: no cluster is watched meanwhile.
const CURVES_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the members of an organization are listed, which are twenty in a call.
const MEMBERS_INTERVAL: Duration = Duration::from_secs(3_600);
/// How long listing them, or reading which accounts are watched, may take: no cluster is watched
/// meanwhile.
const PLACES_TIMEOUT: Duration = Duration::from_secs(60);
/// How long an operator request may take, for example waiting for a stack's lock.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(45);
/// How often a standby tries to take the watch.
const STANDBY_INTERVAL: Duration = Duration::from_secs(30);

/// A signal to the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: read the policies and the accounts again.
    Reload,
    /// SIGTERM or SIGINT: finish.
    Stop,
}

/// The places to watch, read again.
pub enum Reloaded {
    /// They are the same as before.
    Unchanged,
    /// Others than before are watched from now on.
    Places {
        /// All places to watch.
        places: Vec<Rc<dyn FleetProvider>>,
        /// How the accounts differ from those before.
        change: AccountsChange,
    },
    /// They cannot be read; the host reports why.
    Unreadable,
}

/// What the daemon needs from the process that runs it.
#[async_trait(?Send)]
pub trait Host {
    /// Waits for the next signal.
    async fn signal(&mut self) -> Signal;

    /// Reads the policies again. Returns `None` if they cannot be read; the host reports why.
    async fn policies(&mut self) -> Option<Rc<Policies>>;

    /// Reads again which other accounts are watched.
    async fn places(&mut self) -> Reloaded {
        Reloaded::Unchanged
    }

    /// Lists the members of an organization again, if they are watched.
    async fn members(&mut self) -> Reloaded {
        Reloaded::Unchanged
    }

    /// Reads the months of the teams that have budgets.
    async fn curves(&mut self) -> Vec<Curve>;

    /// Reads what clusters have cost; `None` if that is not known now.
    async fn cost(&mut self) -> Option<FleetCost> {
        None
    }

    /// Carries out an operator request and returns what was done, as one line.
    async fn grant(&mut self, watchdog: &mut Watchdog, request: &OperatorRequest) -> Answer;

    /// Called on every round of the loop, as a sign of life.
    fn turns(&mut self);

    /// Reports the daemon's status, as one line.
    fn says(&mut self, status: &str);

    /// Called after each sweep.
    async fn swept(&mut self, report: &super::Report);
}

/// The daemon and its connections.
pub struct Daemon<'a> {
    /// What the loop sweeps with.
    pub watchdog: Watchdog,
    /// The place whose lease is the watch.
    pub lease_place: Rc<dyn FleetProvider>,
    /// The interval from the start of one sweep to the start of the next.
    pub every: Duration,
    /// The wall clock, compared with the monotonic one.
    pub clock: Arc<dyn Clock>,
    /// Operator requests from the page.
    pub requests: mpsc::Receiver<OperatorRequest>,
    /// Where the fleet status is published after each sweep and request.
    pub fleet_statuses: watch::Sender<Arc<FleetStatus>>,
    /// The process that runs the daemon.
    pub host: &'a mut dyn Host,
}

/// A reading of the monotonic and of the wall clock.
struct ClockReading(Instant, DateTime<Utc>);

impl Daemon<'_> {
    /// Runs until it receives [`Signal::Stop`]. What is unfinished then is found by the next
    /// watchdog.
    pub async fn run(mut self) {
        // The accounts were opened just before. A standby may take over days later.
        let mut listed = Instant::now();
        let Some(mut lease) = self.take_watch().await else {
            return;
        };
        self.watchdog.record(Act::Begin, "this watchdog is active");
        self.publish(true);
        let mut reading = ClockReading(Instant::now(), self.clock.now());
        let mut drawn: Option<Instant> = None;
        loop {
            let began = Instant::now();
            self.host.turns();
            if self.clock_jumped(&mut reading) {
                self.host.says(
                    "the clock was set or this machine slept: checking every cluster \
                           again",
                );
                self.watchdog.discard_timing();
            }
            // After a sleep another watchdog may hold the watch, and two must not act at once. If
            // that cannot be read, the sweep observes, and checks again before each act.
            if let Ok(false) = self.lease_place.holds_watch().await {
                drop(lease);
                let Some(again) = self.take_watch().await else {
                    return;
                };
                lease = again;
                continue;
            }
            let mut reload = false;
            let report = tokio::select! {
                report = self.watchdog.sweep(false) => report,
                () = stopped(self.host, &mut reload) => break,
            };
            self.host.swept(&report).await;
            if reload {
                self.reload().await;
            }
            self.publish(true);
            if listed.elapsed() >= MEMBERS_INTERVAL {
                self.renew_members().await;
                listed = Instant::now();
            }
            if drawn.is_none_or(|at| at.elapsed() >= CURVES_INTERVAL) {
                self.read_curves().await;
                drawn = Some(Instant::now());
            }
            if self.between(began + self.every).await == Signal::Stop {
                break;
            }
        }
        self.watchdog.record(Act::Stop, "by a signal");
        // Lets another watchdog take over at once. If that fails, the lease expires.
        let _ = lease.release().await;
    }

    /// Takes the watch, waiting while another watchdog holds it. Returns `None` on
    /// [`Signal::Stop`].
    async fn take_watch(&mut self) -> Option<Lease> {
        let mut reported = false;
        loop {
            self.host.turns();
            let why = match self.lease_place.watch().await {
                Ok(Some(lease)) => return Some(lease),
                Ok(None) => "another watchdog is active; this one stands by".to_owned(),
                Err(error) => format!("the watchdog's lease cannot be acquired: {error}"),
            };
            if !reported {
                self.host.says(&why);
                reported = true;
            }
            self.publish(false);
            if self.between(Instant::now() + STANDBY_INTERVAL).await == Signal::Stop {
                return None;
            }
        }
    }

    /// Carries out operator requests until an instant. Returns early on [`Signal::Stop`].
    async fn between(&mut self, until: Instant) -> Signal {
        loop {
            tokio::select! {
                () = sleep_until(until) => return Signal::Reload,
                signal = self.host.signal() => match signal {
                    Signal::Stop => return Signal::Stop,
                    Signal::Reload => self.reload().await,
                },
                Some(request) = self.requests.recv() => {
                    if request.answer.is_closed() {
                        // The page gave up waiting and reported that the request was not carried
                        // out.
                        continue;
                    }
                    let answer = self.host.grant(&mut self.watchdog, &request);
                    let answer = timeout(REQUEST_TIMEOUT, answer).await.unwrap_or_else(|_| {
                        Err("it took too long and may be partly done: check again".to_owned())
                    });
                    // The page may have stopped waiting for the answer.
                    let _ = request.answer.send(answer);
                    self.publish(true);
                }
            }
        }
    }

    /// Reads the teams' months, and what clusters have cost. What takes too long stays as it was.
    async fn read_curves(&mut self) {
        if let Ok(curves) = timeout(CURVES_TIMEOUT, self.host.curves()).await {
            self.watchdog.set_curves(curves);
            self.publish(true);
        }
        if let Ok(cost) = timeout(CURVES_TIMEOUT, self.host.cost()).await {
            self.watchdog.set_cost(cost);
            self.publish(true);
        }
    }

    /// Reads the policies and the accounts again. What cannot be read stays as it was.
    async fn reload(&mut self) {
        match self.host.policies().await {
            Some(policies) => {
                self.watchdog.renew(policies);
                self.watchdog.record(Act::Reload, "done");
            }
            None => self.watchdog.record(
                Act::Reload,
                "the policies cannot be read; the previous ones apply",
            ),
        }
        let places = timeout(PLACES_TIMEOUT, self.host.places()).await;
        let places = places.unwrap_or_else(|_| self.places_too_late("reading the accounts"));
        if let Reloaded::Unreadable = places {
            self.watchdog.record(
                Act::Reload,
                "the accounts cannot be read; the previous ones are watched",
            );
        }
        self.renew_places(places);
    }

    fn renew_places(&mut self, places: Reloaded) {
        match places {
            Reloaded::Unchanged | Reloaded::Unreadable => {}
            Reloaded::Places { places, change } => {
                self.watchdog.renew_fleets(places);
                let outcome = format!("the watched accounts have changed: {change}");
                self.watchdog.record(Act::Reload, &outcome);
            }
        }
    }

    /// Lists the members of an organization again. If that takes too long, the previous ones stay.
    async fn renew_members(&mut self) {
        let places = timeout(PLACES_TIMEOUT, self.host.members()).await;
        let places =
            places.unwrap_or_else(|_| self.places_too_late("listing the organization's accounts"));
        self.renew_places(places);
    }

    /// Reports what was given up.
    fn places_too_late(&mut self, what: &str) -> Reloaded {
        self.host.says(&format!(
            "warning: {what} took longer than {} s; the previous ones are watched",
            PLACES_TIMEOUT.as_secs()
        ));
        Reloaded::Unreadable
    }

    fn clock_jumped(&self, reading: &mut ClockReading) -> bool {
        let ticked = reading.0.elapsed();
        let now = self.clock.now();
        let read = (now - reading.1).as_seconds_f64();
        *reading = ClockReading(Instant::now(), now);
        (read - ticked.as_secs_f64()).abs() > MAX_CLOCK_SKEW.as_secs_f64()
    }

    fn publish(&self, active: bool) {
        // There may be no receiver.
        let _ = self
            .fleet_statuses
            .send(Arc::new(self.watchdog.fleet_status(active)));
    }
}

/// Returns on [`Signal::Stop`]. A reload is noted and done after the sweep.
async fn stopped(host: &mut dyn Host, reload: &mut bool) {
    while host.signal().await != Signal::Stop {
        *reload = true;
    }
}
