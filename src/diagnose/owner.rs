//! The owner of the failure that a line reports: the same exception means one thing in the driver and another one in
//! a task.

use super::log::{Kind, Level, Log, TRACEBACK};
use crate::model::diagnosis::FailureOwner;
use crate::model::evidence::LogRole;

/// Lines farther away than this say nothing about a line. It also bounds the work on huge records.
pub(super) const NEAR: usize = 300;

/// What shows that an exception is a task's.
const TASK: [&str; 3] = ["Lost task ", "(TID ", "Exception in task "];

/// Whose record or traceback a line is in.
pub(super) fn owner_of(log: &Log<'_>, line: usize) -> FailureOwner {
    match log.role {
        LogRole::Node => FailureOwner::Node,
        LogRole::Bootstrap => FailureOwner::Bootstrap,
        LogRole::Cloud => FailureOwner::Account,
        LogRole::Controller => FailureOwner::Driver,
        LogRole::Executor if log.block(line).kind == Kind::Traceback => FailureOwner::PythonWorker,
        LogRole::Executor if worker_line(log, line).is_some() => FailureOwner::PythonWorker,
        LogRole::Executor => FailureOwner::Executor,
        LogRole::DriverOutput | LogRole::DriverLog if worker_line(log, line).is_some() => {
            FailureOwner::PythonWorker
        }
        LogRole::DriverOutput | LogRole::DriverLog => match task_line(log, line) {
            Some(task) if !log.text(task).contains("executor driver") => FailureOwner::Executor,
            Some(_) | None => FailureOwner::Driver,
        },
    }
}

/// The line that names the task whose failure a line is about.
pub(super) fn task_line(log: &Log<'_>, line: usize) -> Option<usize> {
    // What starts a task says nothing about the lines that happen to follow.
    if log.block(line).kind == Kind::Record(Level::Info) {
        return None;
    }
    // The driver's own traceback begins after what a task said.
    let in_message = |&before: &usize| log.text(before) != TRACEBACK;
    let is_task = |&before: &usize| TASK.iter().any(|text| log.text(before).contains(text));
    before(log, line).take_while(in_message).find(is_task)
}

/// The line that begins a Python worker's exception inside a message of Java's, if the line is in it.
pub(super) fn worker_line(log: &Log<'_>, line: usize) -> Option<usize> {
    for at in before(log, line) {
        let text = log.text(at);
        if text.contains("PythonException") {
            return Some(at);
        }
        if text.trim_start().starts_with("at ") || text.starts_with("Caused by: ") {
            return None;
        }
    }
    None
}

/// A line and those before it in its block, the nearest first.
fn before<'a>(log: &'a Log<'_>, line: usize) -> impl Iterator<Item = usize> + 'a {
    let block = log.lines[line].block;
    let first = log.block(line).first.max(line.saturating_sub(NEAR));
    let lines = (first..=line).rev();
    lines.filter(move |&at| log.lines[at].block == block)
}

/// The lines of a line's block that are near it.
pub(super) fn around<'a>(
    log: &'a Log<'_>,
    line: usize,
) -> impl Iterator<Item = &'a str> + Clone + 'a {
    let block = log.lines[line].block;
    let first = log.block(line).first.max(line.saturating_sub(NEAR));
    let last = log.block(line).last.min(line + NEAR);
    let lines = (first..=last).filter(move |&at| log.lines[at].block == block);
    lines.map(|at| log.text(at))
}
