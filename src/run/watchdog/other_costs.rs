//! Reports what costs money besides clusters. Nothing of it is ended or deleted.

use super::Watchdog;
use crate::cloud::CloudError;
use crate::model::fleet_status::PlacedCost;
use crate::model::place::Place;
use crate::run::notify::join_all;
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

/// How often it is looked for: a handful of calls for each region.
const INTERVAL: TimeDelta = TimeDelta::hours(1);

/// How long that may take for all regions, which are read at the same time: no cluster is watched
/// meanwhile.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the watchdog knows of what costs money besides clusters.
#[derive(Default)]
pub(super) struct OtherCostsMemory {
    /// What was found at the last look, the most expensive first.
    pub(super) costs: Vec<PlacedCost>,
    /// What could not be looked for then, and why.
    pub(super) unread: Vec<String>,
    looked_at: Option<DateTime<Utc>>,
    /// The lines that were reported since this process started.
    reported: BTreeSet<String>,
}

impl OtherCostsMemory {
    /// Makes the next sweep look again.
    pub(super) const fn forget_time(&mut self) {
        self.looked_at = None;
    }

    /// The lines that were not reported before: of each thing once, even if its size has changed.
    fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        for placed in &self.costs {
            if self
                .reported
                .insert(format!("{} {}", placed.place, placed.cost.id))
            {
                news.push(format!("also costs: {}", placed.text()));
            }
        }
        for gap in &self.unread {
            if self.reported.insert(gap.clone()) {
                news.push(format!("warning: {gap}"));
            }
        }
        news
    }
}

impl Watchdog {
    /// Looks for it if that is due. Returns the lines to report.
    pub(super) async fn look_for_other_costs(&mut self, now: DateTime<Utc>) -> Vec<String> {
        let looked_at = self.other_costs.looked_at;
        if looked_at.is_some_and(|at| now - at < INTERVAL) {
            return Vec::new();
        }
        // This machine bills nothing. Without a list, nothing is known to belong to no cluster.
        let looks = self.listed_regions().map(|(watch, region)| async move {
            let alive: BTreeSet<_> = watch.tracked.keys().cloned().collect();
            let found = timeout(TIMEOUT, region.other_costs(&alive)).await;
            (watch.place(), found)
        });
        let (mut costs, mut unread) = (Vec::new(), Vec::new());
        for (place, found) in join_all(looks.collect()).await {
            let Ok(found) = found else {
                let why = "what else costs money could not be read in a minute";
                unread.push(format!("{place}: {why}"));
                continue;
            };
            costs.extend(found.costs.into_iter().map(|cost| PlacedCost {
                place: place.clone(),
                cost,
            }));
            unread.extend(found.unread.iter().map(|error| gap(place, error)));
        }
        costs.sort_by_key(|placed| Reverse(placed.cost.monthly));
        let memory = &mut self.other_costs;
        (memory.costs, memory.unread) = (costs, unread);
        memory.looked_at = Some(now);
        memory.news()
    }
}

fn gap(place: &Place, error: &CloudError) -> String {
    let hint = error.hints.first();
    let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
    format!("{place}: {error}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::other_cost::{OtherCost, OtherCostKind};

    #[test]
    fn each_thing_and_each_gap_is_reported_once() {
        let cost = |id: &str, says: &str| PlacedCost {
            place: Place::Local,
            cost: OtherCost {
                kind: OtherCostKind::LogBucket,
                id: id.to_owned(),
                says: says.to_owned(),
                monthly: None,
            },
        };
        let mut memory = OtherCostsMemory {
            costs: vec![cost("logs", "400 GiB")],
            unread: vec!["us-east-1: no".to_owned()],
            ..OtherCostsMemory::default()
        };
        let news = memory.news();
        assert_eq!(news.len(), 2, "{news:?}");
        assert!(
            news[0].starts_with("also costs: ") && news[0].contains("400 GiB"),
            "{news:?}"
        );
        assert_eq!(news[1], "warning: us-east-1: no");
        assert_eq!(memory.news(), Vec::<String>::new());
        memory.costs = vec![cost("logs", "401 GiB"), cost("more", "20 GiB")];
        assert_eq!(memory.news().len(), 1);
    }
}
