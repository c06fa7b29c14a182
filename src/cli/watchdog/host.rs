//! The daemon's access to its process: signals, policies, team budgets, standard error and systemd.

use super::run::RunArgs;
use super::systemd::Systemd;
use super::watched::WatchdogSetup;
use crate::app::extend::Moved;
use crate::cli::admission::curves::curves;
use crate::cli::admission::services::CliServices;
use crate::cli::args::TargetArgs;
use crate::cli::context::Context;
use crate::cli::extend;
use crate::cli::failure::{Exit, Failure};
use crate::cli::policies::LoadedPolicies;
use crate::cli::policy_reloader::PolicyReloader;
use crate::cli::screen::Screen;
use crate::cli::target::Target;
use crate::model::audit::Entry;
use crate::model::clock::Clock;
use crate::model::fleet::Place;
use crate::model::fleet_status::Curve;
use crate::policy::Policies;
use crate::run::clock::SystemClock;
use crate::run::watchdog::audit_sink::LedgerAuditSink;
use crate::run::watchdog::daemon::{self, Signal};
use crate::run::watchdog::request::{OperatorRequest, RequestedAction};
use crate::run::watchdog::{Report, Watchdog};
use async_trait::async_trait;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{self, SignalKind};
use tokio::time::{Interval, MissedTickBehavior, interval};

pub(super) struct Host<'a> {
    args: &'a RunArgs,
    context: &'a Context,
    screen: &'a Screen,
    reloader: PolicyReloader,
    audit_sink: Rc<LedgerAuditSink>,
    systemd: Systemd,
    hangup: unix::Signal,
    terminate: unix::Signal,
    interrupt: unix::Signal,
    /// When the daemon's loop last completed a turn.
    last_turn: Instant,
    /// How long a turn may take before the loop counts as hung.
    patience: Duration,
    /// When systemd expects the next keep-alive; it ticks on between calls.
    keep_alive: Option<Interval>,
}

impl<'a> Host<'a> {
    pub(super) fn new(
        args: &'a RunArgs,
        watched: &WatchdogSetup,
        context: &'a Context,
        screen: &'a Screen,
        systemd: Systemd,
    ) -> Result<Self, Failure> {
        let listen = |kind| {
            unix::signal(kind).map_err(|error| {
                Failure::new(Exit::Failed, "cannot listen to signals").caused_by(&error)
            })
        };
        let host = Self {
            args,
            context,
            screen,
            reloader: PolicyReloader::new(watched.read.clone()),
            audit_sink: watched.audit_sink.clone(),
            systemd,
            hangup: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            last_turn: Instant::now(),
            patience: args.patience(),
            keep_alive: systemd.every().map(keep_alive),
        };
        host.systemd.ready("looking at the fleet");
        Ok(host)
    }

    async fn read(&self) -> Result<LoadedPolicies, Failure> {
        let policies = &self.args.watch().policies;
        policies.read_here(self.context, self.screen).await
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
            self.screen.say(&format!("warning: {}", failure.message));
            self.screen.hints(&failure.hints, 2);
            return None;
        }
        self.screen.say("the policies were reloaded");
        Some(Rc::new(self.reloader.policies().clone()))
    }

    async fn curves(&mut self) -> Vec<Curve> {
        let regions = &self.args.watch().regions;
        let target = match regions.first() {
            Some(region) => TargetArgs::of(region.clone()),
            None => TargetArgs {
                local: self.args.watch().local,
                region: None,
            },
        };
        let now = SystemClock.now();
        let services = CliServices {
            context: self.context,
            screen: self.screen,
        };
        let drawn = curves(self.reloader.policies(), &target, &services, now).await;
        drawn.unwrap_or_else(|failure| {
            let status = format!(
                "warning: the teams' budgets cannot be read: {}",
                failure.message
            );
            self.screen.say(&status);
            Vec::new()
        })
    }

    async fn grant(
        &mut self,
        watchdog: &mut Watchdog,
        request: &OperatorRequest,
    ) -> Result<String, String> {
        let who = &request.who;
        let place = &request.place;
        let id = &request.id;
        let (max_lifetime, budget) = match &request.what {
            RequestedAction::End => return watchdog.end_for((place, id), who, &request.why).await,
            RequestedAction::Extend {
                max_lifetime,
                budget,
            } => (*max_lifetime, *budget),
        };
        let cluster = watchdog
            .snapshot(place, id)
            .and_then(|snapshot| snapshot.ours());
        let stack = cluster
            .map(|cluster| cluster.stack.clone())
            .ok_or_else(|| {
                format!("{place} has no cluster {id} that clusterup created and that still runs")
            })?;
        let target = match place {
            Place::Local => TargetArgs {
                local: true,
                region: None,
            },
            Place::Region(region) => TargetArgs::of(region.clone()),
        };
        let extension = Moved {
            stack: &stack,
            id: Some(id),
            max_lifetime,
            by: None,
            budget,
            why: &request.why,
            who,
        };
        let moved = async {
            let read = LoadedPolicies {
                policies: self.reloader.policies().clone(),
                ..LoadedPolicies::default()
            };
            let target = Target::open(&target, None, self.context).await?;
            // Boxed because the future is large.
            let extend =
                extend::extend_under_lease(&extension, &read, &target, self.context, self.screen);
            Box::pin(extend).await
        };
        let (_, _, deadline) = moved
            .await
            .map_err(|failure: Failure| failure.in_a_line())?;
        let at = deadline.at.format("%F %H:%M:%S UTC");
        let outcome = format!("ends at {at} ({})", deadline.cause);
        let of = (place, id);
        watchdog.extended_for(of, who, &request.why, &outcome).await;
        Ok(format!("{id} {outcome}"))
    }

    fn turns(&mut self) {
        self.last_turn = Instant::now();
        self.systemd.alive();
    }

    fn says(&mut self, status: &str) {
        // A watchdog on standby counts as ready too.
        self.systemd.ready(status);
        self.screen.say(status);
    }

    async fn swept(&mut self, report: &Report) {
        let summary = &report.summary;
        self.audit_sink.retry(summary.ended_at).await;
        let status = format!(
            "sweep {}: {} clusters, {} calls, {} not read",
            summary.number,
            summary.fleet,
            summary.calls,
            summary.unseen.len()
        );
        self.systemd.ready(&status);
        for entry in &report.done {
            self.screen.say(&line(entry));
        }
        // A line every minute that nothing changed would hide what matters.
        if summary.number == 1 || !summary.unseen.is_empty() {
            self.screen.say(&status);
            for gap in &summary.unseen {
                self.screen.say(&format!("  not read: {gap}"));
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
