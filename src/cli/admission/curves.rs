//! The months of all teams that have budgets, as curves.

use super::desk::Desk;
use crate::app::accounts::{self, Account};
use crate::cli::args::TargetArgs;
use crate::cli::failure::Failure;
use crate::cli::target::Target;
use crate::model::picture::Curve;
use crate::policy::Policies;
use chrono::{DateTime, Utc};

/// Each team's account is brought up to what the target tells now.
pub(in crate::cli) async fn curves(
    policies: &Policies,
    target: &TargetArgs,
    desk: &Desk<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Curve>, Failure> {
    let teams = policies.teams();
    if teams.is_empty() {
        return Ok(Vec::new());
    }
    let target = Target::open(target, None, desk.context).await?;
    let mut curves = Vec::new();
    for team in &teams {
        let all = policies.team_budgets(team);
        let home = accounts::home(&all, target.region.as_ref())?;
        let account = Account::open(team, home, target.place_of_clusters(), desk).await?;
        let budgets: Vec<_> = all.iter().map(|it| it.as_budget()).collect();
        let book = account.settle(&budgets, now).await?;
        let drawn = budgets
            .iter()
            .map(|(policy, budget)| book.curve(&policy.name, &budget.value, now));
        curves.extend(drawn);
    }
    Ok(curves)
}
