//! Ctrl-C. Once asks what becomes of the cluster; twice leaves it to its guardrails and says when
//! they end it. Nothing that ends a cluster happens without an answer.

use super::context::Context;
use super::failure::{Exit, Failure};
use super::prompt::ask;
use super::screen::Screen;
use crate::model::hint::Command;
use std::future::Future;
use tokio::signal::ctrl_c;

pub(super) enum Choice {
    GoOn,
    Leave,
    Terminate,
}

/// The work's end, or none where Ctrl-C came first.
pub(super) async fn or<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        _ = ctrl_c() => None,
    }
}

/// The work's end; Ctrl-C stops between two actions and says what it leaves and how to go on.
pub(super) async fn or_stop<T>(
    work: impl Future<Output = T>,
    [left, next]: [&str; 2],
) -> Result<T, Failure> {
    or(work).await.ok_or_else(|| {
        Failure::new(Exit::Interrupted, left)
            .hint(next)
            .hint(Command::again())
    })
}

const QUESTION: &str = "The job is not over. [c]ontinue, [l]eave it running, [t]erminate? ";

/// Asks what becomes of the cluster.
pub(super) async fn choose(until: Option<&str>, context: &Context, screen: &Screen) -> Choice {
    let leave = || {
        let until = until.unwrap_or("its guardrails end it");
        screen.say(&format!("left running: {until}"));
        screen.hints(
            &[
                "apply again follows it, destroy ends it now".into(),
                Command::clusterup("apply").this_stack().into(),
                Command::clusterup("destroy").this_stack().into(),
            ],
            2,
        );
        Choice::Leave
    };
    if !context.stdin_is_terminal {
        return leave();
    }
    screen.say("");
    loop {
        match answer().await {
            Some(answer) => match answer.trim() {
                "c" | "continue" | "" => return Choice::GoOn,
                "t" | "terminate" => return Choice::Terminate,
                "l" | "leave" => return leave(),
                _ => {}
            },
            None => {
                screen.say("");
                return leave();
            }
        }
    }
}

/// A line; none at the end of the terminal's input or at another Ctrl-C.
async fn answer() -> Option<String> {
    // The answer is waited for on a thread of its own, so that a second Ctrl-C is heard.
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || tell.send(ask(QUESTION)));
    tokio::select! {
        answer = told => answer.ok().flatten(),
        _ = ctrl_c() => None,
    }
}
