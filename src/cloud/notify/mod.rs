//! Notification channels: chat, topic, e-mail, standard error. Notices quote text of others, so
//! each channel escapes what would have an effect there.

pub mod slack;
pub mod smtp;
pub mod sns;
pub mod stderr;

pub use slack::Slack;
pub use smtp::Mail;
pub use sns::{Sns, Topic};
pub use stderr::Stderr;

use super::{Class, CloudError};
use crate::model::notice::{Level, Notice};
use crate::model::shown::line;
use async_trait::async_trait;
use std::time::Duration;

/// How long one attempt to send may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// A channel that sends notices.
#[async_trait(?Send)]
pub trait Channel {
    /// The channel's name in counts, records and error messages: `slack`, `smtp`. Has no secret.
    fn name(&self) -> &str;

    /// Sends a notice once. After a timeout, the notice may have been sent nevertheless.
    ///
    /// # Errors
    /// Returns an error if the channel refuses the notice or cannot be reached.
    async fn send(&self, notice: &Notice) -> Result<(), CloudError>;
}

/// A destination of notices, as the settings give it.
#[derive(Debug)]
pub enum Destination {
    /// An incoming webhook.
    Slack(Slack),
    /// A topic of SNS.
    Topic(Topic),
    /// E-mail by SMTP.
    Mail(Box<Mail>),
    /// Standard error.
    Stderr,
}

impl Destination {
    /// Reads `https://…` (an incoming webhook as Slack has them), `arn:aws:sns:…` (a topic),
    /// `smtps://user:password@host:465?from=a@b.c&to=d@e.f,g@h.i` or `stderr`.
    ///
    /// # Errors
    /// Returns an error that says what is wrong with the text, without its secret.
    pub fn parse(text: &str) -> Result<Self, CloudError> {
        let text = text.trim();
        let scheme = text.split(':').next().unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "stderr" if text == "stderr" => Ok(Self::Stderr),
            "https" | "http" => Slack::new(text).map(Self::Slack),
            "arn" => Topic::parse(text).map(Self::Topic),
            "smtp" | "smtps" => Mail::parse(text).map(|mail| Self::Mail(Box::new(mail))),
            _ => Err(
                CloudError::new(Class::Input, "the kind of a notice destination is unknown").hint(
                    "name https://… (a webhook), arn:aws:sns:… (a topic), \
                 smtps://user:password@host?from=…&to=… or stderr",
                ),
            ),
        }
    }

    /// Reads several destinations, separated by white space.
    ///
    /// # Errors
    /// Returns the error of the first invalid one.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, CloudError> {
        text.split_whitespace().map(Self::parse).collect()
    }
}

/// The level as a word.
const fn word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Alert => "ALERT",
    }
}

/// Returns the whole notice as plain text, one line per fact.
fn plain(notice: &Notice) -> String {
    let title = format!("{}: {}", word(notice.level), line(&notice.title, 500));
    let facts = notice.facts.iter();
    let facts = facts.map(|(what, says)| format!("{}: {}", line(what, 80), line(says, 500)));
    let command = notice.command.iter();
    let command = command.map(|command| format!("next: {}", line(&command.to_string(), 1_000)));
    let at = format!("at: {}", notice.at.format("%F %T UTC"));
    let lines: Vec<String> = [title]
        .into_iter()
        .chain(facts)
        .chain([at])
        .chain(command)
        .collect();
    lines.join("\n")
}

/// Runs blocking work on another thread.
async fn run_blocking(
    work: impl FnOnce() -> Result<(), CloudError> + Send + 'static,
) -> Result<(), CloudError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(CloudError::new(Class::Failed, "the notice was not sent")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hint::Command;
    use crate::model::span::Span;

    /// A notice with hostile text.
    pub(super) fn notice() -> Notice {
        Notice {
            at: "2026-11-21T19:10:00Z".parse().unwrap(),
            matter: "warn j-1".to_owned(),
            level: Level::Warning,
            title: "cluster <!channel> & co\r\nBcc: all@example.com ends at 20:00 UTC".to_owned(),
            facts: vec![
                ("cost so far".to_owned(), "$1.20".to_owned()),
                ("step".to_owned(), "a\x1b[31mb\u{202e}c".to_owned()),
            ],
            command: Some(Command::line("clusterup extend j-1 --max-lifetime 8h")),
            remind_after: Some(Span::from_secs(3_600)),
        }
    }

    #[test]
    fn plain_text_has_one_line_per_fact() {
        let expected = "warning: cluster <!channel> & co Bcc: all@example.com ends at 20:00 UTC\n\
                        cost so far: $1.20\n\
                        step: a\u{fffd}[31mb\u{fffd}c\n\
                        at: 2026-11-21 19:10:00 UTC\n\
                        next: clusterup extend j-1 --max-lifetime 8h";
        assert_eq!(plain(&notice()), expected);
    }

    #[test]
    fn destinations_are_recognised_by_their_form() {
        let all = "https://hooks.example.com/T/B/x stderr \
                   arn:aws:sns:eu-west-1:123456789012:ops smtp://localhost:25?from=a@b.c&to=d@e.f";
        let kinds: Vec<&str> = Destination::parse_all(all)
            .unwrap()
            .iter()
            .map(|destination| match destination {
                Destination::Slack(_) => "slack",
                Destination::Stderr => "stderr",
                Destination::Topic(_) => "sns",
                Destination::Mail(_) => "smtp",
            })
            .collect();
        assert_eq!(kinds, ["slack", "stderr", "sns", "smtp"]);
        for wrong in ["ftp://secret", "stderr:secret", "secret"] {
            let error = Destination::parse(wrong).unwrap_err();
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
