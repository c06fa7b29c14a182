//! AWS Organizations: the accounts of an organization.

use super::{Page, call};
use crate::model::name::AccountId;

/// Lists accounts of the organization that the caller's account manages. A page may be empty before
/// the last (Organizations API, ListAccounts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAccounts {
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call!(
    ListAccounts,
    "organizations:ListAccounts",
    reads,
    Page<Member>
);

/// An account of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Id: 12 digits.
    pub id: AccountId,
    /// Whether State is ACTIVE: not suspended, closed or about to be.
    pub is_active: bool,
}
