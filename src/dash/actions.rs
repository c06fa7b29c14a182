//! The actions of the page: moving a deadline, and ending a cluster.

use super::Shared;
use super::gate;
use super::page::reply;
use crate::model::invalid::Invalid;
use crate::model::name::ClusterId;
use crate::model::place::Place;
use crate::run::watchdog::request::{OperatorRequest, RequestedAction};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

/// How long the page waits for the watchdog's answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest name or reason, in characters.
const MAX_TEXT: usize = 200;

/// The fields of a form; which are required depends on the action.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ActionForm {
    token: String,
    who: String,
    why: String,
    /// The cluster's id, typed as a confirmation.
    confirm: String,
    max_lifetime: String,
    budget: String,
}

type Fields = Result<Form<ActionForm>, FormRejection>;
type Refusal = (StatusCode, String);

/// Moves a cluster's deadline.
pub(super) async fn extend(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    origin: Extensions,
    fields: Fields,
) -> Response {
    let parse = |form: &ActionForm, _: &ClusterId| {
        let max_lifetime = field("lifetime", &form.max_lifetime)?;
        let budget = field("budget", &form.budget)?;
        if max_lifetime.is_none() && budget.is_none() {
            return Err(invalid(
                "Give a new lifetime, such as `8h`, or a new budget, such as `$5`.",
            ));
        }
        Ok(RequestedAction::Extend {
            max_lifetime,
            budget,
        })
    };
    act(&shared, path, (&headers, &origin), fields, parse).await
}

/// Ends a cluster whose id was typed.
pub(super) async fn end(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    origin: Extensions,
    fields: Fields,
) -> Response {
    let parse = |form: &ActionForm, id: &ClusterId| {
        if form.confirm.trim() == id.as_str() {
            Ok(RequestedAction::End)
        } else {
            Err(invalid(format!(
                "To end it, type the cluster's id, {id}. Nothing was done."
            )))
        }
    };
    act(&shared, path, (&headers, &origin), fields, parse).await
}

async fn act(
    shared: &Shared,
    path: (String, String),
    (headers, origin): (&HeaderMap, &Extensions),
    fields: Fields,
    parse: impl Fn(&ActionForm, &ClusterId) -> Result<RequestedAction, Refusal>,
) -> Response {
    let from = gate::from(origin);
    let done = match fields {
        Ok(Form(form)) => match admit(shared, path, (headers, from), &form, parse) {
            Ok((operator_request, answer)) => send(shared, operator_request, answer).await,
            Err(refusal) => Err(refusal),
        },
        Err(rejection) => Err((rejection.status(), "The form cannot be read.".to_owned())),
    };
    let (status, text) = match done {
        Ok(text) => (StatusCode::OK, text),
        Err(refusal) => refusal,
    };
    reply(gate::accepted_format(headers), status, &text)
}

type Admitted = (OperatorRequest, oneshot::Receiver<Result<String, String>>);

/// Checks token and form, and returns the request for a cluster that exists.
fn admit(
    shared: &Shared,
    (place, id): (String, String),
    (headers, from): (&HeaderMap, IpAddr),
    form: &ActionForm,
    parse: impl Fn(&ActionForm, &ClusterId) -> Result<RequestedAction, Refusal>,
) -> Result<Admitted, Refusal> {
    let forged = |why: &str| (StatusCode::FORBIDDEN, why.to_owned());
    let token = gate::token(headers, &form.token).map_err(forged)?;
    gate::admit(shared, Some(token), from)?;
    let (place, id) = find(shared, &place, &id).ok_or_else(|| {
        let why = "The watchdog does not know this cluster: it has ended, or its place is not \
                   watched.";
        (StatusCode::NOT_FOUND, why.to_owned())
    })?;
    let what = parse(form, &id)?;
    let why = line("a reason", &form.why)?;
    let who = match form.who.trim() {
        "" => "somebody at the page".to_owned(),
        _ => format!("{} at the page", line("your name", &form.who)?),
    };
    let (sender, answer) = oneshot::channel();
    let operator_request = OperatorRequest {
        place,
        id,
        who,
        why,
        what,
        answer: sender,
    };
    Ok((operator_request, answer))
}

/// Finds a cluster of the fleet status by the parts of a path.
fn find(shared: &Shared, place: &str, id: &str) -> Option<(Place, ClusterId)> {
    let place = place.parse().ok()?;
    let id = id.parse().ok()?;
    let fleet_status = shared.fleet_status();
    let mut rows = fleet_status.clusters.iter();
    rows.any(|row| row.place == place && row.id == id)
        .then_some((place, id))
}

async fn send(
    shared: &Shared,
    operator_request: OperatorRequest,
    answer: oneshot::Receiver<Result<String, String>>,
) -> Result<String, Refusal> {
    const NO_ANSWER: &str = "The watchdog does not answer. The events show whether it was done.";
    shared
        .dash
        .requests
        .try_send(operator_request)
        .map_err(|error| {
            let why = match error {
                TrySendError::Full(_) => "The watchdog is busy; try again in a minute.",
                TrySendError::Closed(_) => "The watchdog is stopping. Nothing was done.",
            };
            (StatusCode::SERVICE_UNAVAILABLE, why.to_owned())
        })?;
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(Ok(done))) => Ok(done),
        Ok(Ok(Err(why))) => Err((StatusCode::CONFLICT, why)),
        Ok(Err(_)) | Err(_) => Err((StatusCode::GATEWAY_TIMEOUT, NO_ANSWER.to_owned())),
    }
}

fn invalid(why: impl Into<String>) -> Refusal {
    (StatusCode::UNPROCESSABLE_ENTITY, why.into())
}

/// Parses a field that may be empty.
fn field<T: FromStr<Err = Invalid>>(name: &str, text: &str) -> Result<Option<T>, Refusal> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(invalid(format!("The {name} has to be {}.", error.expected))),
        },
    }
}

/// Returns a field as one line without control characters.
fn line(name: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT || text.contains(char::is_control) {
        let message = format!("Give {name} as one line of at most {MAX_TEXT} characters.");
        return Err(invalid(message));
    }
    Ok(text.to_owned())
}
