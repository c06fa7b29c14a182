//! Tests of e-mail with a small SMTP server.

use crate::cloud::notify::tests::notice;
use crate::cloud::notify::{Channel, Mail};
use crate::cloud::{Class, CloudError};
use crate::model::notice::Notice;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

/// A server that accepts one message, or refuses its recipients. Returns everything that it
/// received.
fn server(refusal: Option<&'static str>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut say = |text: &str| {
            // A client that gives up closes first.
            let _ = write!(stream, "{text}\r\n");
        };
        say("220 small");
        let mut all = Vec::new();
        let mut data = false;
        for line in lines {
            let Ok(line) = line else { break };
            all.push(line.clone());
            match (data, line.split([' ', ':']).next().unwrap()) {
                (true, ".") => {
                    data = false;
                    say("250 taken");
                }
                (true, _) => {}
                (false, "EHLO") => say("250-small\r\n250-AUTH PLAIN\r\n250 8BITMIME"),
                (false, "AUTH") => say("235 welcome"),
                (false, "RCPT") => say(refusal.unwrap_or("250 known")),
                (false, "DATA") => {
                    data = true;
                    say("354 go on");
                }
                (false, "QUIT") => {
                    say("221 bye");
                    break;
                }
                (false, _) => say("250 fine"),
            }
        }
        all
    });
    (port, received)
}

fn say(url: &str, notice: &Notice) -> Result<(), CloudError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mail = Mail::parse(url).unwrap();
    let message = runtime.block_on(mail.send(notice));
    drop(mail);
    message
}

#[test]
fn a_header_is_always_one_line() {
    let (port, received) = server(None);
    let url = format!(
        "smtp://ana:SE%40CRET@127.0.0.1:{port}?from=w@example.com&to=a@b.example,c@d.example"
    );
    say(&url, &notice()).unwrap();
    let all = received.join().unwrap();
    let received = |start: &str| all.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(received("RCPT TO:<a@b.example>"), 1);
    assert_eq!(received("RCPT TO:"), 2, "nobody else is written to");
    assert_eq!(received("Bcc:"), 0, "{all:#?}");
    assert_eq!(
        received("Subject: clusterup: cluster <!channel> & co Bcc: all@example.com"),
        1,
        "{all:#?}"
    );
    assert_eq!(received("Auto-Submitted: auto-generated"), 1);
    assert_eq!(received("Date: Sat, 21 Nov 2026 19:10:00 +0000"), 1);
    assert!(
        all.iter()
            .any(|line| line.starts_with("next: clusterup extend j-1"))
    );
}

#[test]
fn a_line_with_a_single_dot_does_not_end_the_message() {
    let (port, received) = server(None);
    let url = format!("smtp://127.0.0.1:{port}?from=w@example.com&to=a@b.example");
    let title = "x\r\n.\r\nMAIL FROM:<x@y.example>".to_owned();
    let facts = vec![(".".to_owned(), "\r\n.\r\nRCPT TO:<x@y.example>".to_owned())];
    say(
        &url,
        &Notice {
            title,
            facts,
            ..notice()
        },
    )
    .unwrap();
    let all = received.join().unwrap();
    assert_eq!(all.iter().filter(|line| *line == ".").count(), 1);
    assert!(
        !all.iter().any(|line| line.starts_with("RCPT TO:<x")),
        "{all:#?}"
    );
}

#[test]
fn a_refusal_is_reported_without_the_password() {
    let (port, received) = server(Some("550 no such user, SECRET"));
    let url = format!("smtp://ana:SECRET@127.0.0.1:{port}?from=w@example.com&to=a@b.example");
    let error = say(&url, &notice()).unwrap_err();
    received.join().unwrap();
    let text = format!("{error:?} {error}");
    assert!(
        text.contains("550") && text.contains("no such user"),
        "{text}"
    );
    assert!(!text.contains("SECRET"), "{text}");
    assert_eq!(error.class, Class::Failed);
    let mail = Mail::parse(&url).unwrap();
    assert!(!format!("{mail:?}").contains("SECRET"));
}

#[test]
fn a_missing_server_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("smtp://127.0.0.1:{port}?from=w@example.com&to=a@b.example");
    assert_eq!(say(&url, &notice()).unwrap_err().class, Class::Unreachable);
}

#[test]
fn a_url_is_parsed_and_its_password_is_never_shown() {
    let ends = "from=w@example.com&to=a@b.example";
    for good in [
        format!("smtps://ana:SECRET@mail.example.com?{ends}"),
        format!("smtp://ana:SECRET@mail.example.com:587?tls=required&{ends}"),
        format!("smtp://mail.example.com:25?{ends}&to=c@d.example"),
        format!("smtp://ana:SECRET@localhost?{ends}"),
    ] {
        Mail::parse(&good).unwrap();
    }
    for (bad, says) in [
        (
            format!("smtp://ana:SECRET@mail.example.com:587?{ends}"),
            "unencrypted",
        ),
        (
            format!("smtps://ana@mail.example.com?{ends}"),
            "no password",
        ),
        (format!("smtps://?{ends}"), "no host"),
        (
            format!("smtps://ana:SECRET@mail.example.com:x?{ends}"),
            "cannot be read",
        ),
        (
            "smtps://ana:SECRET@mail.example.com?to=a@b.example".to_owned(),
            "no sender",
        ),
        (
            "smtps://ana:SECRET@mail.example.com?from=a@b.example".to_owned(),
            "no recipient",
        ),
        (
            "smtps://ana:SECRET@mail.example.com?from=a b&to=c".to_owned(),
            "invalid address",
        ),
        (
            format!("smtps://ana:SECRET@mail.example.com?tls=no&{ends}"),
            "setting besides",
        ),
    ] {
        let error = Mail::parse(&bad).unwrap_err();
        let text = format!("{error:?}");
        assert!(
            text.contains(says) && !text.contains("SECRET"),
            "{bad}: {text}"
        );
    }
}
