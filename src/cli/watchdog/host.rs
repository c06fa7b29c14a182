//! The daemon's access to its process: signals, policies, team budgets, standard error and systemd.

use super::systemd::Systemd;
use super::watched::{WatchArgs, WatchdogSetup, all_places};
use crate::app::curves::curves;
use crate::app::failure::{Exit, Failure};
use crate::app::fleet_cost::fleet_cost;
use crate::app::operator::grant;
use crate::app::policies::LoadedPolicies;
use crate::app::policy_reloader::PolicyReloader;
use crate::app::session::Session;
use crate::app::target::TargetChoice;
use crate::app::watched_accounts::{Renewed, WatchedAccounts};
use crate::cloud::fleet::FleetProvider;
use crate::model::audit::Entry;
use crate::model::clock::Clock;
use crate::model::fleet_status::{Curve, FleetCost};
use crate::model::name::Region;
use crate::model::place::Place;
use crate::model::watched_account::RefusedAccount;
use crate::policy::Policies;
use crate::run::clock::SystemClock;
use crate::run::watchdog::audit_sink::LedgerAuditSink;
use crate::run::watchdog::daemon::{self, Reloaded, Signal};
use crate::run::watchdog::request::OperatorRequest;
use crate::run::watchdog::{Report, Watchdog};
use async_trait::async_trait;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{self, SignalKind};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often the ledger's oldest entries are deleted.
const PRUNING_INTERVAL: Duration = Duration::from_secs(3_600);

pub(super) struct Host<'a> {
    watch: &'a WatchArgs,
    session: &'a Session,
    reloader: PolicyReloader,
    audit_sink: Rc<LedgerAuditSink>,
    /// The places of the watchdog's own account, and this machine.
    own: Vec<Rc<dyn FleetProvider>>,
    accounts: Option<WatchedAccounts>,
    systemd: Systemd,
    hangup: unix::Signal,
    terminate: unix::Signal,
    interrupt: unix::Signal,
    /// When the ledger's oldest entries were last deleted.
    pruned: Option<Instant>,
    /// When the daemon's loop last completed a turn.
    last_turn: Instant,
    /// How long a turn may take before the loop counts as hung.
    patience: Duration,
    /// When systemd expects the next keep-alive; it ticks on between calls.
    keep_alive: Option<Interval>,
}

impl<'a> Host<'a> {
    pub(super) fn new(
        watch: &'a WatchArgs,
        watched: WatchdogSetup,
        session: &'a Session,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let systemd = Systemd::from_environment();
        let listen = |kind| {
            unix::signal(kind).map_err(|error| {
                Failure::new(Exit::Failed, "cannot listen for signals").caused_by(&error)
            })
        };
        let host = Self {
            watch,
            session,
            reloader: PolicyReloader::new(watched.read),
            audit_sink: watched.audit_sink,
            own: watched.own,
            accounts: watched.accounts,
            systemd,
            hangup: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            pruned: None,
            last_turn: Instant::now(),
            patience,
            keep_alive: systemd.every().map(keep_alive),
        };
        host.systemd.ready("looking at the fleet");
        Ok(host)
    }

    fn renewed(&self, renewed: Renewed) -> Reloaded {
        match renewed {
            Ok(change) if change.is_empty() => Reloaded::Unchanged,
            Ok(change) => {
                let says = format!("the watched accounts have changed: {change}");
                self.session.reporter.say(&says);
                let places = all_places(&self.own, self.accounts.as_ref());
                Reloaded::Places { places, change }
            }
            Err(failure) => {
                failure.iter().for_each(|failure| self.warn(failure));
                Reloaded::Unreadable
            }
        }
    }

    fn warn(&self, failure: &Failure) {
        let reporter = &self.session.reporter;
        reporter.say(&format!("warning: {}", failure.message));
        if let Some(diagnostics) = &failure.diagnostics {
            reporter.diagnostics(diagnostics);
        }
        reporter.hints(&failure.hints, 2);
    }

    async fn read(&self) -> Result<LoadedPolicies, Failure> {
        self.watch.policies.place().read_here(self.session).await
    }
}

#[async_trait(?Send)]
impl daemon::Host for Host<'_> {
    async fn signal(&mut self) -> Signal {
        loop {
            tokio::select! {
                Some(()) = self.hangup.recv() => return Signal::Reload,
                Some(()) = self.terminate.recv() => break,
                Some(()) = self.interrupt.recv() => break,
                () = due(&mut self.keep_alive) => {
                    // No keep-alive if the loop hangs.
                    if self.last_turn.elapsed() < self.patience {
                        self.systemd.alive();
                    }
                }
            }
        }
        self.systemd.stopping();
        Signal::Stop
    }

    async fn policies(&mut self) -> Option<Rc<Policies>> {
        self.systemd.reloading();
        let read = self.read().await;
        let failure = self.reloader.renew(read);
        self.systemd.ready("");
        if let Some(failure) = failure {
            self.warn(&failure);
            return None;
        }
        self.session.reporter.say("the policies were reloaded");
        Some(Rc::new(self.reloader.policies().clone()))
    }

    async fn places(&mut self) -> Reloaded {
        let Some(accounts) = &mut self.accounts else {
            return Reloaded::Unchanged;
        };
        self.systemd.reloading();
        let renewed = accounts.reload(self.session).await;
        self.systemd.ready("");
        self.renewed(renewed)
    }

    async fn members(&mut self) -> Reloaded {
        let Some(accounts) = &mut self.accounts else {
            return Reloaded::Unchanged;
        };
        let renewed = accounts.list_members(self.session).await;
        self.renewed(renewed)
    }

    async fn curves(&mut self) -> Vec<Curve> {
        let choice = match self.watch.regions.first() {
            Some(region) => TargetChoice::Place(Place::Region(region.clone())),
            None if self.watch.local => TargetChoice::Place(Place::Local),
            None => TargetChoice::Default,
        };
        let policies = self.reloader.policies();
        let drawn = curves(policies, &choice, self.session, SystemClock.now()).await;
        drawn.unwrap_or_else(|failure| {
            let status = format!(
                "warning: the teams' budgets cannot be read: {}",
                failure.message
            );
            self.session.reporter.say(&status);
            Vec::new()
        })
    }

    async fn cost(&mut self) -> Option<FleetCost> {
        let places = self.own.iter().map(|fleet| fleet.place());
        let regions: Vec<Region> = places.filter_map(|at| at.region().cloned()).collect();
        let cost = fleet_cost(&regions, self.session, SystemClock.now()).await;
        cost.inspect_err(|failure| {
            let why = failure.in_a_line();
            let status = format!("warning: what clusters have cost cannot be read: {why}");
            self.session.reporter.say(&status);
        })
        .ok()
        .flatten()
    }

    async fn grant(
        &mut self,
        watchdog: &mut Watchdog,
        request: &OperatorRequest,
    ) -> Result<String, String> {
        grant(watchdog, request, self.reloader.policies(), self.session).await
    }

    fn turns(&mut self) {
        self.last_turn = Instant::now();
        self.systemd.alive();
    }

    fn says(&mut self, status: &str) {
        // A watchdog on standby counts as ready too.
        self.systemd.ready(status);
        self.session.reporter.say(status);
    }

    async fn swept(&mut self, report: &Report) {
        let summary = &report.summary;
        self.audit_sink.retry(summary.ended_at).await;
        if self
            .pruned
            .is_none_or(|at| at.elapsed() >= PRUNING_INTERVAL)
        {
            self.audit_sink.prune(summary.ended_at);
            self.pruned = Some(Instant::now());
        }
        let status = format!(
            "sweep {}: {} clusters, {} calls, {} not read",
            summary.number,
            summary.fleet,
            summary.calls,
            summary.unseen.len() + summary.refused.len()
        );
        self.systemd.ready(&status);
        for entry in &report.done {
            self.session.reporter.say(&line(entry));
        }
        for line in &report.news {
            self.session.reporter.say(line);
        }
        // A line every minute that nothing changed would hide what matters.
        if summary.number == 1 || !summary.unseen.is_empty() {
            self.session.reporter.say(&status);
            // Later sweeps report an account only when it can no longer be watched.
            let refused = summary.refused.iter().filter(|_| summary.number == 1);
            for RefusedAccount { account, why } in refused {
                self.session
                    .reporter
                    .say(&format!("  account {account} is not watched: {why}"));
            }
            for gap in &summary.unseen {
                self.session.reporter.say(&format!("  not read: {gap}"));
            }
        }
    }
}

/// Waits until systemd expects a keep-alive; forever if it expects none.
async fn due(keep_alive: &mut Option<Interval>) {
    match keep_alive {
        Some(keep_alive) => drop(keep_alive.tick().await),
        None => std::future::pending().await,
    }
}

fn keep_alive(every: Duration) -> Interval {
    let mut keep_alive = interval(every);
    keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    keep_alive
}

fn line(entry: &Entry) -> String {
    let target = entry.target.as_ref().map_or("", |target| &target.id);
    let verdict = entry.verdict.as_deref().unwrap_or_default();
    let at = entry.at.format("%F %H:%M:%S UTC");
    let words = [entry.act.as_str(), target, verdict, &entry.outcome];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    format!("{at} {}", words.join(" "))
}
