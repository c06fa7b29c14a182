//! The spending curves of all teams that have budgets.

use super::accounts::{self, TeamStore};
use super::failure::Failure;
use super::session::Session;
use super::target::{Target, TargetChoice};
use crate::model::fleet_status::Curve;
use crate::policy::Policies;
use chrono::{DateTime, Utc};

/// Settles the account of each team that the policies give a budget, and returns the month's
/// curves.
pub(crate) async fn curves(
    policies: &Policies,
    target: &TargetChoice,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<Vec<Curve>, Failure> {
    let teams = policies.teams();
    if teams.is_empty() {
        return Ok(Vec::new());
    }
    let target = Target::open(target, None, session).await?;
    let mut curves = Vec::new();
    for team in &teams {
        let all = policies.team_budgets(team);
        let home = accounts::home(&all, target.place.region())?;
        let account = TeamStore::open(team, home, target.opened(), session).await?;
        let budgets: Vec<_> = all.iter().map(|it| it.as_budget()).collect();
        let team_account = account.settle(&budgets, now).await?;
        let drawn = budgets
            .iter()
            .map(|(policy, budget)| team_account.curve(&policy.name, &budget.value, now));
        curves.extend(drawn);
    }
    Ok(curves)
}
