//! `watchdog run`: the daemon, with its page.

use super::host::Host;
use super::systemd::Systemd;
use super::watched::WatchArgs;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::screen::Screen;
use crate::dash::{self, Dash, Token};
use crate::model::span::Span;
use crate::run::clock::SystemClock;
use crate::run::watchdog::daemon::Daemon;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    watch: WatchArgs,
    /// Between the beginnings of two sweeps
    #[arg(long, value_name = "SPAN", default_value = "1m")]
    every: Span,
    /// Where its page is, for browsers on this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// Have no page
    #[arg(long, conflicts_with = "listen")]
    no_page: bool,
    /// Who has this may extend and end clusters on the page; without one nobody may from there, and
    /// the page is for this machine alone. Better in the environment: who is on this machine can read
    /// arguments
    #[arg(
        long,
        value_name = "SECRET",
        env = "CLUSTERUP_WATCHDOG_TOKEN",
        hide_env_values = true
    )]
    token: Option<Token>,
}

/// People's wishes that wait for a sweep to be over.
const WAITING: usize = 16;
/// A sweep that AWS throttles takes its time; longer than this it is ill.
const STALLED: Duration = Duration::from_secs(30 * 60);

pub(super) async fn run(
    args: &RunArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let every = Duration::from_secs(args.every.as_secs());
    if every < Duration::from_secs(1) {
        return Err(Failure::input("sweeps are at least a second apart")
            .hint("look every minute: --every 1m"));
    }
    args.check_page()?;
    let watched = args.watch.open(context, screen).await?;
    let watchdog = watched.watchdog();
    let (ask, requests) = mpsc::channel(WAITING);
    let (fleet_statuses, seen) = watch::channel(Arc::new(watchdog.fleet_status(false)));
    let (close, closed) = oneshot::channel::<()>();
    let page = if args.no_page {
        None
    } else {
        let listener = listen(args.listen).await?;
        let at = listener.local_addr().unwrap_or(args.listen);
        screen.say(&format!("its page: http://{at}/"));
        let dash = Dash {
            fleet_statuses: seen,
            requests: ask,
            token: args.token.clone(),
            clock: Arc::new(SystemClock),
            stalled_after: args.patience(),
        };
        let until = async {
            // Dropped is told too.
            let _ = closed.await;
        };
        Some(tokio::task::spawn_local(dash::serve(listener, dash, until)))
    };
    let mut host = Host::new(args, &watched, context, screen, Systemd::from_environment())?;
    let daemon = Daemon {
        watchdog,
        lease_place: watched.lease_place.clone(),
        every,
        clock: Arc::new(SystemClock),
        requests,
        fleet_statuses,
        host: &mut host,
    };
    daemon.run().await;
    drop(close);
    if let Some(page) = page {
        // The watch is let go; how the page's last answer went is nobody's concern.
        let _ = page.await;
    }
    screen.document("watchdog run", 0, serde_json::json!({ "stopped": true }));
    Ok(Exit::Done)
}

async fn listen(at: SocketAddr) -> Result<TcpListener, Failure> {
    if !at.ip().is_loopback() {
        Screen::aside(&format!(
            "warning: the page is at {at} for anyone who has the token, and has no encryption"
        ));
    }
    TcpListener::bind(at).await.map_err(|error| {
        Failure::new(Exit::Failed, format!("the page cannot be at {at}"))
            .caused_by(&error)
            .hint("name another address: --listen 127.0.0.1:8421, or have no page: --no-page")
    })
}

impl RunArgs {
    /// What other machines reach is read by those who have the token alone.
    fn check_page(&self) -> Result<(), Failure> {
        let at = self.listen;
        if self.no_page || at.ip().to_canonical().is_loopback() || self.token.is_some() {
            return Ok(());
        }
        let message = format!(
            "other machines reach a page at {at}, so reading it needs a token, and there is none"
        );
        Err(Failure::input(message)
            .hint("make one: export CLUSTERUP_WATCHDOG_TOKEN=$(openssl rand -hex 16)")
            .hint("or keep the page to this machine: --listen 127.0.0.1:8420"))
    }

    /// How long a sweep and the pause after it may take before something is wrong.
    pub(super) fn patience(&self) -> Duration {
        STALLED.max(Duration::from_secs(self.every.as_secs().saturating_mul(3)))
    }

    pub(super) const fn watch(&self) -> &WatchArgs {
        &self.watch
    }
}
