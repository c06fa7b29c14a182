//! What the clusters of a team cost in a month, and can yet cost, counted from the account alone.

use super::World;
use crate::bookkeeper::{self, ENDING, POLL, Prices};
use crate::request::StackRequest;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::model::month::Month;
use clusterup::model::name::ClusterId;
use clusterup_testkit::sim::CensusCluster;
use clusterup_testkit::tally::margin;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// An hour of a node, in millionths of a cent.
const RATE: i64 = 24_000_000;
/// What is set aside for the end of a cluster.
const RESERVED: TimeDelta = TimeDelta::minutes(20);
/// A reservation may be so much larger than what a cluster can cost: in a resize, old and new nodes count.
const SLACK: Decimal = Decimal::from_parts(15, 0, 0, false, 1);

impl World<'_> {
    /// What the clusters of a team have cost and can yet cost is within each month.
    pub(super) fn check(&self) {
        for (team, most) in self.monthly {
            for window in self.months(team) {
                let all = self.worst(team, window, false);
                let each = self.sim.clusters();
                assert!(
                    all <= most,
                    "{team} in {window:?}: {all} of {most}: {each:?}"
                );
                let left = (most - all).to_f64().unwrap();
                margin("P4: dollars below the month", left);
            }
        }
    }

    /// This month and the next, in the team's zone.
    fn months(&self, team: &str) -> [(DateTime<Utc>, DateTime<Utc>); 2] {
        let policy = self.policies.budgets_of(&team.parse().unwrap())[0].1;
        let zone = policy.value.timezone;
        let month = Month::of(self.sim.now(), zone);
        [month, month.next()].map(|month| (month.begins(zone), month.next().begins(zone)))
    }

    /// The most that the clusters of a team cost within a month, with what they have cost: until the account
    /// itself has ended them. See [`Self::counted`].
    fn worst(&self, team: &str, window: (DateTime<Utc>, DateTime<Utc>), moved: bool) -> Decimal {
        let census = self.sim.census();
        let gone = |cluster: &CensusCluster| {
            let name = format!("clusterup-{}", cluster.id);
            let schedule = census.schedules.iter().find(|it| it.name == name);
            let fires = schedule.map(|it| it.at + POLL + ENDING);
            // One that is on its way out has no schedule any more.
            let ends = fires.unwrap_or_else(|| cluster.down_at.unwrap() + ENDING);
            cluster.ended_at.unwrap_or(ends)
        };
        let mine = self.counted(team, moved).into_iter();
        mine.map(|it| bookkeeper::cost(&it, &Prices::of_each(RATE), window, gone(&it)))
            .sum()
    }

    /// The clusters that were admitted for a team; with those that people moved to it without asking, or created
    /// against its policy, if `moved`.
    fn counted(&self, team: &str, moved: bool) -> Vec<CensusCluster> {
        let of_team = |cluster: &CensusCluster| {
            let id: ClusterId = cluster.id.parse().unwrap();
            let teams = self.admitted.borrow();
            let admitted = teams.get(&id);
            let tag = cluster.tags.get("clusterup-team");
            let counts = moved || !self.overridden.borrow().contains(&id);
            counts && admitted.is_some_and(|teams| teams.contains(team))
                || moved && tag.is_some_and(|tag| tag == team)
        };
        let mut all = self.sim.clusters();
        all.retain(of_team);
        all
    }

    /// What the clusters of a team have cost in this month so far. See [`Self::counted`].
    pub(super) fn spent(&self, team: &str, moved: bool) -> Decimal {
        let ([(from, _), _], now) = (self.months(team), self.sim.now());
        let mine = self.counted(team, moved).into_iter();
        let cost = |it: CensusCluster| {
            let gone = it.ended_at.unwrap_or(now);
            bookkeeper::cost(&it, &Prices::of_each(RATE), (from, now), gone)
        };
        mine.map(cost).sum()
    }

    /// A cluster is only denied where the month cannot hold it with the team's other clusters. Clusters that
    /// were denied or interrupted shortly before may still be counted.
    pub(super) fn is_denied_rightly(&self, request: &StackRequest) {
        let now = self.sim.now();
        let team = request.team.unwrap();
        let (_, most) = self.monthly.into_iter().find(|it| it.0 == team).unwrap();
        let lasts = now + TimeDelta::hours(i64::try_from(request.life_hours).unwrap());
        let nodes = Decimal::from(1 + request.core + request.task);
        let fits = self.months(team).into_iter().all(|(from, until)| {
            let passed = (lasts + RESERVED).min(until) - now.max(from);
            let hours = Decimal::from(passed.num_seconds().max(0)) / Decimal::from(3_600);
            let whole = Decimal::new(RATE, 8) * nodes * hours;
            let budget = Decimal::from(request.budget);
            let asked = if request.budget > 0 {
                whole.min(budget)
            } else {
                whole
            };
            (self.worst(team, (from, until), true) + asked) * SLACK <= most
        });
        let is_sure = now >= self.unsure_until.get();
        assert!(
            !fits || !is_sure,
            "at {now} {request:?} would fit into {most}: {:#?}",
            self.shown(team)
        );
    }

    /// The clusters that count for a team, and what each costs in this month.
    fn shown(&self, team: &str) -> Vec<String> {
        let [(from, until), _] = self.months(team);
        let clusters = self.sim.clusters();
        let line = |it: &CensusCluster| {
            let gone = it.ended_at.unwrap_or(until);
            let cost = bookkeeper::cost(it, &Prices::of_each(RATE), (from, until), gone);
            let (name, tag, teams) = (
                &it.name,
                it.tags.get("clusterup-team"),
                self.admitted.borrow(),
            );
            let teams = teams.get::<ClusterId>(&it.id.parse().unwrap()).cloned();
            format!(
                "{name} {tag:?} {teams:?} {} to {:?}: {cost} {:?}",
                it.created_at, it.ended_at, it.ran
            )
        };
        clusters.iter().map(line).collect()
    }
}
