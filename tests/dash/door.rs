//! Tests of the page's socket with clients that are idle, slow, or on other machines.

use super::{Still, TOKEN, fleet_status, noon};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clusterup::dash::{Dash, serve};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

/// Serves a page at an address while a test runs.
async fn served<T>(at: &str, people: impl AsyncFnOnce(SocketAddr) -> T) -> T {
    let (_pictures, seen) = watch::channel(Arc::new(fleet_status(noon())));
    let dash = Dash {
        fleet_statuses: seen,
        requests: mpsc::channel(1).0,
        token: Some(TOKEN.parse().unwrap()),
        clock: Arc::new(Still(Mutex::new(noon()))),
        stalled_after: Duration::from_secs(300),
    };
    let listener = TcpListener::bind(at).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = serve(listener, dash, std::future::pending());
    tokio::select! {
        _ = serving => unreachable!(),
        done = people(([127, 0, 0, 1], port).into()) => done,
    }
}

async fn send(to: SocketAddr, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(to).await.unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    socket
}

/// Reads until the other side closes.
async fn rest(mut socket: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A close with unread data is a reset.
    let _ = socket.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn get(to: SocketAddr, path: &str, more: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n");
    rest(send(to, &head).await).await
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).unwrap_or_default().parse().unwrap_or(0)
}

#[tokio::test]
async fn idle_connections_do_not_block_requests() {
    served("127.0.0.1:0", async |to| {
        let mut silent = Vec::new();
        for number in 0..400 {
            let sent = ["", "GET / HTTP/1.1\r\nhost: loc", "\r\n"];
            silent.push(send(to, sent[number % 3]).await);
        }
        let asked = Instant::now();
        assert_eq!(status(&get(to, "/", "").await), 200);
        assert!(asked.elapsed() < Duration::from_secs(1));
        let mut closed = 0;
        for socket in &mut silent {
            let mut byte = [0];
            let read = timeout(Duration::from_millis(1), socket.read(&mut byte)).await;
            closed += usize::from(read.is_ok());
        }
        // At most 256 stay open, whatever the limit of files is.
        assert!(closed >= 400 - 256, "{closed} were closed");
    })
    .await;
}

#[tokio::test]
async fn an_incomplete_head_times_out() {
    served("127.0.0.1:0", async |to| {
        let begins = ["", "GET / HTTP/1.1\r\nhost: localhost\r\n", "P"];
        for begin in begins {
            let socket = send(to, begin).await;
            tokio::time::pause();
            let began = Instant::now();
            rest(socket).await;
            tokio::time::resume();
            let waited = began.elapsed();
            assert!(waited < Duration::from_secs(15), "{begin:?}: {waited:?}");
        }
        // Single bytes now and then do not extend the time.
        let mut socket = send(to, "GET / HTTP/1.1\r\n").await;
        tokio::time::pause();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(120) && socket.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::resume();
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            began.elapsed()
        );
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_stays_open_is_closed() {
    served("127.0.0.1:0", async |to| {
        let socket = send(to, "GET /icon.svg HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::time::pause();
        let began = Instant::now();
        let answer = rest(socket).await;
        tokio::time::resume();
        assert_eq!(status(&answer), 200);
        assert!(
            began.elapsed() < Duration::from_secs(61),
            "{:?}",
            began.elapsed()
        );
    })
    .await;
}

#[tokio::test]
async fn an_incomplete_body_times_out() {
    served("127.0.0.1:0", async |to| {
        let head = "POST /clusters/us-east-1/j-3A7XQ2Y9LMN0P/end HTTP/1.1\r\nhost: localhost\r\n\
                    origin: http://localhost\r\ncontent-length: 100\r\nconnection: close\r\n\
                    content-type: application/x-www-form-urlencoded\r\n\r\ntoken=";
        let socket = send(to, head).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        tokio::time::pause();
        let began = Instant::now();
        let answer = rest(socket).await;
        tokio::time::resume();
        assert_eq!(status(&answer), 408, "{answer}");
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            began.elapsed()
        );
    })
    .await;
}

const READ: [&str; 6] = [
    "/",
    "/metrics",
    "/api/picture",
    "/clusters/us-east-1/j-3A7XQ2Y9LMN0P",
    "/events",
    "/nowhere",
];

#[tokio::test]
async fn a_page_on_the_network_requires_the_token() {
    served("0.0.0.0:0", async |to| {
        let basic = |pair: &str| format!("authorization: Basic {}\r\n", STANDARD.encode(pair));
        let bearer = format!("authorization: Bearer {TOKEN}\r\n");
        for path in READ {
            let refused = get(to, path, "").await;
            assert_eq!(status(&refused), 401, "{path}");
            assert!(refused.contains("www-authenticate: Basic"), "{refused}");
            assert!(!refused.contains("recommender"), "{refused}");
            for right in [&bearer, &basic(&format!("me:{TOKEN}"))] {
                let found = if path == "/nowhere" { 404 } else { 200 };
                assert_eq!(status(&get(to, path, right).await), found, "{path}");
            }
        }
        assert_eq!(status(&get(to, "/healthz", "").await), 200);
        // Headers of another form have no token, and do not count as guesses.
        for nothing in ["Basic ???", "Digest x", "Basic", "bearer"] {
            let header = format!("authorization: {nothing}\r\n");
            assert_eq!(status(&get(to, "/", &header).await), 401, "{nothing}");
        }
        let wrong = [
            basic("me:wrong"),
            basic(&format!("{TOKEN}:")),
            bearer.replace("a-", "b-"),
        ];
        for wrong in wrong.iter().cycle().take(5) {
            assert_eq!(status(&get(to, "/", wrong).await), 401);
        }
        for guess in [&wrong[0], &bearer] {
            assert_eq!(
                status(&get(to, "/", guess).await),
                429,
                "guesses are slowed"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_on_loopback_needs_no_token_for_reading() {
    served("127.0.0.1:0", async |to| {
        for path in READ {
            assert_ne!(status(&get(to, path, "").await), 401, "{path}");
        }
    })
    .await;
}
