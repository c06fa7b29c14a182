//! `policy check`: stacks against policies, for people and for CI.

use super::format::{self, Checked, Format};
use crate::cli::args::StackArgs;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::policies::PoliciesArgs;
use crate::cli::screen::Screen;
use crate::cli::{policies, stack_file, view};
use crate::cloud::account::ENDING;
use crate::cost::catalog::Catalog;
use crate::cost::estimate::Estimate;
use crate::model::clock::Clock;
use crate::model::desired::InstanceGroups;
use crate::model::shown::json;
use crate::model::stack::Stack;
use crate::policy::{Judgement, Price, Subject};
use crate::run::clock::SystemClock;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CheckArgs {
    /// The stacks' YAML files
    #[arg(required = true)]
    stacks: Vec<PathBuf>,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// What standard output holds: sarif for code scanning, github for annotations of a workflow
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) async fn run(
    args: &CheckArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let mut checked = Vec::new();
    let mut unread = Vec::new();
    if args.format != Format::Text {
        screen.only("--format")?;
    }
    for path in &args.stacks {
        match check(path, args, context, screen).await {
            Ok(one) => checked.push(one),
            // One file that is wrong must not hide the others; policies that are, hide everything.
            Err(Wrong::Stack(failure)) => {
                screen.failure_of_many(&failure);
                unread.push(json!({ "file": path, "error": failure.message }));
            }
            Err(Wrong::Policies(failure)) => return Err(failure),
        }
    }
    let denied = checked.iter().any(|one| one.judgement.is_denied());
    let exit = match (unread.is_empty(), denied) {
        (false, _) => Exit::Input,
        (true, true) => Exit::Refused,
        (true, false) => Exit::Done,
    };
    match args.format {
        Format::Text => {
            for one in &checked {
                screen.text(&text(one));
            }
        }
        Format::Sarif => screen.raw(&json(&format!("{:#}", format::sarif(&checked)))),
        Format::Github => screen.raw(&format::github(&checked)),
    }
    let stacks: Vec<_> = checked.iter().map(Checked::document).collect();
    let fields = json!({ "stacks": stacks, "unread": unread });
    screen.document("policy check", exit.code(), fields);
    Ok(exit)
}

enum Wrong {
    Stack(Failure),
    Policies(Failure),
}

async fn check(
    path: &Path,
    args: &CheckArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Checked, Wrong> {
    let read = args.policies.read(path, context, screen).await;
    let read = read.map_err(Wrong::Policies)?;
    if read.policies.is_empty() {
        return Err(Wrong::Policies(policies::none()));
    }
    let (stack, text) = stack_file::read_with_text(&StackArgs {
        stack: path.to_owned(),
        sets: Vec::new(),
    })
    .map_err(Wrong::Stack)?;
    let catalog = context.catalog();
    let by = context.who.clone();
    Ok(Checked {
        file: path.display().to_string(),
        judgement: judge(&stack, &read.policies, &catalog, &by, SystemClock.now()),
        stack: stack.name,
        text,
        from: read.places,
    })
}

/// What policies say of a stack without looking at anything that exists.
pub(super) fn judge(
    stack: &Stack,
    policies: &crate::policy::Policies,
    catalog: &Catalog,
    by: &str,
    now: DateTime<Utc>,
) -> Judgement {
    let stack = policies.impose(stack.clone());
    let price = price(&stack, catalog, now);
    let stack = &stack;
    policies.judge(&Subject { stack, price, by })
}

/// A stack's price on AWS; none where a part of it has none.
pub(super) fn price(stack: &Stack, catalog: &Catalog, now: DateTime<Utc>) -> Option<Price> {
    let groups = InstanceGroups::of(&stack.cluster);
    let estimate = Estimate::of(catalog, &stack.region, &groups).ok()?;
    Price::ahead(&stack.guardrails, &groups, estimate.rates(), ENDING, now)
}

fn text(one: &Checked) -> String {
    let standing = view::policy::word(one.judgement.standing);
    format!(
        "{}: {standing}\n{}",
        one.file,
        view::policy::judgement(&one.judgement).trim_end()
    )
}
