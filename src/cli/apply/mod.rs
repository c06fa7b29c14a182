//! `apply`: plans, asks for consent, applies the plan, follows the job and downloads its results.

mod applying;
mod end_notice;
mod following;
mod outcome;
mod retrying;
mod stuck;

use super::agree::Terminal;
use super::notices;
use super::plan::{GivenStack, PlanArgs};
use super::verb::{Finished, Verb};
use crate::app::failure::Failure;
use crate::app::fixes::Fixer;
use crate::app::last_run;
use crate::app::session::Session;
use crate::app::stack_admission::StackAdmission;
use crate::app::target::Target;
use crate::model::clock::Clock;
use crate::model::hint::CommandContext;
use crate::run::clock::SystemClock;
use applying::Apply;
pub(super) use outcome::ApplyDocument;
use std::cell::RefCell;

#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// Answer yes to every question
    #[arg(long, short)]
    yes: bool,
    /// Return when the job has started. The guardrails still apply; apply again to follow the job
    #[arg(long)]
    detach: bool,
    /// Send a notice to these places when the apply is over: https://… (a Slack webhook),
    /// arn:aws:sns:…, or smtps://user:password@host?from=a@b.c&to=d@e.f; separate several with spaces
    #[arg(long, value_name = "PLACES")]
    notify: Option<String>,
    /// Override policies that allow this; the reason is recorded
    #[arg(long = "override", value_name = "REASON", value_parser = reason)]
    why: Option<String>,
}

impl Verb for ApplyArgs {
    fn here(&self) -> CommandContext {
        self.plan.here()
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let began_at = SystemClock.now();
        let channels = self.notify.as_deref().unwrap_or_default();
        let channels = notices::channels(channels, session).await?;
        let given = self.plan.read("apply", session).await?;
        let GivenStack {
            file,
            stack,
            policies,
            read,
            ..
        } = &given;
        let choice = self.plan.target.choice();
        let target = Target::open(&choice, Some(&stack.region), session).await?;
        let progress = session.reporter.progress();
        let facts = target.cloud.facts(stack, self.plan.sample, &*progress);
        let mut facts = facts.await?;
        last_run::add(&mut facts, stack, &target).await?;
        let admission = StackAdmission::open(read, stack, &target, self.why.as_deref()).await?;
        let admission = admission.rereading_from(policies, &file.path);
        progress.clear();
        self.plan.sizes(stack, &facts, session);
        let apply = Apply {
            stack,
            file: &file.path,
            target: &target,
            options: self.plan.options(),
            admission: &admission,
            fixer: Fixer {
                file,
                policies: read,
                environment: &session.environment,
            },
            progress: &*progress,
            reader: &Terminal {
                session,
                yes: self.yes,
            },
            detach: self.detach,
            inputs: self.plan.inputs(&given, &target),
            stuck: stuck::Reports::default(),
            paces: RefCell::default(),
            took: RefCell::default(),
        };
        let result = apply.run(&facts).await;
        apply.announce_end(began_at, &result, &channels).await;
        result
    }
}

/// Validates the reason of an override. The cluster's tags, which record it, hold 200 characters.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        1..=200 if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err("give the reason in one line of 1 to 200 characters".to_owned()),
    }
}
