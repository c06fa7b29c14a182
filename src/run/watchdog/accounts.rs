//! Accounts that cannot be watched at all, such as one whose role cannot be assumed. Each is
//! reported once, no matter how many regions it has, and the others are watched.

use super::Watchdog;
use super::region_watch::RegionWatch;
use crate::cloud::fleet::FleetProvider;
use crate::cloud::{Class, CloudError};
use crate::model::audit::{Act, Entry};
use crate::model::name::AccountId;
use crate::model::notice::{Level, Notice};
use crate::model::span::Span;
use crate::model::watched_account::RefusedAccount;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How often people are reminded of an account that cannot be watched.
const REMINDER_INTERVAL: Span = Span::from_secs(24 * 3_600);

impl RegionWatch {
    /// Notes that the clusters cannot be listed: as a gap of this place, or if the account may not
    /// be usable at all, for [`Watchdog::note_refused_places`].
    pub(super) fn note_blind(&mut self, error: &CloudError) {
        self.blind = true;
        match error.class {
            Class::Account => self.refused = Some(error.to_string()),
            Class::Input | Class::Busy | Class::Missing | Class::Unreachable | Class::Failed => {
                self.gaps.push(unlisted(&error.to_string()));
            }
        }
    }
}

impl Watchdog {
    /// Watches other accounts besides this one, which is that of the watchdog's own credentials.
    #[must_use]
    pub fn with_own_account(mut self, own: AccountId) -> Self {
        self.own_account = Some(own);
        self
    }

    /// Notes refusals of single places as gaps of these places. An account is refused only if all of
    /// its places are: a region in which its credentials do not work says nothing of the others.
    pub(super) fn note_refused_places(&mut self) {
        let usable = self.accounts_with(|it| it.refused.is_none());
        for region_watch in &mut self.region_watches {
            let account = region_watch.place().account();
            if account.is_none_or(|account| !usable.contains(account)) {
                continue;
            }
            if let Some(why) = region_watch.refused.take() {
                region_watch.gaps.push(unlisted(&why));
            }
        }
    }

    /// The other accounts of which a place fulfils a condition.
    fn accounts_with(&self, is: impl Fn(&RegionWatch) -> bool) -> BTreeSet<AccountId> {
        let watches = self.region_watches.iter().filter(|it| is(it));
        let accounts = watches.filter_map(|it| it.place().account());
        accounts.cloned().collect()
    }

    /// The accounts that cannot be watched, in the order of their numbers.
    pub(super) fn refused(&self) -> Vec<RefusedAccount> {
        let refused = self.region_watches.iter().filter_map(|region_watch| {
            let account = region_watch.place().account()?;
            Some((account.clone(), region_watch.refused.clone()?))
        });
        let refused: BTreeMap<AccountId, String> = refused.collect();
        let refused = refused.into_iter();
        refused
            .map(|(account, why)| RefusedAccount { account, why })
            .collect()
    }

    /// Notifies people of each account that cannot be watched, once until a place of it is listed
    /// again.
    pub(super) async fn notify_refused(&self, now: DateTime<Utc>, done: &mut Vec<Entry>) {
        for account in self.accounts_with(|it| !it.is_blind()) {
            self.audit_sink.forget(&matter(&account));
        }
        for RefusedAccount { account, why } in &self.refused() {
            let title = format!("account {account} is not watched: {why}");
            let notice = Notice {
                at: now,
                matter: matter(account),
                level: Level::Alert,
                title: title.clone(),
                facts: Vec::new(),
                command: None,
                remind_after: Some(REMINDER_INTERVAL),
            };
            if self.audit_sink.notify(&notice).await {
                let entry = self.entry(now, Act::Fail, title);
                self.audit_sink.note(&entry);
                done.push(entry);
            }
        }
    }

    /// Watches these places from now on. What is known of those that stay is kept.
    pub fn renew_fleets(&mut self, fleets: Vec<Rc<dyn FleetProvider>>) {
        let open = self.audit_sink.open_terminations();
        let mut known = std::mem::take(&mut self.region_watches);
        let remembered = known.first().map(|it| it.remembered.clone());
        for fleet in fleets {
            let same = |it: &RegionWatch| it.place() == fleet.place();
            let region_watch = match known.iter().position(same) {
                Some(at) => {
                    let mut region_watch = known.swap_remove(at);
                    region_watch.fleet = fleet;
                    region_watch
                }
                None => {
                    let mut new = RegionWatch::new(fleet, &open);
                    new.remembered = remembered.clone().unwrap_or_default();
                    new
                }
            };
            self.region_watches.push(region_watch);
        }
    }
}

fn unlisted(why: &str) -> String {
    format!("its clusters cannot be listed: {why}")
}

fn matter(account: &AccountId) -> String {
    format!("account/{account}")
}
