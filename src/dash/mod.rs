//! The watchdog's page, metrics and health check, over HTTP on this machine.
//!
//! The watchdog publishes a [`FleetStatus`] after each sweep, from which pages, events and metrics
//! are rendered. What people request goes back as an [`OperatorRequest`].

mod actions;
mod assets;
mod cluster;
mod connections;
mod cost;
mod events;
mod gate;
mod health;
mod metrics;
mod page;
mod request_origin;
mod token;
mod token_attempts;
mod view;
mod words;

use crate::model::clock::Clock;
use crate::model::fleet_status::FleetStatus;
use crate::run::watchdog::request::OperatorRequest;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};

use connections::Connections;
pub use token::Token;
use token_attempts::TokenAttempts;

/// The largest form, in bytes.
const MAX_BODY: usize = 16 * 1024;
/// How many requests may wait for events at once.
const MAX_STREAMS: usize = 32;
/// How long open requests may take when the page is closed.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// The page's connections to the watchdog.
pub struct Dash {
    /// What the watchdog knows: a new value after each sweep, and regularly while it stands by.
    pub fleet_statuses: watch::Receiver<Arc<FleetStatus>>,
    /// Where operator requests go.
    pub requests: mpsc::Sender<OperatorRequest>,
    /// The token that allows extending and ending clusters; without one, the page is read-only. If
    /// other machines can reach the page, reading it requires the token too.
    pub token: Option<Token>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// After how long without a completed sweep the watchdog counts as stalled.
    pub stalled_after: Duration,
}

/// The state that all requests share.
struct Shared {
    dash: Dash,
    /// When the page was started.
    began_at: DateTime<Utc>,
    /// The address that the page listens on, if it has a socket.
    bound: Option<IpAddr>,
    streams: Semaphore,
    token_attempts: TokenAttempts,
    /// True once the page is closing.
    closing: watch::Receiver<bool>,
}

impl Shared {
    fn fleet_status(&self) -> Arc<FleetStatus> {
        self.dash.fleet_statuses.borrow().clone()
    }

    /// Whether other machines can reach the page, so that reading it requires the token.
    fn is_open_to_others(&self) -> bool {
        self.bound
            .is_some_and(|bound| !bound.to_canonical().is_loopback())
    }

    fn now(&self) -> DateTime<Utc> {
        self.dash.clock.now()
    }
}

/// Serves the page until `until` completes. Requests that wait for events then end at once; others
/// have three seconds.
///
/// # Errors
/// Returns an error if the socket has no local address.
pub async fn serve(
    listener: TcpListener,
    dash: Dash,
    until: impl Future<Output = ()>,
) -> io::Result<()> {
    let bound = listener.local_addr()?.ip();
    let (close, closing) = watch::channel(false);
    let connections = Connections::new(connections::limit());
    let streams = MAX_STREAMS.min(connections.limit() / 2);
    let routes = routes(dash, Some(bound), closing.clone(), streams);
    let connections_open =
        request_origin::accept(&listener, &routes, &connections, &closing, until).await;
    drop(listener);
    close.send_replace(true);
    // Requests that are still open after that are dropped.
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, connections_open.join_all()).await;
    Ok(())
}

/// Returns the page's routes without a socket. They accept requests to loopback names only.
#[cfg_attr(closed, expect(dead_code, reason = "tests send requests to it"))]
pub fn router(dash: Dash) -> Router {
    routes(dash, None, watch::channel(false).1, MAX_STREAMS)
}

fn routes(
    dash: Dash,
    bound: Option<IpAddr>,
    closing: watch::Receiver<bool>,
    streams: usize,
) -> Router {
    let shared = Arc::new(Shared {
        began_at: dash.clock.now(),
        dash,
        bound,
        streams: Semaphore::new(streams),
        token_attempts: TokenAttempts::default(),
        closing,
    });
    Router::new()
        .route("/", get(page::whole))
        .route("/events", get(events::next))
        .route("/clusters/{place}/{id}", get(page::cluster))
        .route("/clusters/{place}/{id}/extend", post(actions::extend))
        .route("/clusters/{place}/{id}/end", post(actions::end))
        .route("/metrics", get(metrics::text))
        .route("/healthz", get(health::answer))
        .route("/api/picture", get(page::fleet_status))
        .route("/app.css", get(assets::css))
        .route("/app.js", get(assets::js))
        .route("/icon.svg", get(assets::icon))
        .fallback(page::not_found)
        .layer(from_fn_with_state(shared.clone(), gate::pass))
        .with_state(shared)
}
