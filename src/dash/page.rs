//! The page, as a whole and in the parts that events update, and a page for one cluster.

use super::Shared;
use super::cluster::ClusterView;
use super::cost;
use super::gate::accepted_format;
use super::view::{EventView, Head, MonthView, RowView};
use crate::model::fleet_status::{FleetStatus, PlacedCost};
use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// The parts of the page that a new fleet status updates, as HTML, by the ids of their elements.
#[derive(Serialize)]
pub(super) struct Parts {
    head: String,
    fleet: String,
    cost: String,
    months: String,
    events: String,
}

impl Parts {
    pub(super) fn render(
        fleet_status: &FleetStatus,
        now: DateTime<Utc>,
        acts: bool,
    ) -> askama::Result<Self> {
        let rows = fleet_status
            .clusters
            .iter()
            .map(|row| RowView::of(row, now));
        let events = fleet_status.events.iter().rev();
        Ok(Self {
            head: HeadPart {
                head: Head::of(fleet_status, now),
            }
            .render()?,
            fleet: FleetPart {
                rows: rows.collect(),
                mildest: fleet_status.mildest.as_deref(),
                other_costs: fleet_status
                    .other_costs
                    .iter()
                    .map(PlacedCost::text)
                    .collect(),
                acts,
            }
            .render()?,
            cost: fleet_status.cost.as_ref().map_or_else(
                || "<p class=\"empty\">It is not known yet what clusters have cost.</p>".to_owned(),
                cost::chart,
            ),
            months: MonthsPart {
                months: fleet_status.months.iter().map(MonthView::of).collect(),
            }
            .render()?,
            events: EventsPart {
                events: events.map(|one| EventView::of(one, now)).collect(),
            }
            .render()?,
        })
    }
}

#[derive(Template)]
#[template(path = "dash/head.html")]
struct HeadPart {
    head: Head,
}

#[derive(Template)]
#[template(path = "dash/fleet.html")]
struct FleetPart<'a> {
    rows: Vec<RowView>,
    mildest: Option<&'a str>,
    /// What costs money besides clusters.
    other_costs: Vec<String>,
    acts: bool,
}

#[derive(Template)]
#[template(path = "dash/months.html")]
struct MonthsPart {
    months: Vec<MonthView>,
}

#[derive(Template)]
#[template(path = "dash/events.html")]
struct EventsPart {
    events: Vec<EventView>,
}

#[derive(Template)]
#[template(path = "dash/page.html")]
struct Page {
    parts: Parts,
    /// In milliseconds since 1970.
    now: i64,
    acts: bool,
}

#[derive(Template)]
#[template(path = "dash/cluster.html")]
struct ClusterPage {
    row: RowView,
    view: ClusterView,
    events: Vec<EventView>,
    /// In milliseconds since 1970.
    now: i64,
    acts: bool,
}

#[derive(Template)]
#[template(path = "dash/says.html")]
struct MessagePage<'a> {
    title: &'a str,
    text: &'a str,
}

/// The format of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Html,
}

/// Responds with one sentence.
pub(super) fn reply(answer: Format, status: StatusCode, text: &str) -> Response {
    match answer {
        Format::Json => (
            status,
            Json(json!({ "ok": status.is_success(), "says": text })),
        )
            .into_response(),
        Format::Html => {
            let title = if status.is_success() {
                "Done"
            } else {
                "Not done"
            };
            (status, html(MessagePage { title, text }.render())).into_response()
        }
    }
}

fn html(rendered: askama::Result<String>) -> Response {
    match rendered {
        Ok(page) => Html(page).into_response(),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "The page cannot be rendered.",
        )
            .into_response(),
    }
}

/// `GET /`
pub(super) async fn whole(State(shared): State<Arc<Shared>>) -> Response {
    let now = shared.now();
    let acts = shared.dash.token.is_some();
    let rendered = Parts::render(&shared.fleet_status(), now, acts).and_then(|parts| {
        let now = now.timestamp_millis();
        Page { parts, now, acts }.render()
    });
    html(rendered)
}

/// `GET /clusters/{place}/{id}`: one cluster, with forms that need no script.
pub(super) async fn cluster(
    State(shared): State<Arc<Shared>>,
    Path((place, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let fleet_status = shared.fleet_status();
    let mut rows = fleet_status.clusters.iter();
    match rows.find(|row| row.place.to_string() == place && row.id.as_str() == id) {
        Some(row) => {
            let now = shared.now();
            let (view, events) = ClusterView::of(row, &fleet_status, now);
            let page = ClusterPage {
                row: RowView::of(row, now),
                view,
                events,
                now: now.timestamp_millis(),
                acts: shared.dash.token.is_some(),
            };
            html(page.render())
        }
        None => {
            let why = "The watchdog does not know this cluster: it has ended, or its place is not \
                       watched.";
            reply(accepted_format(&headers), StatusCode::NOT_FOUND, why)
        }
    }
}

/// `GET /api/picture`: the fleet status as JSON.
pub(super) async fn fleet_status(State(shared): State<Arc<Shared>>) -> Response {
    Json(&*shared.fleet_status()).into_response()
}

/// Responds to unknown paths.
pub(super) async fn not_found(headers: HeaderMap) -> Response {
    let why = "This page does not exist.";
    reply(accepted_format(&headers), StatusCode::NOT_FOUND, why)
}
