//! New fleet statuses as server-sent events.
//!
//! A response has one event and ends; the browser requests the next one with the id of the last. So
//! slow readers skip statuses, no status is missed for good, and no response outlives the page by
//! more than a moment.

use super::Shared;
use super::page::Parts;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// How long a request waits before it gets an empty response.
const MAX_WAIT: Duration = Duration::from_secs(15);
/// After how many milliseconds the browser requests the next event.
const RETRY: u32 = 200;

/// Sends the next fleet status that the browser does not have: `event: picture`, with an id, the
/// time and the parts of the page as JSON; a comment if there is none within 15 seconds.
pub(super) async fn next(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let Ok(_permit) = shared.streams.try_acquire() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many clients are waiting for events.",
        )
            .into_response();
    };
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let mut closing = shared.closing.clone();
    let event = tokio::select! {
        event = next_event(&shared, last_id) => event,
        () = tokio::time::sleep(MAX_WAIT) => None,
        _ = closing.wait_for(|closing| *closing), if closing.has_changed().is_ok() => None,
    };
    let body = event.unwrap_or_else(|| ": nothing new\n\n".to_owned());
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, format!("retry: {RETRY}\n{body}")).into_response()
}

/// Returns the newest fleet status as an event, once it differs from `last_id`. Never returns if
/// there will be no other.
async fn next_event(shared: &Shared, last_id: Option<&str>) -> Option<String> {
    let mut fleet_statuses = shared.dash.fleet_statuses.clone();
    loop {
        let fleet_status = fleet_statuses.borrow_and_update().clone();
        let now = shared.now();
        let json = serde_json::to_vec(&*fleet_status).ok()?;
        let id: String = Sha256::digest(json)[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if last_id != Some(id.as_str()) {
            let acts = shared.dash.token.is_some();
            let parts = Parts::render(&fleet_status, now, acts).ok()?;
            let data = json!({ "now": now.timestamp_millis(), "parts": parts });
            return Some(format!("event: picture\nid: {id}\ndata: {data}\n\n"));
        }
        if fleet_statuses.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
