//! Removes what ended clusters left behind, after a grace, if a policy sets `clean_up_after`.

use super::{CLEANUP_INTERVAL, Watchdog};
use crate::model::audit::{Act, Entry, Target};
use chrono::{DateTime, Utc};

impl Watchdog {
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
        for region_watch in self
            .region_watches
            .iter()
            .filter(|region_watch| !region_watch.is_blind())
        {
            let place = region_watch.place();
            // Leftovers on this machine cost nothing.
            let Some(region) = region_watch.fleet.region() else {
                continue;
            };
            let leftovers = match region.leftovers(now - after.delta()).await {
                Ok(leftovers) => leftovers,
                Err(error) => {
                    unseen.push(format!(
                        "{place}: cannot list what ended clusters left: {error}"
                    ));
                    continue;
                }
            };
            for leftover in leftovers {
                leftover_texts.push(format!("{place}: {}", leftover.says));
                if dry {
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
        }
        self.cleaned_at = Some(now);
        leftover_texts
    }
}
