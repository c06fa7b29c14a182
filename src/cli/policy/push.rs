//! `policy push`: makes AWS Budgets match the policies' monthly budgets, one for each team.

#[cfg(feature = "aws")]
use crate::app::environment::region::known_region;
use crate::app::failure::Failure;
use crate::app::interrupt;
use crate::app::policies;
use crate::app::session::Session;
use crate::cli::flags::PoliciesArgs;
use crate::cli::prompt::consent;
use crate::cli::verb::{Finished, Verb};
use crate::cli::view::budgets::{BudgetDocument, ChangeDocument};
use crate::cli::view::budgets::{budget, changes, document, present, question};
use crate::cloud::api::Api;
use crate::cloud::budgets::diff::{desired_budgets, shortcomings};
use crate::cloud::budgets::push;
#[cfg(feature = "aws")]
use crate::model::partition::Partition;
use crate::model::policy::Policy;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PushArgs {
    #[command(flatten)]
    policies: PoliciesArgs,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Answer yes to every question
    #[arg(long, short)]
    yes: bool,
}

#[cfg(feature = "aws")]
impl Verb for PushArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let policies = read(self, session).await?;
        // AWS Budgets has one endpoint for all regions; any region serves to look up the account.
        let region = match known_region(&session.environment).await {
            Some(region) => region,
            None => ("us-east-1".parse())
                .map_err(|error| Failure::input("no region is set").caused_by(&error))?,
        };
        let part = Partition::of(&region);
        if !part.has_billing() {
            let message = format!("{region} is in {}, which has no AWS Budgets", part.name());
            return Err(Failure::input(message)
                .hint("use credentials and a region of the commercial account that pays for it"));
        }
        let api = session.environment.services(&region).await?;
        push(&api, &policies, self, session).await
    }
}

#[cfg(not(feature = "aws"))]
impl Verb for PushArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        read(self, session).await?;
        Err(Failure::input(
            "this clusterup was built without AWS support, so it cannot reach AWS Budgets",
        ))
    }
}

async fn read(args: &PushArgs, session: &Session) -> Result<Vec<Policy>, Failure> {
    let read = args.policies.place().read_here(session).await?;
    if read.policies.is_empty() {
        Err(policies::none())
    } else {
        Ok(read.policies.iter().cloned().collect())
    }
}

#[cfg_attr(
    not(feature = "aws"),
    expect(dead_code, reason = "without AWS nothing calls it")
)]
async fn push<A: Api>(
    api: &A,
    policies: &[Policy],
    args: &PushArgs,
    session: &Session,
) -> Result<Finished, Failure> {
    let desired = desired_budgets(policies);
    for shortcoming in shortcomings(policies) {
        session.reporter.say(&format!("warning: {shortcoming}"));
    }
    let account = push::account(api).await?;
    let plan = push::plan(api, &account, &desired).await?;
    session.reporter.text(&changes(&account, &plan));
    let pushes = !args.dry_run && !plan.is_empty();
    if pushes {
        if !consent(&question(&account, &plan), args.yes, &session.environment)? {
            return Ok(Finished::declined(session));
        }
        let push = push::push(api, &account, &desired, &plan);
        interrupt::or_stop(push, STOPPED).await??;
        session.reporter.text(&present(&account, &desired));
    }
    let fields = PolicyPushDocument {
        account: account.to_string(),
        changes: plan.iter().map(document).collect(),
        pushed: pushes,
        budgets: desired.iter().map(budget).collect(),
    };
    Ok(Finished::done(fields))
}

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted before every budget matched its policy",
    "run `policy push` again to continue",
];

/// The budgets of policies in an account of AWS.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct PolicyPushDocument {
    /// The account.
    account: String,
    /// What differs there.
    changes: Vec<ChangeDocument>,
    /// Whether that was changed.
    pushed: bool,
    /// All budgets of the policies.
    budgets: Vec<BudgetDocument>,
}
