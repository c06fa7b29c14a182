//! The circuit breaker: what it held back, and who is notified of it. Each account has its own, so that
//! what happens in one holds back nothing in another.

use super::region_watch::RegionWatch;
use super::{Trip, Watchdog};
use crate::guard::watch::{self, Assessment};
use crate::model::audit::{Act, Entry};
use crate::model::hint::Command;
use crate::model::name::AccountId;
use crate::model::notice::{Level, Notice};
use crate::model::span::Span;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// How often an alert that persists is repeated.
const REMINDER_INTERVAL: Span = Span::from_secs(6 * 3_600);

impl Watchdog {
    /// The accounts that are watched; `None` for the watchdog's own with this machine.
    fn accounts(&self) -> BTreeSet<Option<AccountId>> {
        let watches = self.region_watches.iter();
        watches.map(|it| it.place().account().cloned()).collect()
    }

    /// Applies the circuit breaker to all places of each account together.
    pub(super) fn restrain(&mut self) -> Vec<Trip> {
        let breaker = self.policies.breaker();
        let mut trips = Vec::new();
        for account in self.accounts() {
            let watches = self.region_watches.iter_mut();
            let mut watches: Vec<&mut RegionWatch> = watches
                .filter(|it| it.place().account() == account.as_ref())
                .collect();
            let fleet = watches.iter().map(|it| it.living()).sum();
            let all = watches.iter().flat_map(|it| it.assessment());
            let mut assessment: Vec<Assessment> = all.collect();
            let tripped = watch::restrain(&mut assessment, fleet, breaker);
            let mut assessment = assessment.into_iter();
            for region_watch in &mut watches {
                region_watch.restrained(&mut assessment);
            }
            trips.extend(tripped.map(|tripped| Trip { account, tripped }));
        }
        trips
    }

    pub(super) async fn notify_trips(
        &self,
        trips: &[Trip],
        now: DateTime<Utc>,
        done: &mut Vec<Entry>,
    ) {
        for account in self.accounts() {
            if !trips.iter().any(|trip| trip.account == account) {
                self.audit_sink.forget(&matter(account.as_ref()));
            }
        }
        for trip in trips {
            let title = trip.title();
            let notice = Notice {
                at: now,
                matter: matter(trip.account.as_ref()),
                level: Level::Alert,
                title: title.clone(),
                facts: vec![(
                    "to let them end".to_owned(),
                    "raise watchdog.max_kills_per_sweep or max_kill_fraction in the policies, or \
                     end them by hand"
                        .to_owned(),
                )],
                command: trip.command(),
                remind_after: Some(REMINDER_INTERVAL),
            };
            if self.audit_sink.notify(&notice).await {
                let entry = self.entry(now, Act::Trip, title);
                self.audit_sink.note(&entry);
                done.push(entry);
            }
        }
    }
}

impl Trip {
    /// Shows what would end. Another account needs `--accounts` with a file that names it, and which
    /// file that is, is not known here.
    fn command(&self) -> Option<Command> {
        let is_own = self.account.is_none();
        is_own.then(|| Command::clusterup("watchdog sweep").arg("--dry-run"))
    }

    fn title(&self) -> String {
        let place = self.account.as_ref();
        let place = place.map_or_else(String::new, |account| format!(" of account {account}"));
        let tripped = &self.tripped;
        format!(
            "{} of {} clusters{place} would end at once for idleness, and {} may: none is ended",
            tripped.requested, tripped.fleet, tripped.allowed
        )
    }
}

fn matter(account: Option<&AccountId>) -> String {
    match account {
        None => "breaker".to_owned(),
        Some(account) => format!("breaker/{account}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::watch::Tripped;

    #[test]
    fn a_trip_in_another_account_has_no_command_that_shows_nothing_of_it() {
        let tripped = Tripped {
            requested: 9,
            allowed: 2,
            fleet: 10,
        };
        let trip = |account: Option<&str>| Trip {
            account: account.map(|it| it.parse().unwrap()),
            tripped: tripped.clone(),
        };
        assert!(trip(None).command().is_some());
        let other = trip(Some("222222222222"));
        assert_eq!(other.command(), None);
        assert!(other.title().contains("of account 222222222222"));
    }
}
