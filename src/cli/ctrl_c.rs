//! Ctrl-C. The first asks what to do with the cluster; the second leaves it to its guardrails and
//! shows when they will end it. No cluster is ended without an answer.

use super::prompt::ask;
use crate::app::session::Session;
use crate::model::hint::Command;
use tokio::signal::ctrl_c;

pub(super) enum Choice {
    GoOn,
    Leave,
    Terminate,
}

const QUESTION: &str = "The job is still running. [c]ontinue to follow it, [l]eave it running, \
    [t]erminate the cluster? ";

/// Asks what to do with the cluster.
pub(super) async fn choose(until: Option<&str>, session: &Session) -> Choice {
    let leave = || {
        let until = until.unwrap_or("its guardrails end it");
        session.reporter.say(&format!("left running: {until}"));
        session.reporter.hints(
            &[
                "apply again to follow it, destroy to end it now".into(),
                Command::clusterup("apply").this_stack().into(),
                Command::clusterup("destroy").this_stack().into(),
            ],
            2,
        );
        Choice::Leave
    };
    if session.environment.answers.refusal().is_some() {
        return leave();
    }
    session.reporter.say("");
    loop {
        match answer().await {
            Some(answer) => match answer.trim() {
                "c" | "continue" | "" => return Choice::GoOn,
                "t" | "terminate" => return Choice::Terminate,
                "l" | "leave" => return leave(),
                _ => {}
            },
            None => {
                session.reporter.say("");
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
