//! The active accounts of an organization of AWS.

use super::api::organizations::{ListAccounts, Member};
use super::api::{ApiError, Kind, Serve};
use super::error::{Class, CloudError};
use super::unserved::unserved;
use crate::model::name::AccountId;
use std::collections::BTreeSet;

/// More than any organization has: ten thousand accounts, in pages of twenty (AWS Organizations User
/// Guide, "Quotas").
const MAX_PAGES: usize = 1_000;

/// The accounts of the caller's organization that are active.
///
/// # Errors
/// Returns an error if the caller may not list them, or any page cannot be read: a partial list is
/// never returned.
pub async fn members(api: &impl Serve<ListAccounts>) -> Result<BTreeSet<AccountId>, CloudError> {
    let mut members = BTreeSet::new();
    let mut next = None;
    for _ in 0..MAX_PAGES {
        let page = api.serve(ListAccounts { next }).await.map_err(explained)?;
        let active = page.items.into_iter().filter(|member| member.is_active);
        members.extend(active.map(|Member { id, .. }| id));
        next = page.next;
        if next.is_none() {
            return Ok(members);
        }
    }
    let message = "the list of the organization's accounts does not end";
    Err(CloudError::new(Class::Failed, message))
}

fn explained(error: ApiError) -> CloudError {
    let error = match unserved(error) {
        Ok(explained) => return explained,
        Err(error) => error,
    };
    let class = match error.kind {
        Kind::Denied => Class::Missing,
        Kind::Throttled | Kind::OutcomeUnknown => Class::Unreachable,
        Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => Class::Failed,
    };
    let failed = CloudError::new(class, "cannot list the accounts of the organization");
    let failed = match error.kind {
        Kind::Denied => failed.hint(
            "ask for the permission organizations:ListAccounts, which AWS gives only to the \
             management account and to delegated administrators",
        ),
        Kind::Throttled
        | Kind::OutcomeUnknown
        | Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => failed.hint("or name each account under `accounts:`"),
    };
    failed.caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::Page;
    use std::cell::Cell;

    /// Pages of accounts; `None` after the last page is a refusal.
    struct Pages(Vec<Vec<(&'static str, bool)>>, Cell<usize>, bool);

    impl Serve<ListAccounts> for Pages {
        async fn serve(&self, call: ListAccounts) -> Result<Page<Member>, ApiError> {
            let Self(pages, served, ends) = self;
            let expected = (served.get() > 0).then(|| served.get().to_string());
            assert_eq!(call.next, expected);
            let Some(page) = pages.get(served.get() % pages.len().max(1)) else {
                return Err(ApiError {
                    call: "organizations:ListAccounts",
                    kind: Kind::Denied,
                    code: Some("AccessDeniedException".to_owned()),
                    message: "no".to_owned(),
                    cause: None,
                });
            };
            served.set(served.get() + 1);
            let items = page.iter().map(|(id, is_active)| Member {
                id: id.parse().unwrap(),
                is_active: *is_active,
            });
            let more = !ends || served.get() < pages.len();
            Ok(Page {
                items: items.collect(),
                next: more.then(|| served.get().to_string()),
            })
        }
    }

    #[tokio::test]
    async fn active_accounts_of_all_pages_are_members() {
        let (one, other) = ("111111111111", "222222222222");
        let pages = vec![
            vec![(other, true), ("333333333333", false)],
            vec![],
            vec![(one, true)],
        ];
        let found = members(&Pages(pages, Cell::default(), true)).await.unwrap();
        let found: Vec<&str> = found.iter().map(AccountId::as_str).collect();
        assert_eq!(found, [one, other]);
    }

    #[tokio::test]
    async fn a_list_that_cannot_be_read_to_its_end_is_an_error() {
        let endless = Pages(vec![vec![("111111111111", true)]], Cell::default(), false);
        let error = members(&endless).await.unwrap_err();
        assert!(error.to_string().contains("does not end"));
        let denied = members(&Pages(vec![], Cell::default(), true)).await;
        let denied = denied.unwrap_err();
        assert_eq!(denied.class, Class::Missing);
        assert!(
            denied.hints[0]
                .to_string()
                .contains("organizations:ListAccounts")
        );
    }
}
