//! The ways to tell people something: a chat, a topic, e-mail, the terminal. What they are told
//! holds words of others, so each way takes care of what these may not do there.

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

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// One way to tell people.
#[async_trait(?Send)]
pub trait Channel {
    /// As counts, records and complaints name it: `slack`, `smtp`. Holds no secret.
    fn name(&self) -> &str;

    /// Says it once. Whoever gave no answer in time may have heard it all the same.
    async fn say(&self, notice: &Notice) -> Result<(), CloudError>;
}

/// Where people are told, as settings name it.
#[derive(Debug)]
pub enum Destination {
    Slack(Slack),
    Topic(Topic),
    Mail(Box<Mail>),
    Stderr,
}

impl Destination {
    /// Reads `https://…` (an incoming webhook as Slack has them), `arn:aws:sns:…` (a topic),
    /// `smtps://user:password@host:465?from=a@b.c&to=d@e.f,g@h.i` or `stderr`.
    ///
    /// # Errors
    /// What is wrong with it, without its secret.
    pub fn parse(text: &str) -> Result<Self, CloudError> {
        let text = text.trim();
        let scheme = text.split(':').next().unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "stderr" if text == "stderr" => Ok(Self::Stderr),
            "https" | "http" => Slack::new(text).map(Self::Slack),
            "arn" => Topic::parse(text).map(Self::Topic),
            "smtp" | "smtps" => Mail::parse(text).map(|mail| Self::Mail(Box::new(mail))),
            _ => Err(CloudError::new(
                Class::Input,
                "a destination of notices is of no kind that is known",
            )
            .hint(
                "name https://… (a webhook), arn:aws:sns:… (a topic), \
                 smtps://user:password@host?from=…&to=… or stderr",
            )),
        }
    }

    /// Reads several, between white space.
    ///
    /// # Errors
    /// What is wrong with the first that is wrong.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, CloudError> {
        text.split_whitespace().map(Self::parse).collect()
    }
}

/// A word for how much it matters.
const fn word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Alert => "ALERT",
    }
}

/// All of a notice as plain text, a line a fact.
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

/// Does what blocks beside the loop.
async fn beside(
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

    /// A notice whose words come from somebody who means harm.
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
    fn plain_text_is_a_line_a_fact() {
        let expected = "warning: cluster <!channel> & co Bcc: all@example.com ends at 20:00 UTC\n\
                        cost so far: $1.20\n\
                        step: a\u{fffd}[31mb\u{fffd}c\n\
                        at: 2026-11-21 19:10:00 UTC\n\
                        next: clusterup extend j-1 --max-lifetime 8h";
        assert_eq!(plain(&notice()), expected);
    }

    #[test]
    fn destinations_are_told_apart() {
        let all = "https://hooks.example.com/T/B/x stderr \
                   arn:aws:sns:eu-west-1:123456789012:ops smtp://localhost:25?from=a@b.c&to=d@e.f";
        let kinds: Vec<&str> = Destination::parse_all(all)
            .unwrap()
            .iter()
            .map(|it| match it {
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
