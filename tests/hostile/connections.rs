//! Connections to the watchdog's page: a client that is silent, slow, forged or without the token
//! gets no page and changes nothing.

use crate::fleet_status::{fleet_status, noon};
use crate::row::{Kind, Never, Row, table};
use clusterup::dash::{Dash, serve};
use clusterup::run::clock::SystemClock;
use clusterup::run::watchdog::request::OperatorRequest;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

const TOKEN: &str = "a-token-for-tests-only";
/// What only somebody who may read the page sees.
const SEEN: &str = "recommender";
const END: &str = "POST /clusters/us-east-1/j-3A7XQ2Y9LMN0P/end HTTP/1.1\r\n";

pub(crate) fn rows() -> Vec<Row> {
    let head = |line: &str, headers: &str| {
        format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n")
    };
    let post = |headers: &str, form: &str| {
        let bytes = form.len();
        format!(
            "{END}host: localhost\r\nconnection: close\r\ncontent-length: {bytes}\r\n\
             content-type: application/x-www-form-urlencoded\r\n{headers}\r\n{form}"
        )
    };
    let form = |token: &str| format!("token={token}&who=eve&why=x&confirm=j-3A7XQ2Y9LMN0P");
    let here = "origin: http://localhost\r\n";
    let long = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}",
        "x".repeat(2 << 20)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\n{}",
        "x: y\r\n".repeat(100_000)
    );
    [
        table(
            Kind::Connections,
            Never::Read,
            sees_nothing,
            &[
                ("half a head", "GET / HTTP/1.1\r\nhost: loc".to_owned()),
                ("a head of 2 MiB", long),
                ("a head of 100,000 headers", many),
                ("no HTTP", "\u{16}\u{3}\u{1}\r\n\r\n".to_owned()),
                (
                    "another's host",
                    head("GET /", "").replace("localhost", "evil.example"),
                ),
                (
                    "another's host that begins as ours",
                    head("GET /", "").replace("localhost", "localhost.evil.example"),
                ),
                ("two hosts", head("GET /", "host: evil.example\r\n")),
                (
                    "no host",
                    "GET / HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(),
                ),
                (
                    "a page that is fetched by another site",
                    head(
                        "GET /api/picture",
                        "sec-fetch-site: cross-site\r\nsec-fetch-mode: cors\r\n",
                    ),
                ),
                ("a path that leads up", head("GET /../../../etc/passwd", "")),
                (
                    "a path that leads up, encoded",
                    head("GET /clusters/..%2f..%2fetc/passwd", ""),
                ),
                (
                    "half a form",
                    post(here, &form(TOKEN)).replace("confirm=j-3A7XQ2Y9LMN0P", ""),
                ),
                ("a form of 1 MiB", post(here, &"x".repeat(1 << 20))),
            ],
        ),
        table(
            Kind::Connections,
            Never::Ended,
            has_nothing_done,
            &[
                ("an act without a token", post(here, &form(""))),
                (
                    "an act with a wrong token",
                    post(here, &form("a-token-for-tests-only-")),
                ),
                (
                    "an act with a part of the token",
                    post(here, &form("a-token-for-tests-onl")),
                ),
                (
                    "an act of another site with the token",
                    post("origin: http://evil.example\r\n", &form(TOKEN)),
                ),
                ("an act of nowhere with the token", post("", &form(TOKEN))),
                (
                    "an act of null with the token",
                    post("origin: null\r\n", &form(TOKEN)),
                ),
                (
                    "an act across sites with the token",
                    post(
                        &format!("{here}sec-fetch-site: cross-site\r\n"),
                        &form(TOKEN),
                    ),
                ),
                (
                    "an act under another host with the token",
                    post(here, &form(TOKEN)).replace("localhost", "evil.example"),
                ),
                (
                    "an act by its address",
                    head(
                        &format!(
                            "GET /clusters/us-east-1/j-3A7XQ2Y9LMN0P/end?{}",
                            form(TOKEN)
                        ),
                        "",
                    ),
                ),
                (
                    "an act on a path",
                    post(here, &form(TOKEN)).replace("us-east-1", "..%2f.."),
                ),
            ],
        ),
        table(
            Kind::Connections,
            Never::Read,
            is_refused_from_afar,
            &[
                ("the page without the token", head("GET /", "")),
                (
                    "the picture without the token",
                    head("GET /api/picture", ""),
                ),
                ("the metrics without the token", head("GET /metrics", "")),
                ("the events without the token", head("GET /events", "")),
                (
                    "the page with a wrong token",
                    head("GET /", "authorization: Bearer a-token-for-tests\r\n"),
                ),
                (
                    "the page with no such scheme",
                    head("GET /", &format!("authorization: Digest {TOKEN}\r\n")),
                ),
                (
                    "the page with the token in its address",
                    head(&format!("GET /?token={TOKEN}"), ""),
                ),
                (
                    "the page with an encoded slash",
                    head("GET /%2fhealthz", ""),
                ),
            ],
        ),
        table(
            Kind::Connections,
            Never::Read,
            leaves_room,
            &[
                ("300 who are silent", ""),
                ("300 with half a head", "GET / HTTP/1.1\r\nhost: loc"),
                (
                    "300 with half a form",
                    "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx",
                ),
            ],
        ),
        table(
            Kind::Connections,
            Never::Read,
            does_not_begin,
            &[
                ("a page for all, without a token", "--listen 0.0.0.0:0"),
                ("a page for all by IPv6, without a token", "--listen [::]:0"),
                (
                    "a page for a network, without a token",
                    "--listen 192.0.2.1:0",
                ),
                (
                    "a page for all by a mapped address",
                    "--listen [::ffff:0.0.0.0]:0",
                ),
                (
                    "a page for all, with a short token",
                    "--listen 0.0.0.0:0 --token short",
                ),
                (
                    "a page for all, with an empty token",
                    "--listen 0.0.0.0:0 --token=",
                ),
            ],
        ),
    ]
    .concat()
}

/// Serves a page at an address while `people` use it; returns their requests.
fn served(at: &str, people: impl AsyncFnOnce(SocketAddr)) -> Option<OperatorRequest> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_pictures, seen) = watch::channel(Arc::new(fleet_status(noon())));
    let (operator_request, mut requests) = mpsc::channel(4);
    let dash = Dash {
        fleet_statuses: seen,
        requests: operator_request,
        token: Some(TOKEN.parse().unwrap()),
        clock: Arc::new(SystemClock),
        stalled_after: Duration::from_secs(300),
    };
    runtime.block_on(async {
        let listener = TcpListener::bind(at).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::select! {
            _ = serve(listener, dash, std::future::pending()) => unreachable!(),
            () = people(([127, 0, 0, 1], port).into()) => {}
        }
    });
    requests.try_recv().ok()
}

async fn send(to: SocketAddr, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(to).await.unwrap();
    // Who is refused may be cut off in the midst of it.
    let _ = timeout(Duration::from_secs(5), socket.write_all(text.as_bytes())).await;
    socket
}

/// What comes until the other side closes, which it does within a minute of its own time.
async fn rest(mut socket: TcpStream) -> String {
    let mut bytes = Vec::new();
    let at_once = Duration::from_millis(100);
    if timeout(at_once, socket.read_to_end(&mut bytes))
        .await
        .is_err()
    {
        tokio::time::pause();
        let began = Instant::now();
        let _ = socket.read_to_end(&mut bytes).await;
        tokio::time::resume();
        assert!(
            began.elapsed() < Duration::from_secs(70),
            "it is not waited for"
        );
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).unwrap_or_default().parse().unwrap_or(0)
}

async fn asks(to: SocketAddr, text: &str) -> String {
    let answer = rest(send(to, text).await).await;
    assert_ne!(status(&answer), 200, "{answer}");
    assert!(
        !answer.contains(SEEN) && !answer.contains(TOKEN),
        "{answer}"
    );
    assert!(!answer.contains("root:"), "{answer}");
    answer
}

fn sees_nothing(request: &str) {
    let operator_request = served("127.0.0.1:0", async |to| {
        asks(to, request).await;
        well(to).await;
    });
    assert!(operator_request.is_none());
}

fn has_nothing_done(request: &str) {
    let operator_request = served("127.0.0.1:0", async |to| {
        let answer = asks(to, request).await;
        assert!((400..500).contains(&status(&answer)), "{answer}");
    });
    assert!(operator_request.is_none());
}

fn is_refused_from_afar(request: &str) {
    let operator_request = served("0.0.0.0:0", async |to| {
        assert_eq!(status(&asks(to, request).await), 401);
    });
    assert!(operator_request.is_none());
}

/// Somebody who may is answered at once.
async fn well(to: SocketAddr) {
    let ask = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut socket = send(to, ask).await;
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(5), socket.read_to_end(&mut bytes)).await;
    assert!(read.is_ok());
    let answer = String::from_utf8_lossy(&bytes);
    assert!(status(&answer) == 200 && answer.contains(SEEN), "{answer}");
}

fn leaves_room(begin: &str) {
    served("127.0.0.1:0", async |to| {
        let mut waiting = Vec::new();
        for _ in 0..300 {
            waiting.push(send(to, begin).await);
        }
        sleep(Duration::from_millis(50)).await;
        well(to).await;
    });
}

fn does_not_begin(args: &str) {
    let home = tempfile::tempdir().unwrap();
    let done = Command::new("timeout")
        .args([
            "20",
            env!("CARGO_BIN_EXE_clusterup"),
            "watchdog",
            "run",
            "--local",
        ])
        .args(args.split(' '))
        .current_dir(home.path())
        .env("HOME", home.path())
        .env_remove("CLUSTERUP_WATCHDOG_TOKEN")
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{message}");
    assert!(message.contains("token"), "{message}");
    assert!(!message.contains("page: http"), "{message}");
}
