//! The newest fleet status as metrics, in the text format of Prometheus (OpenMetrics 1.0).
//!
//! Dollars are floats only here, since the format has nothing else.

use super::{Shared, words};
use crate::model::fleet_status::{FleetStatus, SweepSummary, Totals};
use crate::model::money::Usd;
use crate::model::name::AccountId;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Level = Gauge<f64, AtomicU64>;
type Levels = Family<Labels, Level>;
type Counts = Family<Labels, Counter>;

pub(super) async fn text(State(shared): State<Arc<Shared>>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &registry(&shared.fleet_status())) {
        Ok(()) => ([(header::CONTENT_TYPE, KIND)], text).into_response(),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The metrics cannot be rendered.",
        )
            .into_response(),
    }
}

fn registry(fleet_status: &FleetStatus) -> Registry {
    let mut registry = Registry::with_prefix("clusterup");
    fleet(&mut registry, fleet_status);
    accounts(&mut registry, fleet_status);
    months(&mut registry, fleet_status);
    if let Some(last) = &fleet_status.last {
        sweep(&mut registry, last);
    }
    totals(&mut registry, &fleet_status.totals);
    let active = f64::from(u8::from(fleet_status.active));
    level(
        &mut registry,
        "active",
        "Whether this watchdog is active (1) or stands by (0)",
        active,
    );
    let at = seconds(fleet_status.at);
    level(
        &mut registry,
        "picture_timestamp_seconds",
        "When these figures were computed",
        at,
    );
    registry
}

fn fleet(registry: &mut Registry, fleet_status: &FleetStatus) {
    let states = Levels::default();
    let stages = Levels::default();
    let spent = Level::default();
    let rate = Level::default();
    for row in &fleet_status.clusters {
        let place = ("place", row.place.to_string());
        let state = ("state", words::state(row.state).to_owned());
        let account = fleet_status.account_of(&row.place);
        let account = account.map(|account| ("account", account.to_string()));
        let labels = [place, state].into_iter().chain(account).collect();
        states.get_or_create(&labels).inc();
        stages
            .get_or_create(&vec![("stage", row.stage.clone())])
            .inc();
        spent.inc_by(row.spent.map_or(0.0, float));
        rate.inc_by(row.rate.map_or(0.0, float));
    }
    registry.register(
        "clusters",
        "Clusters that have not ended, by place and state",
        states,
    );
    registry.register(
        "clusters_by_stage",
        "Clusters that have not ended, by the watchdog's assessment",
        stages,
    );
    registry.register(
        "spent_usd",
        "What these clusters have cost so far, as far as prices are known",
        spent,
    );
    registry.register(
        "rate_usd_per_hour",
        "What these clusters cost per hour",
        rate,
    );
}

/// Of each account whether it is watched, if there are several.
fn accounts(registry: &mut Registry, fleet_status: &FleetStatus) {
    if fleet_status.own_account.is_none() {
        return;
    }
    let refused = fleet_status.last.iter().flat_map(|last| &last.refused);
    let refused: BTreeSet<&AccountId> = refused.map(|it| &it.account).collect();
    let watched = Levels::default();
    let places = fleet_status.places.iter();
    for account in places.filter_map(|place| fleet_status.account_of(place)) {
        let is_watched = f64::from(u8::from(!refused.contains(account)));
        watched
            .get_or_create(&vec![("account", account.to_string())])
            .set(is_watched);
    }
    registry.register(
        "account_watched",
        "Whether the account is watched (1), or cannot be (0), such as without its role",
        watched,
    );
}

fn months(registry: &mut Registry, fleet_status: &FleetStatus) {
    type Figure = fn(&crate::model::fleet_status::Curve) -> Usd;
    let figures: [(&str, &str, Figure); 4] = [
        ("spent", "What a team has spent this month", |curve| {
            curve.spent
        }),
        ("limit", "What a team may spend this month", |curve| {
            curve.limit
        }),
        (
            "promised",
            "What a team's clusters may still cost",
            |curve| curve.reserved,
        ),
        (
            "projected",
            "What the team will have spent at the end of the month at this rate",
            |curve| curve.projected,
        ),
    ];
    for (name, help, figure) in figures {
        let family = Levels::default();
        for curve in &fleet_status.months {
            let team = ("team", curve.team.to_string());
            let policy = ("policy", curve.policy.to_string());
            family
                .get_or_create(&vec![team, policy])
                .set(float(figure(curve)));
        }
        registry.register(format!("team_month_{name}_usd"), help, family);
    }
}

fn sweep(registry: &mut Registry, last: &SweepSummary) {
    let took = seconds(last.ended_at) - seconds(last.began_at);
    let end = seconds(last.ended_at);
    let tripped = f64::from(u8::from(last.tripped));
    level(
        registry,
        "last_sweep_end_timestamp_seconds",
        "When the last sweep ended",
        end,
    );
    level(
        registry,
        "last_sweep_duration_seconds",
        "How long the last sweep took",
        took,
    );
    level(
        registry,
        "last_sweep_calls",
        "Calls to AWS in the last sweep",
        small(last.calls),
    );
    level(
        registry,
        "last_sweep_unseen",
        "What the last sweep could not read",
        small(last.unseen.len() as u64),
    );
    level(
        registry,
        "last_sweep_tripped",
        "Whether the circuit breaker held back ends in the last sweep",
        tripped,
    );
}

fn totals(registry: &mut Registry, totals: &Totals) {
    count(registry, "sweeps", "Completed sweeps", totals.sweeps);
    count(
        registry,
        "failed_sweeps",
        "Failed sweeps",
        totals.failed_sweeps,
    );
    count(
        registry,
        "warnings",
        "Clusters that were marked to end",
        totals.warned,
    );
    count(
        registry,
        "breaker_trips",
        "Sweeps in which the circuit breaker held back ends",
        totals.trips,
    );
    let by = |name: &'static str, counts: &std::collections::BTreeMap<String, u64>| {
        let family = Counts::default();
        for (key, count) in counts {
            family
                .get_or_create(&vec![(name, key.clone())])
                .inc_by(*count);
        }
        family
    };
    registry.register(
        "api_calls",
        "Calls to AWS, by name",
        by("call", &totals.calls),
    );
    let ended = by("reason", &totals.terminated);
    registry.register("terminated", "Clusters that were ended, by reason", ended);
    let notices = Counts::default();
    for (way, (sent, failed)) in &totals.notices {
        for (outcome, count) in [("sent", sent), ("failed", failed)] {
            let labels = vec![("way", way.clone()), ("outcome", outcome.to_owned())];
            notices.get_or_create(&labels).inc_by(*count);
        }
    }
    registry.register("notices", "Notices, by channel and outcome", notices);
}

fn level(registry: &mut Registry, name: &'static str, help: &'static str, value: f64) {
    let gauge = Level::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn count(registry: &mut Registry, name: &'static str, help: &'static str, value: u64) {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

fn float(amount: Usd) -> f64 {
    crate::chart::float(amount)
}

fn seconds(at: DateTime<Utc>) -> f64 {
    let millis = at.timestamp_millis() as f64;
    millis / 1_000.0
}

fn small(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
