//! Whether the watchdog does its work.

use super::Shared;
use super::words::span;
use crate::model::fleet_status::FleetStatus;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// `200` and `ok`, or `partial` while not all of the fleet was seen; `503` and `starting` until the
/// first sweep has come to its end, or `stalled`. With how many clusters live, how many of them were
/// not seen, which places cannot be listed, and why.
pub(super) async fn answer(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Value>) {
    let fleet_status = shared.fleet_status();
    let patience = TimeDelta::from_std(shared.dash.stalled_after).unwrap_or(TimeDelta::MAX);
    let stalled = stalled(&fleet_status, shared.began_at, shared.now(), patience);
    let last = fleet_status.last.as_ref().map(|last| last.ended_at);
    let (status, word, why) = match stalled {
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, "stalled", Some(why)),
        None if is_starting(&fleet_status, shared.began_at) => {
            let why = "no sweep has come to its end yet";
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "starting",
                Some(why.to_owned()),
            )
        }
        None => match unseen(&fleet_status) {
            Some(why) => (StatusCode::OK, "partial", Some(why)),
            None => (StatusCode::OK, "ok", None),
        },
    };
    let mut said = json!({ "status": word, "active": fleet_status.active, "last_sweep": last });
    if let Some(last) = &fleet_status.last {
        said["fleet"] = last.fleet.into();
        said["unseen"] = last.unlooked.into();
        said["blind"] = json!(last.blind);
    }
    if let Some(why) = why {
        said["why"] = why.into();
    }
    (status, Json(said))
}

/// Whether nothing was swept yet by one that does not stand by: that is said by pictures that were
/// drawn after the page began.
fn is_starting(fleet_status: &FleetStatus, began_at: DateTime<Utc>) -> bool {
    fleet_status.last.is_none() && (fleet_status.active || fleet_status.at <= began_at)
}

/// How much of the fleet the last sweep had not seen, if not all.
fn unseen(fleet_status: &FleetStatus) -> Option<String> {
    let last = fleet_status.last.as_ref().filter(|_| fleet_status.active)?;
    let fleet = last.fleet;
    let not = last.unlooked;
    let mut why = Vec::new();
    if not > 0 {
        why.push(format!("{not} of {fleet} clusters were not looked at yet"));
    }
    let blind = last.blind.iter();
    why.extend(blind.map(|place| format!("clusters of {place} cannot be listed")));
    (!why.is_empty()).then(|| why.join("; "))
}

/// Why the watchdog is thought to be ill, if it is. One that stands by sweeps nothing; it is well
/// as long as it says anew that it does.
pub(super) fn stalled(
    fleet_status: &FleetStatus,
    began_at: DateTime<Utc>,
    now: DateTime<Utc>,
    patience: TimeDelta,
) -> Option<String> {
    let swept = fleet_status.last.as_ref().map(|last| last.ended_at);
    let (did, at) = match (fleet_status.active, swept) {
        (false, _) => ("has said that it stands by", fleet_status.at.max(began_at)),
        (true, Some(at)) => ("has come to the end of a sweep", at),
        (true, None) => ("has come to the end of a sweep since its begin", began_at),
    };
    let silent = now - at;
    (silent > patience).then(|| {
        let silent = span(silent);
        let patience = span(patience);
        format!("the watchdog {did} for the last time {silent} ago; {patience} is the most")
    })
}
