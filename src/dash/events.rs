//! Pictures as they come, as server-sent events.
//!
//! An answer holds one event and is over; the browser asks again with the id of what it has. So
//! nobody is sent what he cannot take in, a picture that came in between is not missed, and no
//! answer outlives the page by more than a moment.

use super::Shared;
use super::page::Parts;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// How long somebody waits before he is told that there is nothing new.
const QUIET: Duration = Duration::from_secs(15);
/// After how many milliseconds the browser asks again.
const RETRY: u32 = 200;

/// The next picture that the asker does not have: `event: fleet_status`, with an id, the time and the
/// parts of the page as JSON; a comment if there is none for a quarter of a minute.
pub(super) async fn next(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let Ok(_seat) = shared.streams.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many wait for events.").into_response();
    };
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let mut closing = shared.closing.clone();
    let event = tokio::select! {
        event = fresh(&shared, seen) => event,
        () = tokio::time::sleep(QUIET) => None,
        _ = closing.wait_for(|closing| *closing), if closing.has_changed().is_ok() => None,
    };
    let body = event.unwrap_or_else(|| ": nothing new\n\n".to_owned());
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, format!("retry: {RETRY}\n{body}")).into_response()
}

/// The newest picture as an event, once there is one that has not been seen; none where there will
/// be no other.
async fn fresh(shared: &Shared, seen: Option<&str>) -> Option<String> {
    let mut fleet_statuses = shared.dash.fleet_statuses.clone();
    loop {
        let fleet_status = fleet_statuses.borrow_and_update().clone();
        let now = shared.now();
        let json = serde_json::to_vec(&*fleet_status).ok()?;
        let id: String = Sha256::digest(json)[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if seen != Some(id.as_str()) {
            let acts = shared.dash.token.is_some();
            let parts = Parts::draw(&fleet_status, now, acts).ok()?;
            let data = json!({ "now": now.timestamp_millis(), "parts": parts });
            return Some(format!("event: picture\nid: {id}\ndata: {data}\n\n"));
        }
        if fleet_statuses.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
