//! The watchdog's page, its metrics and its health, over HTTP on this machine.
//!
//! The watchdog is not asked: it leaves a [`FleetStatus`] after each sweep, and pages, events and
//! metrics are drawn from the newest. What people want done goes back as a [`OperatorRequest`].

mod actions;
mod assets;
mod chart;
mod connections;
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

/// How much a form may hold, in bytes.
const LONGEST_BODY: usize = 16 * 1024;
/// How many may wait for events at once.
const MOST_STREAMS: usize = 32;
/// How long those who are being answered have when the page is closed.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What the page is made of.
pub struct Dash {
    /// What the watchdog knows; a new one after each sweep, and now and then while it stands by.
    pub fleet_statuses: watch::Receiver<Arc<FleetStatus>>,
    pub requests: mpsc::Sender<OperatorRequest>,
    /// Who has it may extend and end clusters; without one nobody may from here. A page that other
    /// machines reach is read by those who have it alone.
    pub token: Option<Token>,
    pub clock: Arc<dyn Clock>,
    /// After how long without a sweep that ended the watchdog is said to be ill.
    pub stalled_after: Duration,
}

/// What all requests share.
struct Shared {
    dash: Dash,
    /// Since when pages are served.
    began_at: DateTime<Utc>,
    /// The address that is listened on, as far as it is known.
    bound: Option<IpAddr>,
    streams: Semaphore,
    token_attempts: TokenAttempts,
    /// True once the page is being closed.
    closing: watch::Receiver<bool>,
}

impl Shared {
    fn fleet_status(&self) -> Arc<FleetStatus> {
        self.dash.fleet_statuses.borrow().clone()
    }

    /// Whether the page can be reached from other machines, so that reading it takes the token.
    fn is_open_to_others(&self) -> bool {
        self.bound
            .is_some_and(|bound| !bound.to_canonical().is_loopback())
    }

    fn now(&self) -> DateTime<Utc> {
        self.dash.clock.now()
    }
}

/// Serves the page until a future is done. Whoever waits for events then is sent away; a request
/// that is still not over three seconds later is dropped.
///
/// # Errors
/// Where the socket has no address or cannot be listened on.
pub async fn serve(
    listener: TcpListener,
    dash: Dash,
    until: impl Future<Output = ()>,
) -> io::Result<()> {
    let bound = listener.local_addr()?.ip();
    let (close, closing) = watch::channel(false);
    let connections = Connections::new(connections::most());
    let streams = MOST_STREAMS.min(connections.most() / 2);
    let routes = routes(dash, Some(bound), closing.clone(), streams);
    let talks = request_origin::open(&listener, &routes, &connections, &closing, until).await;
    drop(listener);
    close.send_replace(true);
    // Whoever is not answered by then is sent away.
    let _ = tokio::time::timeout(LAST_WORDS, talks.join_all()).await;
    Ok(())
}

/// The page without a socket. It takes requests to loopback names only.
pub fn router(dash: Dash) -> Router {
    routes(dash, None, watch::channel(false).1, MOST_STREAMS)
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
        .fallback(page::nowhere)
        .layer(from_fn_with_state(shared.clone(), gate::pass))
        .with_state(shared)
}
