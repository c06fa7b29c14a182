//! Removes what ended clusters left behind, after a grace, if a policy sets `clean_up_after`.

use super::region_watch::RegionWatch;
use super::{CLEANUP_INTERVAL, Watchdog};
use crate::cloud::fleet::{Leftover, RegionFleet};
use crate::model::audit::{Act, Entry, Target};
use crate::model::place::Place;
use crate::run::notify::join_all;
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long the search may take for all regions, which are searched at the same time: no cluster is
/// watched meanwhile.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// After how long no other removal is begun, in all regions together.
const REMOVE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

impl Watchdog {
    /// The regions of AWS whose clusters could be listed. On this machine, nothing costs money.
    pub(super) fn listed_regions(&self) -> impl Iterator<Item = (&RegionWatch, &dyn RegionFleet)> {
        let listed = self.region_watches.iter().filter(|it| !it.is_blind());
        listed.filter_map(|it| Some((it, it.fleet.region()?)))
    }

    /// Returns the leftovers as text and removes them unless `dry`. Runs once an hour, since it
    /// costs a handful of calls.
    pub(super) async fn clean(
        &mut self,
        now: DateTime<Utc>,
        dry: bool,
        done: &mut Vec<Entry>,
        unseen: &mut Vec<String>,
    ) -> Vec<String> {
        let Some(after) = self.policies.clean_up_after() else {
            return Vec::new();
        };
        if self
            .cleaned_at
            .is_some_and(|at| now - at < CLEANUP_INTERVAL)
        {
            return Vec::new();
        }
        let mut leftover_texts = Vec::new();
        let found = self.leftovers(now - after.delta(), unseen).await;
        let until = Instant::now() + REMOVE_TIMEOUT;
        let mut late = 0;
        for (place, region, leftover) in found {
            leftover_texts.push(format!("{place}: {}", leftover.says));
            if dry {
                continue;
            }
            if Instant::now() >= until {
                late += 1;
                continue;
            }
            let outcome = match region.remove(&leftover).await {
                Ok(true) => "done".to_owned(),
                // It is in use, or no longer a leftover.
                Ok(false) => continue,
                Err(error) => format!("cannot remove it: {error}"),
            };
            let entry = Entry {
                place: Some(place.clone()),
                target: Some(Target {
                    id: leftover.id.clone(),
                    name: leftover.stack.as_ref().map(|name| name.as_str().into()),
                }),
                evidence: Some(leftover.says.clone()),
                ..self.entry(now, Act::CleanUp, outcome)
            };
            self.audit_sink.note(&entry);
            done.push(entry);
        }
        if late > 0 {
            unseen.push(format!(
                "{late} things that ended clusters left are removed later: the others took too long"
            ));
        }
        self.cleaned_at = Some(now);
        leftover_texts
    }

    /// What clusters have left that ended before an instant, in the order of the places.
    async fn leftovers(
        &self,
        ended_before: DateTime<Utc>,
        unseen: &mut Vec<String>,
    ) -> Vec<(&Place, &dyn RegionFleet, Leftover)> {
        let searches = self.listed_regions().map(|(watch, region)| async move {
            let found = timeout(SEARCH_TIMEOUT, region.leftovers(ended_before)).await;
            (watch.place(), region, found)
        });
        let mut all = Vec::new();
        for (place, region, found) in join_all(searches.collect()).await {
            let why = match found {
                Ok(Ok(leftovers)) => {
                    all.extend(leftovers.into_iter().map(|it| (place, region, it)));
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("it took longer than {} s", SEARCH_TIMEOUT.as_secs()),
            };
            unseen.push(format!(
                "{place}: cannot list what ended clusters left: {why}"
            ));
        }
        all
    }
}
