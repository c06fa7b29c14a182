//! The only loop of the watchdog: sweeps at an even pace, wishes and signals in between. One of
//! several at once is at work; the others stand by and take over when it is gone.

use super::Watchdog;
use super::request::{Answer, OperatorRequest};
use crate::cloud::Lease;
use crate::cloud::fleet::FleetProvider;
use crate::model::audit::Act;
use crate::model::clock::Clock;
use crate::model::fleet_status::{Curve, FleetStatus};
use crate::policy::Policies;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// A clock that moved so much more or less than time passed was set, or the machine slept.
const LEAP: Duration = Duration::from_secs(120);
/// Months are drawn anew so often: each team's account is a call.
const DRAWN: Duration = Duration::from_secs(600);
/// For so long at most: nothing is watched meanwhile.
const DRAWING: Duration = Duration::from_secs(60);
/// A wish that waits for a stack's lock for longer is not granted.
const GRANTING: Duration = Duration::from_secs(45);
/// How often a standby asks whether the watch is free.
const STANDBY: Duration = Duration::from_secs(30);

/// What comes from outside while the loop runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Reload,
    Stop,
}

/// Whoever runs the watchdog.
#[async_trait(?Send)]
pub trait Host {
    /// The next signal.
    async fn signal(&mut self) -> Signal;

    /// Policies read anew, where they can be read; what of them could not is told by the host.
    async fn policies(&mut self) -> Option<Rc<Policies>>;

    /// The months of the teams that have budgets.
    async fn curves(&mut self) -> Vec<Curve>;

    /// Does what a person asked for, in words.
    async fn grant(&mut self, watchdog: &mut Watchdog, request: &OperatorRequest) -> Answer;

    /// The loop goes round.
    fn turns(&mut self);

    /// It goes well, in a line.
    fn says(&mut self, status: &str);

    /// A sweep is over.
    async fn swept(&mut self, report: &super::Report);
}

/// What the loop is connected to.
pub struct Daemon<'a> {
    pub watchdog: Watchdog,
    pub home: Rc<dyn FleetProvider>,
    pub every: Duration,
    pub clock: Arc<dyn Clock>,
    pub requests: mpsc::Receiver<OperatorRequest>,
    pub fleet_statuses: watch::Sender<Arc<FleetStatus>>,
    pub host: &'a mut dyn Host,
}

/// Where the clocks stood.
struct ClockReading(Instant, DateTime<Utc>);

impl Daemon<'_> {
    /// Runs until it is told to stop. What is half done then is found by whoever comes next.
    pub async fn run(mut self) {
        let Some(mut lease) = self.take_watch().await else {
            return;
        };
        self.watchdog.record(Act::Begin, "it has the watch");
        self.publish(true);
        let mut stand = ClockReading(Instant::now(), self.clock.now());
        let mut drawn: Option<Instant> = None;
        loop {
            let began = Instant::now();
            self.host.turns();
            if self.leapt(&mut stand) {
                self.host
                    .says("the clock was set, or this machine slept: looking at everything");
            }
            // Long asleep, another may have taken over: two at once must not act. Where that cannot
            // be told, the sweep looks, and finds before each act that it may not.
            if let Ok(false) = self.home.keeps_watch().await {
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
            if drawn.is_none_or(|at| at.elapsed() >= DRAWN) {
                self.draw().await;
                drawn = Some(Instant::now());
            }
            if self.between(began + self.every).await == Signal::Stop {
                break;
            }
        }
        self.watchdog.record(Act::Stop, "told to");
        // Another takes over at once; who does not let go is waited for.
        let _ = lease.release().await;
    }

    /// Takes the watch, waiting for as long as another has it; none where it is told to stop.
    async fn take_watch(&mut self) -> Option<Lease> {
        let mut told = false;
        loop {
            self.host.turns();
            let why = match self.home.watch().await {
                Ok(Some(lease)) => return Some(lease),
                Ok(None) => "another watchdog is at work; this one stands by".to_owned(),
                Err(error) => format!("the watch cannot be taken: {error}"),
            };
            if !told {
                self.host.says(&why);
                told = true;
            }
            self.publish(false);
            if self.between(Instant::now() + STANDBY).await == Signal::Stop {
                return None;
            }
        }
    }

    /// Grants wishes until an instant, or until it is told to stop.
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
                        // Who asked was told that it was not done.
                        continue;
                    }
                    let granted = self.host.grant(&mut self.watchdog, &request);
                    let granted = timeout(GRANTING, granted).await.unwrap_or_else(|_| {
                        Err("it took too long, and may be done in part: look again".to_owned())
                    });
                    // Who does not wait for the answer has asked all the same.
                    let _ = request.answer.send(granted);
                    self.publish(true);
                }
            }
        }
    }

    /// Months that cannot be had in time are those of before.
    async fn draw(&mut self) {
        if let Ok(curves) = timeout(DRAWING, self.host.curves()).await {
            self.watchdog.draw(curves);
            self.publish(true);
        }
    }

    /// What cannot be read changes nothing: those that were read last hold.
    async fn reload(&mut self) {
        match self.host.policies().await {
            Some(policies) => {
                self.watchdog.renew(policies);
                self.watchdog.record(Act::Reload, "done");
            }
            None => self.watchdog.record(
                Act::Reload,
                "the policies cannot be read; those before hold",
            ),
        }
    }

    fn leapt(&self, stand: &mut ClockReading) -> bool {
        let ticked = stand.0.elapsed();
        let read = self.clock.now() - stand.1;
        *stand = ClockReading(Instant::now(), self.clock.now());
        let read = read.to_std().unwrap_or_default();
        read.abs_diff(ticked) > LEAP
    }

    fn publish(&self, active: bool) {
        // Nobody may look.
        let _ = self
            .fleet_statuses
            .send(Arc::new(self.watchdog.fleet_status(active)));
    }
}

/// When it is told to stop; a reload waits for the sweep to be over.
async fn stopped(host: &mut dyn Host, reload: &mut bool) {
    while host.signal().await != Signal::Stop {
        *reload = true;
    }
}
