//! How the accounts that a watchdog watches differ from those before.

use super::name::AccountId;
use super::watched_account::WatchedAccount;
use std::collections::BTreeMap;
use std::fmt;

/// How many accounts are named of each kind of change.
const MAX_NAMED: usize = 5;

/// What has changed between two lists of watched accounts. Their order does not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountsChange {
    added: Vec<AccountId>,
    removed: Vec<AccountId>,
    /// Accounts that have another role, external id or other regions than before.
    changed: Vec<AccountId>,
}

impl AccountsChange {
    /// The difference of two lists. None has an account twice.
    pub fn between<'a>(
        before: impl IntoIterator<Item = &'a WatchedAccount>,
        now: impl IntoIterator<Item = &'a WatchedAccount>,
    ) -> Self {
        let mut before: BTreeMap<&AccountId, &WatchedAccount> =
            before.into_iter().map(|it| (&it.id, it)).collect();
        let mut change = Self::default();
        for account in now {
            match before.remove(&account.id) {
                None => change.added.push(account.id.clone()),
                Some(before) if before != account => change.changed.push(account.id.clone()),
                Some(_) => {}
            }
        }
        change.removed = before.into_keys().cloned().collect();
        change
    }

    /// Whether nothing has changed.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// `1 added (222222222222), 2 removed (333333333333, 444444444444)`.
impl fmt::Display for AccountsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (&self.added, "added"),
            (&self.removed, "removed"),
            (&self.changed, "changed"),
        ];
        let parts = parts
            .into_iter()
            .filter(|(accounts, _)| !accounts.is_empty());
        let parts = parts.map(|(accounts, what)| {
            let named = accounts.iter().take(MAX_NAMED).map(ToString::to_string);
            let mut named: Vec<String> = named.collect();
            match accounts.len() {
                count if count > MAX_NAMED => named.push(format!("{} more", count - MAX_NAMED)),
                _ => {}
            }
            format!("{} {what} ({})", accounts.len(), named.join(", "))
        });
        f.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: usize, role: &str) -> WatchedAccount {
        let id = format!("{id:012}");
        WatchedAccount {
            role: format!("arn:aws:iam::{id}:role/{role}").parse().unwrap(),
            id: id.parse().unwrap(),
            external_id: None,
            regions: None,
        }
    }

    fn change(before: &[WatchedAccount], now: &[WatchedAccount]) -> String {
        let change = AccountsChange::between(before, now);
        assert_eq!(change.is_empty(), change.to_string().is_empty());
        change.to_string()
    }

    #[test]
    fn accounts_are_added_removed_and_changed() {
        let [one, two, three] = [1, 2, 3].map(|id| account(id, "watch"));
        let before = [one.clone(), two.clone()];
        assert_eq!(change(&before, &[two.clone(), one.clone()]), "");
        assert_eq!(
            change(&before, &[one, three]),
            "1 added (000000000003), 1 removed (000000000002)"
        );
        assert_eq!(
            change(&before, &[account(1, "other"), two]),
            "1 changed (000000000001)"
        );
    }

    #[test]
    fn the_text_of_a_large_change_is_short() {
        let all: Vec<WatchedAccount> = (1..=3_000).map(|id| account(id, "watch")).collect();
        let text = change(&[], &all);
        assert!(text.starts_with("3000 added (000000000001, "), "{text}");
        assert!(text.ends_with("000000000005, 2995 more)"), "{text}");
    }
}
