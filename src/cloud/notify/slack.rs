//! An incoming webhook of Slack. Mattermost, Rocket.Chat and Discord (`/slack`) accept the same
//! format. Its URL is a secret: anyone who has it can post.

use super::{Channel, SEND_TIMEOUT, line, run_blocking, word};
use crate::cloud::{Class, CloudError};
use crate::model::notice::Notice;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::fmt;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};

/// A webhook. Its `Debug` output has no secret.
#[derive(Clone)]
pub struct Slack {
    url: String,
    host: String,
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slack({}/…)", self.host)
    }
}

impl Slack {
    /// Reads a webhook's URL.
    ///
    /// # Errors
    /// Returns an error if the URL is invalid or not encrypted: `http` is only accepted for this
    /// machine.
    pub fn new(url: &str) -> Result<Self, CloudError> {
        let invalid = |what: &str| {
            CloudError::new(Class::Input, format!("a webhook's URL {what}"))
                .hint("copy it from the chat's settings: https://hooks.slack.com/services/…")
        };
        let uri: Uri = url.parse().map_err(|_| invalid("cannot be read"))?;
        let authority = uri.authority().ok_or_else(|| invalid("names no host"))?;
        let host = authority.host().to_owned();
        let is_loopback = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        match uri.scheme_str() {
            _ if host.is_empty() => Err(invalid("names no host")),
            _ if authority.as_str().contains('@') => Err(invalid(
                "contains a user, which webhooks \
                do not have",
            )),
            Some("http") if !is_loopback => {
                Err(invalid("is not https, so others could read the notices"))
            }
            Some("https" | "http") => Ok(Self {
                url: url.to_owned(),
                host,
            }),
            Some(_) | None => Err(invalid("is not https")),
        }
    }

    fn post(&self, body: &Value) -> Result<(), CloudError> {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(SEND_TIMEOUT))
            .http_status_as_error(false)
            // A redirect is not followed, so the notice goes to no other host.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        let sent = ureq::Agent::new_with_config(config)
            .post(&self.url)
            .send_json(body);
        let mut reply = sent.map_err(|error| self.redacted(&error))?;
        let status = reply.status();
        if status.is_success() {
            return Ok(());
        }
        let text = reply.body_mut().with_config().limit(1_000).read_to_string();
        Err(self.status_error(status.as_u16(), &text.unwrap_or_default()))
    }

    /// Replaces an error of ureq, which may quote the URL, by a message of our own.
    fn redacted(&self, error: &ureq::Error) -> CloudError {
        let why = match error {
            ureq::Error::Timeout(_) => "does not answer in time",
            ureq::Error::HostNotFound => "cannot be found",
            ureq::Error::ConnectionFailed | ureq::Error::Io(_) => "cannot be reached",
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "has no trusted certificate",
            ureq::Error::StatusCode(_) | _ => "gives no answer",
        };
        CloudError::new(Class::Unreachable, format!("{} {why}", self.host))
            .hint("check that this machine can reach it; the notice is sent again")
    }

    /// Reports the HTTP status, with Slack's error code such as `no_service` if the reply is
    /// nothing else.
    fn status_error(&self, status: u16, text: &str) -> CloudError {
        let text = text.trim();
        let is_word = text.len() <= 40 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let text = if is_word && !text.is_empty() {
            format!(": {text}")
        } else {
            String::new()
        };
        let says = format!("{} answers with HTTP status {status}{text}", self.host);
        let class = match status {
            429 | 500.. => Class::Unreachable,
            _ => Class::Failed,
        };
        let hint = match status {
            401..=410 => "create a new webhook: this one is closed or was not copied correctly",
            _ => "it is sent again with the next sweep",
        };
        CloudError::new(class, says).hint(hint)
    }
}

#[async_trait(?Send)]
impl Channel for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    async fn send(&self, notice: &Notice) -> Result<(), CloudError> {
        let hook = self.clone();
        let body = body(notice);
        run_blocking(move || hook.post(&body)).await
    }
}

/// Builds Slack's message: a text for notifications, and blocks of at most 3000 characters each
/// (Slack, Block Kit reference: section).
fn body(notice: &Notice) -> Value {
    let title = escaped(&notice.title, 300);
    let mut blocks = vec![section(&format!("*{}*: {title}", word(notice.level)))];
    let facts = notice.facts.iter().take(12);
    let facts = facts.map(|(what, says)| format!("{}: {}", escaped(what, 40), escaped(says, 150)));
    let facts: Vec<String> = facts.collect();
    if !facts.is_empty() {
        blocks.push(section(&facts.join("\n")));
    }
    if let Some(command) = &notice.command {
        let command = escaped(&command.to_string(), 500).replace("```", "");
        blocks.push(section(&format!("```{command}```")));
    }
    json!({ "text": format!("{}: {title}", word(notice.level)), "blocks": blocks })
}

fn section(text: &str) -> Value {
    // Escaping lengthens the text (`&` becomes five bytes), so it is cut once more.
    let text: String = text.chars().take(2_990).collect();
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// Escapes the three characters with a meaning in Slack (Slack, Formatting text: escaping text).
fn escaped(text: &str, limit: usize) -> String {
    let text = line(text, limit).replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::notify::tests::notice;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    /// Answers one request. Returns its first line and its body.
    fn server(status: &'static str, text: &'static str) -> (String, JoinHandle<(String, Value)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/services/T0/SECRET",
            listener.local_addr().unwrap()
        );
        let received = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            let mut length = 0;
            lines.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                lines.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if let Some(bytes) = line.strip_prefix("content-length: ") {
                    length = bytes.parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            lines.read_exact(&mut body).unwrap();
            let size = text.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n{text}"
            )
            .unwrap();
            (first, serde_json::from_slice(&body).unwrap())
        });
        (url, received)
    }

    fn say(url: &str) -> Result<(), CloudError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(Slack::new(url).unwrap().send(&notice()))
    }

    #[test]
    fn a_message_mentions_nobody() {
        let (url, received) = server("200 OK", "ok");
        say(&url).unwrap();
        let (first, body) = received.join().unwrap();
        assert_eq!(first.trim(), "POST /services/T0/SECRET HTTP/1.1");
        let text = "cluster &lt;!channel&gt; &amp; co Bcc: all@example.com ends at 20:00 UTC";
        assert_eq!(body["text"], format!("warning: {text}"));
        let blocks: Vec<&str> = (0..3)
            .map(|n| body["blocks"][n]["text"]["text"].as_str().unwrap())
            .collect();
        assert_eq!(blocks[0], format!("*warning*: {text}"));
        assert_eq!(
            blocks[1],
            "cost so far: $1.20\nstep: a\u{fffd}[31mb\u{fffd}c"
        );
        assert_eq!(blocks[2], "```clusterup extend j-1 --max-lifetime 8h```");
    }

    #[test]
    fn the_secret_is_in_no_error() {
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}/SECRET", listener.local_addr().unwrap())
        };
        let (gone, received) = server("404 Not Found", "no_service");
        let (moved, also) = server("302 Found", "see /SECRET");
        for (url, says) in [
            (&closed, "127.0.0.1 cannot be reached"),
            (&gone, "127.0.0.1 answers with HTTP status 404: no_service"),
            (&moved, "127.0.0.1 answers with HTTP status 302"),
        ] {
            let error = say(url).unwrap_err();
            assert_eq!(error.to_string(), says);
            assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        }
        received.join().unwrap();
        also.join().unwrap();
        let hook = Slack::new("https://hooks.slack.com/services/SECRET").unwrap();
        assert_eq!(format!("{hook:?}"), "Slack(hooks.slack.com/…)");
        for invalid in [
            "http://hooks.slack.com/SECRET",
            "https://SECRET@hooks.slack.com/x",
            "ftp://hooks.slack.com/SECRET",
            "https:///SECRET",
            "SECRET",
        ] {
            let error = Slack::new(invalid).unwrap_err();
            assert!(
                !format!("{error:?}").contains("SECRET"),
                "{invalid}: {error:?}"
            );
        }
    }

    #[test]
    fn a_block_is_never_too_long() {
        let long = "&".repeat(10_000);
        let facts = vec![(long.clone(), long.clone()); 30];
        let reported = body(&Notice {
            title: long.clone(),
            facts,
            command: Some(crate::model::hint::Command::other(&long)),
            ..notice()
        });
        for block in reported["blocks"].as_array().unwrap() {
            assert!(block["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
        }
    }
}
