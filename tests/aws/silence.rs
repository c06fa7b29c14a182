//! Addresses that are not AWS: if one does not answer, or not as AWS does, it is named within two
//! seconds.

use crate::running::Running;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Counted from the start of the program, a little before its first call.
const SOON: Duration = Duration::from_millis(2_500);

fn against(url: &str) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clusterup"));
    command
        .args(["doctor", "--region", "us-east-1"])
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("CLUSTERUP_CHECKIP_URL", url)
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    Running::start(&mut command)
}

/// The lines of its output until one contains `text`, and how long that took.
fn until(child: &mut Running, text: &str) -> (Vec<String>, Duration) {
    let (tell, reported) = mpsc::channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                break;
            }
        }
    });
    let (begun, mut lines) = (Instant::now(), Vec::new());
    while let Ok(line) = reported.recv_timeout(Duration::from_secs(30)) {
        lines.push(line);
        if lines.last().is_some_and(|line| line.contains(text)) {
            break;
        }
    }
    let took = begun.elapsed();
    let _ = child.kill();
    let _ = child.wait();
    (lines, took)
}

#[track_caller]
fn check(url: &str, says: &str) {
    let (lines, took) = until(&mut against(url), "2 of 5");
    let all = lines.join("\n");
    let last = lines.last().map_or("", String::as_str);
    assert!(last.contains("2 of 5"), "{all}");
    assert!(last.contains("sts:GetCallerIdentity"), "{all}");
    assert!(all.contains(says), "{all}");
    assert!(took < SOON, "{took:?}: {all}");
}

/// An address that answers each request this way.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer);
        }
    });
    url
}

#[test]
fn an_address_that_never_answers_is_named_within_two_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    check(&url, "has not answered");
}

#[test]
fn an_address_that_refuses_connections_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    check(&url, &format!("no answer from {url}"));
}

#[test]
fn an_address_that_answers_500_is_named() {
    let empty =
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let url = answering(empty);
    check(&url, &format!("from {url}"));
    let text = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops";
    let url = answering(text);
    check(&url, &format!("from {url}"));
}

#[test]
fn a_web_page_is_not_an_answer_of_aws() {
    let pages: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
        b"HTTP/1.1 503 Busy\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
        b"HTTP/1.1 407 Log in\r\nContent-Type: TEXT/HTML\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
    ];
    for page in pages {
        let url = answering(page);
        check(&url, &format!("{url} answered with a web page"));
    }
}

#[test]
fn empty_and_invalid_answers_are_named() {
    let answers: [&[u8]; 3] = [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    ];
    for answer in answers {
        let url = answering(answer);
        check(&url, &format!("from {url}"));
    }
}
