//! Whether the watchdog does its work.

use super::Shared;
use super::words::span;
use crate::model::picture::Picture;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// `200` and `{"status": "ok"}`, or `503`, `stalled` and why.
pub(super) async fn answer(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Value>) {
    let picture = shared.picture();
    let patience = TimeDelta::from_std(shared.dash.stalled_after).unwrap_or(TimeDelta::MAX);
    let stalled = stalled(&picture, shared.began_at, shared.now(), patience);
    let last = picture.last.as_ref().map(|last| last.ended_at);
    let mut said = json!({ "status": "ok", "active": picture.active, "last_sweep": last });
    match stalled {
        None => (StatusCode::OK, Json(said)),
        Some(why) => {
            said["status"] = "stalled".into();
            said["why"] = why.into();
            (StatusCode::SERVICE_UNAVAILABLE, Json(said))
        }
    }
}

/// Why the watchdog is thought to be ill, if it is. One that stands by sweeps nothing; it is well
/// as long as it says anew that it does.
pub(super) fn stalled(
    picture: &Picture,
    began_at: DateTime<Utc>,
    now: DateTime<Utc>,
    patience: TimeDelta,
) -> Option<String> {
    let swept = picture.last.as_ref().map(|last| last.ended_at);
    let (did, at) = match (picture.active, swept) {
        (false, _) => ("has said that it stands by", picture.at.max(began_at)),
        (true, Some(at)) => ("has come to the end of a sweep", at),
        (true, None) => ("has come to the end of a sweep since its begin", began_at),
    };
    let silent = now - at;
    (silent > patience).then(|| {
        let (silent, patience) = (span(silent), span(patience));
        format!("the watchdog {did} for the last time {silent} ago; {patience} is the most")
    })
}
