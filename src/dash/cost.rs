//! What the fleet has cost by day and team.

use crate::chart::{Column, Series, Stacked};
use crate::model::fleet_status::FleetCost;
use chrono::NaiveDate;

/// The chart of thirty days, as HTML.
pub(super) fn chart(cost: &FleetCost) -> String {
    let column = |name: &String| Column {
        name: name.clone(),
        label: name
            .parse::<NaiveDate>()
            .map_or_else(|_| name.clone(), |day| day.format("%-d %b").to_string()),
    };
    let team = |team: &crate::model::fleet_status::TeamCost| Series {
        name: team.team.clone().unwrap_or_else(|| "(no team)".to_owned()),
        amounts: team.by_day.clone(),
    };
    let stacked = Stacked {
        id: "cost-by-day",
        title: "The last 30 days by team, in dollars (UTC)",
        columns: cost.days.iter().map(column).collect(),
        series: cost.teams.iter().map(team).collect(),
    };
    stacked.chart().html()
}
