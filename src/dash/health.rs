//! The health check of the watchdog.

use super::Shared;
use crate::chart::span;
use crate::model::fleet_status::FleetStatus;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// Responds `200` with `ok`, or `partial` while part of the fleet was not seen; `503` with
/// `starting` until the first sweep has ended, or `stalled`. The body has the number of live
/// clusters, how many of them were not seen, which places cannot be listed, and why.
pub(super) async fn answer(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Value>) {
    let fleet_status = shared.fleet_status();
    let limit = TimeDelta::from_std(shared.dash.stalled_after).unwrap_or(TimeDelta::MAX);
    let stalled = stalled(&fleet_status, shared.began_at, shared.now(), limit);
    let last = fleet_status.last.as_ref().map(|last| last.ended_at);
    let (status, word, why) = match stalled {
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, "stalled", Some(why)),
        None if is_starting(&fleet_status, shared.began_at) => {
            let why = "no sweep is complete yet";
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
    let mut body = json!({ "status": word, "active": fleet_status.active, "last_sweep": last });
    if let Some(last) = &fleet_status.last {
        body["fleet"] = last.fleet.into();
        body["unseen"] = last.unlooked.into();
        body["blind"] = json!(last.blind);
    }
    if let Some(why) = why {
        body["why"] = why.into();
    }
    (status, Json(body))
}

/// Whether an active watchdog has not swept yet, judged by a status that is newer than the page.
fn is_starting(fleet_status: &FleetStatus, began_at: DateTime<Utc>) -> bool {
    fleet_status.last.is_none() && (fleet_status.active || fleet_status.at <= began_at)
}

/// Returns how much of the fleet the last sweep did not see; `None` if it saw all.
fn unseen(fleet_status: &FleetStatus) -> Option<String> {
    let last = fleet_status.last.as_ref().filter(|_| fleet_status.active)?;
    let fleet = last.fleet;
    let not = last.unlooked;
    let mut why = Vec::new();
    if not > 0 {
        why.push(format!("{not} of {fleet} clusters were not looked at yet"));
    }
    let refused = last.refused.iter();
    why.extend(refused.map(|it| format!("account {} is not watched", it.account)));
    let blind = last.blind_places();
    why.extend(blind.map(|place| format!("clusters of {place} cannot be listed")));
    (!why.is_empty()).then(|| why.join("; "))
}

/// Returns why the watchdog counts as stalled; `None` if it is well. A standby does not sweep; it
/// is well as long as it reports that it stands by.
pub(super) fn stalled(
    fleet_status: &FleetStatus,
    began_at: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: TimeDelta,
) -> Option<String> {
    let swept = fleet_status.last.as_ref().map(|last| last.ended_at);
    let (last_act, at) = match (fleet_status.active, swept) {
        (false, _) => (
            "last reported that it stands by",
            fleet_status.at.max(began_at),
        ),
        (true, Some(at)) => ("last completed a sweep", at),
        (true, None) => ("has not completed a sweep since its start", began_at),
    };
    let silent = now - at;
    (silent > limit).then(|| {
        let silent = span(silent);
        let limit = span(limit);
        format!("the watchdog {last_act}, {silent} ago; the limit is {limit}")
    })
}
