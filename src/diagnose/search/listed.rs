//! The logs that are there, by their names.

use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The time of an object in S3 has whole seconds.
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// The names of logs, without `.gz`, and when each was last written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    pub(super) names: BTreeSet<String>,
    /// Of the logs of which it is known.
    modified: BTreeMap<String, DateTime<Utc>>,
}

impl From<BTreeSet<String>> for Listed {
    fn from(names: BTreeSet<String>) -> Self {
        Self {
            names,
            modified: BTreeMap::new(),
        }
    }
}

impl FromIterator<(String, Option<DateTime<Utc>>)> for Listed {
    fn from_iter<I: IntoIterator<Item = (String, Option<DateTime<Utc>>)>>(logs: I) -> Self {
        let mut listed = Self::default();
        for (name, modified) in logs {
            if let Some(modified) = modified {
                listed.modified.insert(name.clone(), modified);
            }
            listed.names.insert(name);
        }
        listed
    }
}

impl Listed {
    /// Whether a log was written at this time or later.
    pub(super) fn is_since(&self, name: &str, time: DateTime<Utc>) -> bool {
        let modified = self.modified.get(name);
        modified.is_some_and(|modified| *modified + SECOND > time)
    }

    /// Whether any log was written at this time or later.
    pub(super) fn has_since(&self, time: DateTime<Utc>) -> bool {
        self.names.iter().any(|name| self.is_since(name, time))
    }

    /// Whether a log was written since another listing.
    pub(super) fn has_changed(&self, name: &str, before: &Self) -> bool {
        self.modified.get(name) != before.modified.get(name)
    }

    /// Sorts logs, those written last first.
    pub(super) fn newest_first(&self, names: &mut [&str]) {
        names.sort_by_key(|name| Reverse(self.modified.get(*name)));
    }
}
