//! `watchdog run`: the daemon and its web page.

use super::host::Host;
use super::watched::WatchArgs;
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::cli::stderr::aside;
use crate::cli::verb::{Finished, Verb};
use crate::dash::{self, Dash, Token};
use crate::model::span::Span;
use crate::run::clock::SystemClock;
use crate::run::watchdog::daemon::Daemon;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    watch: WatchArgs,
    /// Time from the start of one sweep to the start of the next
    #[arg(long, value_name = "SPAN", default_value = "1m")]
    every: Span,
    /// Address of the web page
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// Serve no web page
    #[arg(long, conflicts_with = "listen")]
    no_page: bool,
    /// Token that the page requires to extend or end clusters. Without a token the page is
    /// read-only and open only to this machine. Prefer the environment variable: other users can
    /// read arguments
    #[arg(
        long,
        value_name = "SECRET",
        env = "CLUSTERUP_WATCHDOG_TOKEN",
        hide_env_values = true
    )]
    token: Option<Token>,
}

/// How many operator requests can wait for the end of a sweep.
const MAX_WAITING_REQUESTS: usize = 16;
/// How long a sweep may take, with throttling by AWS, before the watchdog counts as stalled.
const STALLED: Duration = Duration::from_secs(30 * 60);

impl Verb for RunArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let every = Duration::from_secs(self.every.as_secs());
        if every < Duration::from_secs(1) {
            return Err(Failure::input("sweeps must be at least one second apart")
                .hint("sweep every minute: --every 1m"));
        }
        self.check_page()?;
        let watched = self.watch.open(session).await?;
        let watchdog = watched.watchdog();
        let (ask, requests) = mpsc::channel(MAX_WAITING_REQUESTS);
        let (fleet_statuses, seen) = watch::channel(Arc::new(watchdog.fleet_status(false)));
        let (close, closed) = oneshot::channel::<()>();
        let page = if self.no_page {
            None
        } else {
            let listener = listen(self.listen).await?;
            let at = listener.local_addr().unwrap_or(self.listen);
            session.reporter.say(&format!("page: http://{at}/"));
            let dash = Dash {
                fleet_statuses: seen,
                requests: ask,
                token: self.token.clone(),
                clock: Arc::new(SystemClock),
                stalled_after: self.patience(),
            };
            let until = async {
                // A dropped sender stops the page too.
                let _ = closed.await;
            };
            Some(tokio::task::spawn_local(dash::serve(listener, dash, until)))
        };
        let lease_place = watched.lease_place.clone();
        let mut host = Host::new(&self.watch, watched, session, self.patience())?;
        let daemon = Daemon {
            watchdog,
            lease_place,
            every,
            clock: Arc::new(SystemClock),
            requests,
            fleet_statuses,
            host: &mut host,
        };
        daemon.run().await;
        drop(close);
        if let Some(page) = page {
            // The watchdog has stopped; an error of the page's last response no longer matters.
            let _ = page.await;
        }
        Ok(Finished::done(WatchdogDocument { stopped: true }))
    }
}

async fn listen(at: SocketAddr) -> Result<TcpListener, Failure> {
    if !at.ip().is_loopback() {
        aside(&format!(
            "warning: other machines can reach the page at {at}, and it is not encrypted"
        ));
    }
    TcpListener::bind(at).await.map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot serve the page at {at}"))
            .caused_by(&error)
            .hint("use another address, --listen 127.0.0.1:8421, or no page, --no-page")
    })
}

impl RunArgs {
    /// Requires a token if other machines can reach the page.
    fn check_page(&self) -> Result<(), Failure> {
        let at = self.listen;
        if self.no_page || at.ip().to_canonical().is_loopback() || self.token.is_some() {
            return Ok(());
        }
        let message = format!(
            "other machines can reach a page at {at}, so it needs a token, and none is set"
        );
        Err(Failure::input(message)
            .hint("create one: export CLUSTERUP_WATCHDOG_TOKEN=$(openssl rand -hex 16)")
            .hint("or serve only this machine: --listen 127.0.0.1:8420"))
    }

    /// How long a sweep and the pause after it may take before the watchdog counts as stalled.
    fn patience(&self) -> Duration {
        STALLED.max(Duration::from_secs(self.every.as_secs().saturating_mul(3)))
    }
}

/// The end of a watchdog.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct WatchdogDocument {
    /// True: a signal stopped it.
    stopped: bool,
}
