//! What people ask for through the page: a later deadline, or the end.

use super::Shared;
use super::gate;
use super::page::says;
use crate::model::fleet::Place;
use crate::model::invalid::Invalid;
use crate::model::name::ClusterId;
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

/// How long an answer of the watchdog is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// In characters, of a name and a reason.
const LONGEST_TEXT: usize = 200;

/// A form's fields; which are needed depends on the act.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ActionForm {
    token: String,
    who: String,
    why: String,
    /// The cluster's id, typed.
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
    guest: Extensions,
    fields: Fields,
) -> Response {
    let wanted = |asked: &ActionForm, _: &ClusterId| {
        let max_lifetime = field("lifetime", &asked.max_lifetime)?;
        let budget = field("budget", &asked.budget)?;
        if max_lifetime.is_none() && budget.is_none() {
            return Err(wrong(
                "Say a new lifetime, such as `8h`, or a new budget, such as `$5`.",
            ));
        }
        Ok(RequestedAction::Extend {
            max_lifetime,
            budget,
        })
    };
    act(&shared, path, (&headers, &guest), fields, wanted).await
}

/// Ends a cluster whose id was typed.
pub(super) async fn end(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    guest: Extensions,
    fields: Fields,
) -> Response {
    let wanted = |asked: &ActionForm, id: &ClusterId| {
        if asked.confirm.trim() == id.as_str() {
            Ok(RequestedAction::End)
        } else {
            Err(wrong(format!(
                "To end it, type the cluster's id, {id}. Nothing was done."
            )))
        }
    };
    act(&shared, path, (&headers, &guest), fields, wanted).await
}

async fn act(
    shared: &Shared,
    path: (String, String),
    (headers, guest): (&HeaderMap, &Extensions),
    fields: Fields,
    wanted: impl Fn(&ActionForm, &ClusterId) -> Result<RequestedAction, Refusal>,
) -> Response {
    let from = gate::from(guest);
    let done = match fields {
        Ok(Form(asked)) => match admitted(shared, path, (headers, from), &asked, wanted) {
            Ok((operator_request, answer)) => ask(shared, operator_request, answer).await,
            Err(refusal) => Err(refusal),
        },
        Err(rejection) => Err((rejection.status(), "The form cannot be read.".to_owned())),
    };
    let (status, text) = match done {
        Ok(text) => (StatusCode::OK, text),
        Err(refusal) => refusal,
    };
    says(gate::request_wants(headers), status, &text)
}

type Asking = (OperatorRequest, oneshot::Receiver<Result<String, String>>);

/// The wish of somebody who may have it, for a cluster that is there.
fn admitted(
    shared: &Shared,
    (place, id): (String, String),
    (headers, from): (&HeaderMap, IpAddr),
    asked: &ActionForm,
    wanted: impl Fn(&ActionForm, &ClusterId) -> Result<RequestedAction, Refusal>,
) -> Result<Asking, Refusal> {
    let forged = |why: &str| (StatusCode::FORBIDDEN, why.to_owned());
    let shown = gate::token(headers, &asked.token).map_err(forged)?;
    gate::admit(shared, Some(shown), from)?;
    let (place, id) = known(shared, &place, &id).ok_or_else(|| {
        let why = "The watchdog knows no such cluster: it is over, or not in its places.";
        (StatusCode::NOT_FOUND, why.to_owned())
    })?;
    let what = wanted(asked, &id)?;
    let why = line("why", &asked.why)?;
    let who = match asked.who.trim() {
        "" => "somebody at the page".to_owned(),
        _ => format!("{} at the page", line("your name", &asked.who)?),
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

/// A cluster of the picture, by the words of a path.
fn known(shared: &Shared, place: &str, id: &str) -> Option<(Place, ClusterId)> {
    let place = place.parse().ok()?;
    let id = id.parse().ok()?;
    let fleet_status = shared.fleet_status();
    let mut rows = fleet_status.clusters.iter();
    rows.any(|row| row.place == place && row.id == id)
        .then_some((place, id))
}

async fn ask(
    shared: &Shared,
    operator_request: OperatorRequest,
    answer: oneshot::Receiver<Result<String, String>>,
) -> Result<String, Refusal> {
    const AWAY: &str = "The watchdog does not answer. Look at the events whether it was done.";
    shared
        .dash
        .requests
        .try_send(operator_request)
        .map_err(|error| {
            let why = match error {
                TrySendError::Full(_) => "The watchdog has too much to do; try again in a minute.",
                TrySendError::Closed(_) => "The watchdog is ending. Nothing was done.",
            };
            (StatusCode::SERVICE_UNAVAILABLE, why.to_owned())
        })?;
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(Ok(done))) => Ok(done),
        Ok(Ok(Err(why))) => Err((StatusCode::CONFLICT, why)),
        Ok(Err(_)) | Err(_) => Err((StatusCode::GATEWAY_TIMEOUT, AWAY.to_owned())),
    }
}

fn wrong(why: impl Into<String>) -> Refusal {
    (StatusCode::UNPROCESSABLE_ENTITY, why.into())
}

/// A field that may be empty.
fn field<T: FromStr<Err = Invalid>>(name: &str, text: &str) -> Result<Option<T>, Refusal> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(wrong(format!("The {name} has to be {}.", error.expected))),
        },
    }
}

/// A line that somebody wrote, as logs can have it.
fn line(name: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_TEXT || text.contains(char::is_control) {
        let most = format!("Say {name} in a line of at most {LONGEST_TEXT} characters.");
        return Err(wrong(most));
    }
    Ok(text.to_owned())
}
