//! The socket: connections come in, and go when they are silent, slow or old.

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

/// How long the head of a request may take, from the connection's begin or the last answer.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may be used; browsers make another.
const LIFE: Duration = Duration::from_secs(60);
/// How long its last answer may take then.
const LAST: Duration = Duration::from_secs(50);
/// After a connection that could not be taken in: as long as files are short.
const PAUSE: Duration = Duration::from_millis(100);

/// Where a request comes from.
#[derive(Clone)]
pub(super) struct RequestOrigin {
    pub(super) from: IpAddr,
    pub(super) connection_permit: Arc<ConnectionPermit>,
}

/// Takes in connections until a future is done; gives those that are being answered then.
pub(super) async fn open(
    listener: &TcpListener,
    routes: &Router,
    connections: &Arc<Connections>,
    closing: &watch::Receiver<bool>,
    until: impl Future<Output = ()>,
) -> JoinSet<()> {
    let mut talks = JoinSet::new();
    let mut until = pin!(until);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = talks.join_next() => continue,
            () = &mut until => return talks,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Where everybody is being answered, the connection closes at once.
        if let Some(connection_permit) = connections.take() {
            let from = peer.ip();
            let guest = RequestOrigin {
                from,
                connection_permit: connection_permit.clone(),
            };
            let talk = talk(stream, routes.clone(), guest, closing.clone());
            connection_permit.is_of(talks.spawn(talk));
        }
    }
}

async fn talk(
    stream: TcpStream,
    routes: Router,
    guest: RequestOrigin,
    mut closing: watch::Receiver<bool>,
) {
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(guest.clone());
        routes.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut talk = pin!(http.serve_connection(TokioIo::new(stream), service));
    // How a connection ends is its guest's concern alone.
    tokio::select! {
        _ = &mut talk => return,
        () = tokio::time::sleep(LIFE) => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
    talk.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(LAST, talk).await;
}
