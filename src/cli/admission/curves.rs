//! The months of all teams that have budgets, as curves.

use super::treasurer::Treasurer;
use crate::cli::args::TargetArgs;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::screen::Screen;
use crate::cli::target::Target;
use crate::model::picture::Curve;
use crate::policy::Policies;
use chrono::{DateTime, Utc};

/// Each team's account is brought up to what the target tells now.
pub(in crate::cli) async fn curves(
    policies: &Policies,
    target: &TargetArgs,
    context: &Context,
    screen: &Screen,
    now: DateTime<Utc>,
) -> Result<Vec<Curve>, Failure> {
    let teams = policies.teams();
    if teams.is_empty() {
        return Ok(Vec::new());
    }
    let target = Target::open(target, None, context).await?;
    let mut curves = Vec::new();
    for team in &teams {
        let budgets = policies.budgets_of(team);
        let treasurer = Treasurer::open(team, &budgets, &target, context, screen).await?;
        let book = treasurer.settle(&budgets, now).await?;
        let drawn = budgets
            .iter()
            .map(|(policy, budget)| book.curve(&policy.name, &budget.value, now));
        curves.extend(drawn);
    }
    Ok(curves)
}
