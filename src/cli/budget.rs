//! `budget`: each team's monthly budget: what is spent, reserved and left, and how long it lasts.

use super::flags::{PoliciesArgs, TargetArgs};
use super::verb::{Finished, Verb};
use super::view;
use super::view::month::MonthDocument;
use crate::app::accounts::{self, TeamStore};
use crate::app::failure::Failure;
use crate::app::policies::LoadedPolicies;
use crate::app::policies::PolicySource;
use crate::app::session::Session;
use crate::app::target::{Target, TargetChoice};
use crate::model::clock::Clock;
use crate::model::month::Month;
use crate::model::name::TeamName;
use crate::model::place::Place;
use crate::policy::TeamBudget;
use crate::policy::team_account::TeamAccount;
use crate::run::account_store::Budget;
use crate::run::clock::SystemClock;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Debug, clap::Args)]
pub(super) struct BudgetArgs {
    /// Show only this team
    team: Option<TeamName>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    policies: PoliciesArgs,
}

impl Verb for BudgetArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let target = Target::open(&self.target.choice(), None, session).await?;
        let read = self.policies.place().read_here(session).await?;
        let teams = teams(&read, self.team.as_ref())?;
        let now = SystemClock.now();
        let mut documents = Vec::new();
        for (n, team) in teams.iter().enumerate() {
            if n > 0 {
                session.reporter.text("");
            }
            let all = read.policies.team_budgets(team);
            let shown_team = Team {
                name: team,
                all: &all,
                budgets: all.iter().map(TeamBudget::as_budget).collect(),
                now,
            };
            let team_account = shown_team.settle(&target).await?;
            documents.extend(shown_team.show(&team_account, session));
        }
        let fields = BudgetDocument {
            target: target.place.clone(),
            months: documents,
            from: read.places,
        };
        Ok(Finished::done(fields))
    }
}

/// The teams that have a budget, or only the given one.
fn teams(read: &LoadedPolicies, only: Option<&TeamName>) -> Result<BTreeSet<TeamName>, Failure> {
    let mut teams = read.policies.teams();
    if let Some(only) = only {
        teams.retain(|team| team == only);
    }
    if !teams.is_empty() {
        return Ok(teams);
    }
    let what = match only {
        Some(team) => format!("no policy gives team {team} a budget"),
        None => "no policy gives a team a budget".to_owned(),
    };
    let places: Vec<&str> = read
        .places
        .iter()
        .map(|source| source.place.as_str())
        .collect();
    let searched = if places.is_empty() {
        "no policies were found here or in the folders above: use --policies".to_owned()
    } else {
        format!("searched in {}", places.join(", "))
    };
    Err(Failure::input(what)
        .hint(searched)
        .hint("a policy sets one with `applies_to.teams` and `budget.monthly`"))
}

struct Team<'a> {
    name: &'a TeamName,
    all: &'a [TeamBudget],
    budgets: Vec<Budget<'a>>,
    now: DateTime<Utc>,
}

impl Team<'_> {
    /// Settles the team's account with the clusters of every place where it has reservations.
    async fn settle(&self, target: &Target<'_>) -> Result<TeamAccount, Failure> {
        let mut team_account = self.settle_in(target).await?;
        let reservations = team_account.reservations.values();
        let places: BTreeSet<Place> = reservations
            .map(|reservation| &reservation.place)
            .filter(|place| **place != target.place && **place != Place::Local)
            .cloned()
            .collect();
        for place in places {
            let choice = TargetChoice::Place(place);
            let elsewhere = Target::open(&choice, None, target.session).await?;
            team_account = self.settle_in(&elsewhere).await?;
        }
        Ok(team_account)
    }

    async fn settle_in(&self, target: &Target<'_>) -> Result<TeamAccount, Failure> {
        let home = accounts::home(self.all, target.place.region())?;
        let place = target.opened();
        let account = TeamStore::open(self.name, home, place, target.session).await?;
        Ok(account.settle(&self.budgets, self.now).await?)
    }

    fn show(&self, team_account: &TeamAccount, session: &Session) -> Vec<MonthDocument> {
        let mut documents = Vec::new();
        for (policy, budget) in &self.budgets {
            let month = Month::of(self.now, budget.value.timezone);
            let figures = team_account.figures(&policy.name, month, &budget.value, None, self.now);
            let reservations: Vec<_> = team_account.reservations.values().collect();
            let shown = view::month::Month {
                team: self.name,
                policy: &policy.name,
                budget: &budget.value,
                figures,
                reservations: &reservations,
                now: self.now,
            };
            session.reporter.text(shown.render().trim_end());
            documents.push(shown.document());
        }
        documents
    }
}

/// The months of teams.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct BudgetDocument {
    /// The place.
    target: Place,
    /// The budgets and what is spent of them.
    months: Vec<MonthDocument>,
    /// Where the policies were read.
    from: Vec<PolicySource>,
}
