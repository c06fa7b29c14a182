//! `clusterup` without a command: the stacks of this folder, what lives, and what to type next. It
//! asks AWS nothing.

use super::verb::Finished;
use super::view;
use crate::app::failure::Failure;
use crate::app::overview::{self, FoundStack, LivingCluster};
use crate::app::session::Session;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::run::clock::SystemClock;
use serde::Serialize;

/// The name in JSON.
pub(super) const NAME: &str = "overview";

/// How many commands are suggested for stacks and for clusters.
const MAX_COMMANDS: usize = 3;

pub(super) async fn run(session: &Session) -> Result<Finished, Failure> {
    let reporter = &session.reporter;
    let now = SystemClock.now();
    let stacks = overview::stacks();
    let living = overview::living(session, now).await?;
    reporter.text(&view::overview::render(&stacks, &living, now));
    let next = next(&stacks, &living);
    for command in &next {
        reporter.text(&reporter.next(command, 0));
    }
    let next: Vec<String> = next.iter().map(Command::to_string).collect();
    Ok(Finished::done(OverviewDocument {
        stacks,
        clusters: living,
        next,
    }))
}

/// What to type next, the most useful first.
fn next(stacks: &[FoundStack], living: &[LivingCluster]) -> Vec<Command> {
    let status = living.iter().take(MAX_COMMANDS).map(|cluster| {
        let status = Command::clusterup("status");
        status.stack_at(&cluster.stack, &cluster.place)
    });
    let of_stack = |found: &FoundStack| {
        let verb = if found.stack.is_some() {
            "plan"
        } else {
            "validate"
        };
        Command::clusterup(verb).arg(found.file.display().to_string())
    };
    let mut commands: Vec<Command> = status.collect();
    commands.extend(stacks.iter().take(MAX_COMMANDS).map(of_stack));
    commands.dedup();
    if stacks.is_empty() {
        commands.push(Command::clusterup("init").arg("stack.yaml"));
    }
    commands.push(Command::other("clusterup --help"));
    commands
}

/// What is here, and what to type next.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct OverviewDocument {
    /// The stacks of this folder.
    stacks: Vec<FoundStack>,
    /// The clusters that lived when they were last observed.
    clusters: Vec<LivingCluster>,
    /// Commands that can be pasted.
    next: Vec<String>,
}
