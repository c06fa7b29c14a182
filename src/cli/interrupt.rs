//! Ctrl-C. The first asks what to do with the cluster; the second leaves it to its guardrails and
//! shows when they will end it. No cluster is ended without an answer.

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

/// Waits for the work; `None` if Ctrl-C comes first.
pub(super) async fn or<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        _ = ctrl_c() => None,
    }
}

/// Waits for the work; Ctrl-C stops it and reports what is left and how to continue.
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

const QUESTION: &str = "The job is still running. [c]ontinue, [l]eave it running, [t]erminate? ";

/// Asks what to do with the cluster.
pub(super) async fn choose(until: Option<&str>, context: &Context, screen: &Screen) -> Choice {
    let leave = || {
        let until = until.unwrap_or("its guardrails end it");
        screen.say(&format!("left running: {until}"));
        screen.hints(
            &[
                "apply again to follow it, destroy to end it now".into(),
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

/// Reads a line; `None` at the end of input or at another Ctrl-C.
async fn answer() -> Option<String> {
    // Read on a thread of its own, so that a second Ctrl-C is noticed.
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || sender.send(ask(QUESTION)));
    tokio::select! {
        answer = receiver => answer.ok().flatten(),
        _ = ctrl_c() => None,
    }
}
