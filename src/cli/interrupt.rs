//! Ctrl-C. Once asks what becomes of the cluster; twice leaves it to its guardrails and says when
//! they end it. Nothing that ends a cluster happens without an answer.

use super::context::Context;
use super::failure::{Exit, Failure};
use super::prompt::ask;
use super::screen::Screen;
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

/// The work's end; Ctrl-C stops between two actions and says how to go on.
pub(super) async fn or_stop<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    or(work).await.ok_or_else(|| {
        Failure::new(Exit::Interrupted, "interrupted before everything was made")
            .hint("apply again goes on from here; destroy removes what there is")
    })
}

/// Asks what becomes of the cluster.
pub(super) async fn choose(until: Option<&str>, context: &Context, screen: &Screen) -> Choice {
    let leave = || {
        let until = until.unwrap_or("its guardrails end it");
        screen.say(&format!("left running: {until}"));
        screen.say("  next: apply again picks it up; destroy ends it now");
        Choice::Leave
    };
    if !context.stdin_is_terminal {
        return leave();
    }
    screen.say("");
    let question = "The job is still running. [c]ontinue, [l]eave it running, [t]erminate? ";
    // The answer is waited for on another thread, so that a second Ctrl-C is heard.
    let asked = tokio::task::spawn_blocking({
        let question = question.to_owned();
        move || ask(&question)
    });
    let answer = tokio::select! {
        answer = asked => answer.ok().flatten(),
        _ = ctrl_c() => {
            screen.say("");
            None
        }
    };
    match answer.as_deref().map(str::trim) {
        Some("c" | "continue" | "") => Choice::GoOn,
        Some("t" | "terminate") => Choice::Terminate,
        _ => leave(),
    }
}
