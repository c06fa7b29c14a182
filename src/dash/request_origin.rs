//! Accepts connections, and closes those that are idle, slow or old.

use super::connections::{ConnectionPermit, Connections};
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long the head of a request may take, from the start of the connection or the last response.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be used; browsers open another.
const MAX_LIFETIME: Duration = Duration::from_secs(60);
/// How long its last response may take then.
const LAST_RESPONSE_TIMEOUT: Duration = Duration::from_secs(50);
/// The pause after a failed accept, as when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where a request comes from.
#[derive(Clone)]
pub(super) struct RequestOrigin {
    pub(super) from: IpAddr,
    pub(super) connection_permit: Arc<ConnectionPermit>,
}

/// Accepts connections until `until` completes. Returns the connections that are open then.
pub(super) async fn accept(
    listener: &TcpListener,
    routes: &Router,
    connections: &Arc<Connections>,
    closing: &watch::Receiver<bool>,
    until: impl Future<Output = ()>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let mut until = pin!(until);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
            () = &mut until => return tasks,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // If all connections are busy, the new one is closed at once.
        if let Some(connection_permit) = connections.take() {
            let from = peer.ip();
            let origin = RequestOrigin {
                from,
                connection_permit: connection_permit.clone(),
            };
            let task = serve(stream, routes.clone(), origin, closing.clone());
            connection_permit.set_task(tasks.spawn(task));
        }
    }
}

async fn serve(
    stream: TcpStream,
    routes: Router,
    origin: RequestOrigin,
    mut closing: watch::Receiver<bool>,
) {
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(origin.clone());
        routes.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    // Errors of a connection concern only its peer.
    tokio::select! {
        _ = &mut connection => return,
        () = tokio::time::sleep(MAX_LIFETIME) => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(LAST_RESPONSE_TIMEOUT, connection).await;
}
