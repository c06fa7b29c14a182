//! Tests of the watchdog's page without a socket.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "dash/accounts.rs"]
mod accounts;
#[path = "dash/picture.rs"]
mod fleet_status;
#[path = "support/hints.rs"]
mod hints;
#[path = "dash/door.rs"]
mod request_origin;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::dash::{Dash, router, serve};
use clusterup::model::clock::Clock;
use clusterup::model::fleet_status::{FleetStatus, SweepSummary};
use clusterup::run::watchdog::request::{OperatorRequest, RequestedAction};
use fleet_status::{fleet_status, noon};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tower::ServiceExt;

const TOKEN: &str = "a-token-for-tests-only";
const EXTEND: &str = "/clusters/us-east-1/j-3A7XQ2Y9LMN0P/extend";
const END: &str = "/clusters/us-east-1/j-3A7XQ2Y9LMN0P/end";

/// A clock that stands still until a test moves it.
struct Still(Mutex<DateTime<Utc>>);

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

struct Page {
    router: Router,
    fleet_statuses: watch::Sender<Arc<FleetStatus>>,
    requests: mpsc::Receiver<OperatorRequest>,
    clock: Arc<Still>,
}

fn page(token: Option<&str>) -> Page {
    let (fleet_statuses, seen) = watch::channel(Arc::new(fleet_status(noon())));
    let (operator_request, requests) = mpsc::channel(4);
    let clock = Arc::new(Still(Mutex::new(noon())));
    let dash = Dash {
        fleet_statuses: seen,
        requests: operator_request,
        token: token.map(|token| token.parse().unwrap()),
        clock: clock.clone(),
        stalled_after: Duration::from_secs(300),
    };
    Page {
        router: router(dash),
        fleet_statuses,
        requests,
        clock,
    }
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Page {
    async fn ask(&self, request: Request<Body>) -> Reply {
        let reply = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = reply.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Reply {
        let request = Request::get(path).header("host", "localhost:9184");
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Reply {
        let mut request = Request::post(path)
            .header("host", "localhost:9184")
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(form.to_owned())).unwrap())
            .await
    }

    /// Whether the watchdog received a request.
    fn was_requested(&mut self) -> bool {
        self.requests.try_recv().is_ok()
    }
}

#[tokio::test]
async fn the_page_is_whole() {
    let page = page(Some(TOKEN)).get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    insta::assert_snapshot!(page.body);
}

/// The pictures of the page come from these clusters, so that their commands must exist too.
#[test]
fn the_commands_of_the_shown_clusters_can_be_pasted() {
    let clusters = fleet_status(noon()).clusters;
    let safeguards = clusters.iter().flat_map(|cluster| &cluster.safeguards);
    let commands: Vec<String> = safeguards
        .filter_map(|safeguard| safeguard.next())
        .map(ToString::to_string)
        .collect();
    assert!(commands.iter().any(|it| it.ends_with("--create-roles")));
    for command in commands {
        hints::check(&format!("next: {command}"));
    }
}

#[tokio::test]
async fn the_page_of_a_cluster_has_its_timeline_steps_and_commands() {
    let page = page(Some(TOKEN));
    let one = |id: &str| format!("/clusters/us-east-1/{id}");
    let body = page.get(&one("j-2FE91KQ0ZLM4T")).await.body;
    for part in [
        "clusterup/feature-store-backfill/2fe91k",
        "4 now",
        "train (running)",
        "deadline: ",
        "no task done for 1h",
        "up to 1d12h",
        "After 20m without work it ends all the same",
    ] {
        assert!(body.contains(part), "{part}: {body}");
    }
    // A foreign cluster has neither guardrails nor a deadline that can be moved.
    let foreign = page.get(&one("j-B4DF00DCAFE12")).await.body;
    assert!(!foreign.contains("/extend") && foreign.contains("/end"));
    for body in [body, foreign] {
        let commands = body.split("<dd><code>").skip(1);
        let commands = commands.map(|rest| rest.split("</code>").next().unwrap());
        let commands: Vec<&str> = commands.collect();
        assert!(commands.len() >= 3, "{commands:?}");
        for command in commands {
            hints::check(&format!("next: {}", command.replace("&#39;", "'")));
        }
    }
}

/// A cluster whose grace starts with a warning in the future is not about to end.
#[tokio::test]
async fn the_time_to_a_warning_is_not_shown_as_the_time_to_the_end() {
    let page = page(None);
    let mut fleet_status = fleet_status(noon());
    let mut rows = fleet_status.clusters.iter_mut();
    let row = rows
        .find(|row| row.id.as_str() == "j-E7E7E7E7E7E7E")
        .unwrap();
    let at = |minutes| Some(noon() + TimeDelta::minutes(minutes));
    (row.idle_since, row.warns_at, row.ends_at) = (at(-1_440), at(12), at(72));
    (row.idle_at_least, row.at_earliest) = (true, true);
    row.cause = Some("forgotten".to_owned());
    fleet_status.mildest =
        Some("by the mildest of 2 policies: terminate by policy data".to_owned());
    page.fleet_statuses
        .send(Arc::new(fleet_status.clone()))
        .unwrap();
    let body = page.get("/").await.body;
    let row = body
        .split("data-row=")
        .find(|row| row.contains("databrew-migration"))
        .unwrap();
    let cell = row.split("data-label=\"Ends in\"").nth(1).unwrap();
    let cell = cell.split("</td>").next().unwrap();
    assert!(cell.contains(">warning in <time"), "{cell}");
    assert!(cell.contains(">12m</time>"), "{cell}");
    assert!(
        cell.contains("forgotten · ends <time") && cell.contains(">13:12 UTC</time> at the"),
        "{cell}"
    );
    assert!(!row.contains("class=\"soon\""), "{row}");
    assert!(row.contains("≥ <time"), "{row}");
    let one = page.get("/clusters/us-east-1/j-E7E7E7E7E7E7E").await.body;
    assert!(
        one.contains("13:12 UTC</time> at the earliest: people are warned in 12m"),
        "{one}"
    );
    assert!(one.contains("at least 1d"), "{one}");
    assert!(
        body.contains("by the mildest of 2 policies: terminate by policy data"),
        "{body}"
    );
    // A cluster that is only reported has no end.
    let row = fleet_status
        .clusters
        .iter_mut()
        .find(|row| row.at_earliest)
        .unwrap();
    (row.ends_at, row.at_earliest) = (None, false);
    page.fleet_statuses.send(Arc::new(fleet_status)).unwrap();
    let body = page.get("/").await.body;
    assert!(body.contains(">notice in <time"), "{body}");
    assert!(body.contains("forgotten · nothing ends it"), "{body}");
}

#[tokio::test]
async fn foreign_text_is_escaped() {
    let page = page(Some(TOKEN));
    for path in ["/", "/events", "/clusters/us-east-1/j-D15EA5E000042"] {
        let body = page.get(path).await.body;
        assert!(body.contains("spark-poc"), "{path}");
        assert!(!body.contains("<script>"), "{path}");
        assert!(
            !body.contains("style="),
            "the policy forbids styles in place: {path}"
        );
        assert!(!body.contains("onclick"), "{path}");
    }
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let page = page(None);
    for path in [
        "/",
        "/events",
        "/metrics",
        "/healthz",
        "/api/picture",
        "/app.js",
        "/app.css",
        "/none",
    ] {
        let headers = page.get(path).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn foreign_host_names_are_refused() {
    let page = page(None);
    for host in ["evil.example", "localhost.evil.example:9184", "10.1.2.3"] {
        for path in [
            "/",
            "/events",
            "/metrics",
            "/healthz",
            "/api/picture",
            "/app.js",
        ] {
            let request = Request::get(path).header("host", host);
            let reply = page.ask(request.body(Body::empty()).unwrap()).await;
            assert_eq!(
                reply.status,
                StatusCode::MISDIRECTED_REQUEST,
                "{host} {path}"
            );
            assert!(!reply.body.contains("recommender"));
        }
    }
    let nameless = Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(
        page.ask(nameless).await.status,
        StatusCode::MISDIRECTED_REQUEST
    );
}

#[tokio::test]
async fn forged_requests_are_refused() {
    let mut page = page(Some(TOKEN));
    let form = format!("token={TOKEN}&why=no&confirm=j-3A7XQ2Y9LMN0P&max_lifetime=9h");
    let bearer = format!("Bearer {TOKEN}");
    let ours = ("origin", "http://localhost:9184");
    let forged: [&[(&str, &str)]; 6] = [
        &[],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[
            ("origin", "http://evil.example"),
            ("authorization", &bearer),
        ],
        &[ours, ("sec-fetch-site", "cross-site")],
        &[("origin", "null"), ("sec-fetch-site", "same-site")],
    ];
    for headers in forged {
        for path in [EXTEND, END] {
            let reply = page.post(path, headers, &form).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{headers:?}");
        }
    }
    // As many as are checked before guesses are slowed down.
    let (wrong, short) = ("wrong-wrong-wrong-wrong", "a-token-for-tests-onl");
    let token_attempts = [
        ("", END),
        (wrong, EXTEND),
        (wrong, END),
        (short, EXTEND),
        (short, END),
    ];
    for (token, path) in token_attempts {
        let form = format!("token={token}&why=no&confirm=j-3A7XQ2Y9LMN0P&max_lifetime=9h");
        let reply = page.post(path, &[ours], &form).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{token}");
    }
    let host = Request::post(END)
        .header("host", "evil.example")
        .header("origin", "http://evil.example");
    let host = host.header("content-type", "application/x-www-form-urlencoded");
    let reply = page.ask(host.body(Body::from(form.clone())).unwrap()).await;
    assert_eq!(reply.status, StatusCode::MISDIRECTED_REQUEST);
    for path in [EXTEND, END] {
        let reply = page.get(&format!("{path}?{form}")).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert!(!page.was_requested());
}

#[tokio::test]
async fn without_a_token_the_page_is_read_only() {
    let mut page = page(None);
    let ours = [("origin", "http://localhost:9184")];
    let reply = page
        .post(END, &ours, "token=&why=no&confirm=j-3A7XQ2Y9LMN0P")
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(!page.was_requested());
    let body = page.get("/").await.body;
    assert!(body.contains("This page is read-only"));
    assert!(!body.contains("data-act"));
}

#[tokio::test]
async fn invalid_forms_are_refused_with_a_reason() {
    let mut page = page(Some(TOKEN));
    let ours = [
        ("origin", "http://localhost:9184"),
        ("accept", "application/json"),
    ];
    let long = "x".repeat(20_000);
    for (path, form, status, says) in [
        (
            EXTEND,
            "why=it&max_lifetime=8",
            StatusCode::UNPROCESSABLE_ENTITY,
            "a length of time",
        ),
        (
            EXTEND,
            "why=it&budget=5",
            StatusCode::UNPROCESSABLE_ENTITY,
            "dollars",
        ),
        (
            EXTEND,
            "why=it",
            StatusCode::UNPROCESSABLE_ENTITY,
            "Give a new lifetime",
        ),
        (
            EXTEND,
            "budget=$5",
            StatusCode::UNPROCESSABLE_ENTITY,
            "Give a reason",
        ),
        (
            EXTEND,
            "budget=$5&why=a%0Ab",
            StatusCode::UNPROCESSABLE_ENTITY,
            "as one line",
        ),
        (
            END,
            "why=it&confirm=j-1",
            StatusCode::UNPROCESSABLE_ENTITY,
            "type the cluster's id",
        ),
        (
            "/clusters/us-east-1/j-0/end",
            "why=it&confirm=j-0",
            StatusCode::NOT_FOUND,
            "does not know this cluster",
        ),
        (
            "/clusters/eu-west-1/j-3A7XQ2Y9LMN0P/end",
            "why=it",
            StatusCode::NOT_FOUND,
            "does not know this cluster",
        ),
        (
            END,
            long.as_str(),
            StatusCode::PAYLOAD_TOO_LARGE,
            "cannot be read",
        ),
    ] {
        let reply = page
            .post(path, &ours, &format!("token={TOKEN}&{form}"))
            .await;
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(reply.status, status, "{path}: {body}");
        assert_eq!(body["ok"], false);
        assert!(body["says"].as_str().unwrap().contains(says), "{body}");
    }
    assert!(!page.was_requested());
}

#[tokio::test]
async fn a_valid_request_reaches_the_watchdog() {
    let mut page = page(Some(TOKEN));
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("accept", "application/json"),
    ];
    let mut requests = std::mem::replace(&mut page.requests, mpsc::channel(1).1);
    let watchdog = async {
        let operator_request = requests.recv().await.unwrap();
        assert_eq!(operator_request.who, "ana at the page");
        assert_eq!(operator_request.why, "one more run");
        let budget = Some("$5".parse().unwrap());
        assert_eq!(
            operator_request.what,
            RequestedAction::Extend {
                max_lifetime: Some("9h".parse().unwrap()),
                budget
            }
        );
        operator_request
            .answer
            .send(Ok("lives until 17:26".to_owned()))
            .unwrap();
        let operator_request = requests.recv().await.unwrap();
        assert_eq!(
            (operator_request.what, operator_request.id.as_str()),
            (RequestedAction::End, "j-3A7XQ2Y9LMN0P")
        );
        operator_request
            .answer
            .send(Err("it is ending already".to_owned()))
            .unwrap();
    };
    let person = async {
        let form = "who=ana&why=one+more+run&max_lifetime=9h&budget=%245";
        let done = page.post(EXTEND, &headers, form).await;
        let form = format!("token={TOKEN}&why=done&confirm=j-3A7XQ2Y9LMN0P");
        let not = page
            .post(END, &[("origin", "http://localhost:9184")], &form)
            .await;
        (done, not)
    };
    let ((), (done, not)) = tokio::join!(watchdog, person);
    assert_eq!(done.status, StatusCode::OK);
    assert_eq!(done.body, r#"{"ok":true,"says":"lives until 17:26"}"#);
    assert_eq!(not.status, StatusCode::CONFLICT);
    assert!(not.body.starts_with("<!doctype html>"));
    assert!(not.body.contains("it is ending already"));
}

#[tokio::test(start_paused = true)]
async fn events_have_the_newest_status() {
    let page = page(None);
    let id = |body: &str| {
        let line = body.lines().find_map(|line| line.strip_prefix("id: "));
        line.unwrap_or_default().to_owned()
    };
    let since = |id: &str| {
        let request = Request::get("/events")
            .header("host", "[::1]:9184")
            .header("last-event-id", id);
        request.body(Body::empty()).unwrap()
    };
    let first = page.get("/events").await;
    assert_eq!(first.headers["content-type"], "text/event-stream");
    assert!(first.body.contains("movies-adhoc"));
    let seen = id(&first.body);
    let quiet = page.ask(since(&seen)).await.body;
    assert!(
        quiet.contains("\n: nothing new") && !quiet.contains("data:"),
        "{quiet}"
    );
    let draw = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        page.clock
            .0
            .lock()
            .unwrap()
            .clone_from(&(noon() + chrono::TimeDelta::seconds(30)));
        let mut next = fleet_status(noon());
        next.clusters[8].name = "renamed".into();
        page.fleet_statuses.send_replace(Arc::new(next));
    };
    let ((), next) = tokio::join!(draw, page.ask(since(&seen)));
    assert!(next.body.contains("renamed"));
    assert_ne!(id(&next.body), seen);
    let data = next
        .body
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(
        data["now"],
        (noon() + chrono::TimeDelta::seconds(30)).timestamp_millis()
    );
    for part in ["head", "fleet", "cost", "months", "events"] {
        assert!(data["parts"][part].is_string(), "{part}");
    }
    let waiting = (0..32).map(|_| page.router.clone().oneshot(since(&id(&next.body))));
    let waiting: Vec<_> = waiting.map(tokio::spawn).collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(
        page.get("/events").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    for one in waiting {
        assert_eq!(one.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    assert_eq!(page.get("/events").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stalled_watchdog_is_unhealthy() {
    let page = page(None);
    let push =
        |seconds| *page.clock.0.lock().unwrap() = noon() + chrono::TimeDelta::seconds(seconds);
    let health = async || {
        let reply = page.get("/healthz").await;
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        (
            reply.status,
            body["status"].as_str().unwrap().to_owned(),
            body["why"].clone(),
        )
    };
    let well = || (StatusCode::OK, "ok".to_owned(), Value::Null);
    assert_eq!(health().await, well());
    push(282);
    assert_eq!(health().await, well());
    push(283);
    let (status, body, why) = health().await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "stalled")
    );
    assert!(why.as_str().unwrap().contains("sweep"), "{why}");
    let standing_by = FleetStatus {
        active: false,
        ..fleet_status(noon())
    };
    page.fleet_statuses.send_replace(Arc::new(standing_by));
    assert_eq!(health().await, well());
    push(301);
    assert_eq!(health().await.0, StatusCode::SERVICE_UNAVAILABLE);
    let begun = FleetStatus {
        last: None,
        ..fleet_status(noon())
    };
    page.fleet_statuses.send_replace(Arc::new(begun));
    push(300);
    let (status, body, _) = health().await;
    assert_eq!((status.as_u16(), body.as_str()), (503, "starting"));
    push(301);
    let (status, body, _) = health().await;
    assert_eq!((status.as_u16(), body.as_str()), (503, "stalled"));
}

#[tokio::test]
async fn health_reports_how_much_was_not_seen() {
    let page = page(None);
    let at = noon();
    let swept = fleet_status(at).last.unwrap();
    let pictured = |active, last, seconds| FleetStatus {
        active,
        last,
        ..fleet_status(at + chrono::TimeDelta::seconds(seconds))
    };
    let partly = |unlooked, blind: &[&str]| {
        let blind = blind.iter().map(|place| place.parse().unwrap()).collect();
        Some(SweepSummary {
            fleet: 500,
            unlooked,
            unread: 0,
            blind,
            ..swept.clone()
        })
    };
    for (fleet_status, code, word, unseen, why) in [
        (
            pictured(false, None, 0),
            503,
            "starting",
            Value::Null,
            "no sweep",
        ),
        (
            pictured(true, None, 9),
            503,
            "starting",
            Value::Null,
            "no sweep",
        ),
        (pictured(false, None, 9), 200, "ok", Value::Null, ""),
        (
            pictured(true, partly(460, &[]), 9),
            200,
            "partial",
            460.into(),
            "460 of 500",
        ),
        (
            pictured(true, partly(1, &[]), 9),
            200,
            "partial",
            1.into(),
            "1 of 500",
        ),
        (
            pictured(true, partly(0, &["eu-west-1"]), 9),
            200,
            "partial",
            0.into(),
            "eu-west-1",
        ),
        (pictured(true, partly(0, &[]), 9), 200, "ok", 0.into(), ""),
    ] {
        page.fleet_statuses.send_replace(Arc::new(fleet_status));
        let reply = page.get("/healthz").await;
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(
            (reply.status.as_u16(), &body["status"]),
            (code, &word.into()),
            "{body}"
        );
        assert_eq!(body["unseen"], unseen, "{body}");
        assert!(
            body["why"].as_str().unwrap_or_default().contains(why),
            "{body}"
        );
        assert_eq!(body["why"].is_null(), why.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn the_fleet_status_is_served_as_json() {
    let reported: Value = serde_json::from_str(&page(None).get("/api/picture").await.body).unwrap();
    assert_eq!(
        reported,
        serde_json::to_value(fleet_status(noon())).unwrap()
    );
}

#[tokio::test]
async fn it_closes_while_requests_wait() {
    let (_pictures, seen) = watch::channel(Arc::new(fleet_status(noon())));
    let dash = Dash {
        fleet_statuses: seen,
        requests: mpsc::channel(1).0,
        token: None,
        clock: Arc::new(Still(Mutex::new(noon()))),
        stalled_after: Duration::from_secs(300),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ask = async |text: &str| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(text.as_bytes()).await.unwrap();
        socket
    };
    let (close, closed) = oneshot::channel::<()>();
    let people = async {
        let mut first =
            ask("GET /events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
        let mut text = String::new();
        first.read_to_string(&mut text).await.unwrap();
        let id = text
            .lines()
            .find_map(|line| line.strip_prefix("id: "))
            .unwrap();
        let waits =
            format!("GET /events HTTP/1.1\r\nhost: localhost\r\nlast-event-id: {id}\r\n\r\n");
        let waiting = ask(&waits).await;
        let half = ask("GET / HTTP/1.1\r\nhost: loc").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        close.send(()).unwrap();
        (waiting, half)
    };
    let until = async { closed.await.unwrap() };
    let both = async { tokio::join!(serve(listener, dash, until), people) };
    let (served, (mut waiting, _half)) = tokio::time::timeout(Duration::from_secs(8), both)
        .await
        .expect("it hangs");
    served.unwrap();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(": nothing new"), "{answer}");
}

#[tokio::test]
async fn an_empty_fleet_is_rendered() {
    let page = page(Some(TOKEN));
    let mut empty = fleet_status(noon());
    (empty.clusters, empty.months, empty.events, empty.last) = (vec![], vec![], vec![], None);
    page.fleet_statuses.send_replace(Arc::new(empty));
    let body = page.get("/").await.body;
    for words in [
        "There are no clusters",
        "No team has a monthly budget",
        "The watchdog has recorded no events yet",
    ] {
        assert!(body.contains(words), "{words}");
    }
    assert_eq!(page.get("/metrics").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_what_prometheus_reads() {
    let reply = page(None).get("/metrics").await;
    let kind = reply.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"));
    let mut lines: Vec<_> = reply.body.lines().collect();
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"));
    let Some(python) = python() else {
        writeln!(
            std::io::stderr(),
            "there is no python3: the metrics are not read by Prometheus's own parser"
        )
        .unwrap();
        return;
    };
    let mut parser = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/dash/metrics.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    parser
        .stdin
        .take()
        .unwrap()
        .write_all(reply.body.as_bytes())
        .unwrap();
    let read = parser.wait_with_output().unwrap();
    assert!(read.status.success());
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    let value = |name: &str, labels: Value| {
        let mut all = read.as_array().unwrap().iter();
        let found = all.find(|one| one["name"] == name && one["labels"] == labels);
        found.unwrap_or_else(|| panic!("no {name} {labels}"))["value"]
            .as_f64()
            .unwrap()
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let running = json(r#"{"place": "us-east-1", "state": "running"}"#);
    assert!((value("clusterup_clusters", running) - 5.0).abs() < 1e-9);
    let odd = json(r#"{"way": "ch\"at\\\n", "outcome": "sent"}"#);
    assert!((value("clusterup_notices_total", odd) - 6.0).abs() < 1e-9);
    let growth = json(r#"{"team": "growth", "policy": "emr"}"#);
    assert!((value("clusterup_team_month_projected_usd", growth) - 1489.7).abs() < 1e-9);
    assert!((value("clusterup_last_sweep_duration_seconds", json("{}")) - 5.0).abs() < 1e-9);
}

/// A Python with Prometheus's parser, in an environment of its own below `target`.
fn python() -> Option<std::path::PathBuf> {
    let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap();
    let environment = target.join("dash-metrics");
    let python = environment.join("bin/python");
    let stamp = environment.join("0.26.0");
    if stamp.exists() {
        return Some(python);
    }
    let done = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment)
        .status()
        .ok()?;
    assert!(done.success());
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    let done = Command::new(&python)
        .args(pip)
        .arg("prometheus_client==0.26.0")
        .status()
        .unwrap();
    assert!(done.success());
    std::fs::write(stamp, "").unwrap();
    Some(python)
}
