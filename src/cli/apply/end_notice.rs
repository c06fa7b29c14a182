//! The end of a long `apply`: the terminal's bell, and a notice to the places that `--notify` names.

use super::applying::Apply;
use crate::app::failure::{Exit, Failure};
use crate::cli::verb::Finished;
use crate::cli::view::words::long;
use crate::cli::{notices, stderr};
use crate::cloud::notify::Channel;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::model::notice::{Level, Notice};
use crate::run::clock::SystemClock;
use chrono::{DateTime, TimeDelta, Utc};

/// The terminal's bell rings at the end of what took longer than this.
const LONG: TimeDelta = TimeDelta::minutes(1);

impl Apply<'_> {
    /// Notifies people that the apply is over.
    pub(super) async fn announce_end(
        &self,
        began_at: DateTime<Utc>,
        result: &Result<Finished, Failure>,
        channels: &[Box<dyn Channel>],
    ) {
        let now = SystemClock.now();
        let took = now - began_at;
        if took > LONG {
            stderr::bell();
        }
        if channels.is_empty() {
            return;
        }
        let notice = self.end_notice(now, took, result);
        notices::send(&notice, channels, self.target.session).await;
    }

    fn end_notice(
        &self,
        at: DateTime<Utc>,
        took: TimeDelta,
        result: &Result<Finished, Failure>,
    ) -> Notice {
        let (exit, why) = match result {
            Ok(finished) => (finished.exit, None),
            Err(failure) => (failure.exit, Some(failure.in_a_line())),
        };
        let stack = &self.stack.name;
        let mut facts = vec![
            ("place".to_owned(), self.target.place.to_string()),
            ("time".to_owned(), long(took)),
        ];
        let job = self.took.borrow().clone();
        facts.extend(job.map(|job| ("job".to_owned(), job)));
        facts.extend(why.map(|why| ("why".to_owned(), why)));
        let level = if exit == Exit::Done {
            Level::Info
        } else {
            Level::Warning
        };
        let status = Command::clusterup("status").stack_at(stack, &self.target.place);
        Notice {
            at,
            matter: format!("apply {stack}"),
            level,
            title: format!("apply of stack {stack} {}", words(exit)),
            facts,
            command: (exit != Exit::Done).then_some(status),
            remind_after: None,
        }
    }
}

const fn words(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "is done",
        Exit::Job => "is over: its job failed",
        Exit::Guardrail => "is over: a guardrail ended its cluster",
        Exit::Interrupted => "was interrupted",
        Exit::Input | Exit::Refused | Exit::Failed | Exit::Incomplete => "failed",
    }
}
