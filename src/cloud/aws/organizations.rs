//! AWS Organizations through the SDK.

use super::Sdk;
use super::error::{from_sdk, incomplete};
use crate::cloud::api::organizations::{ListAccounts, Member};
use crate::cloud::api::{ApiError, Page, Serve};
use aws_sdk_organizations::types::{Account, AccountState};

impl Serve<ListAccounts> for Sdk {
    async fn serve(&self, call: ListAccounts) -> Result<Page<Member>, ApiError> {
        let request = self.organizations.list_accounts();
        let reply = request.set_next_token(call.next).send().await;
        let reply = reply.map_err(from_sdk::<ListAccounts, _>)?;
        let accounts = reply.accounts.unwrap_or_default();
        let members: Result<Vec<Member>, ApiError> = accounts.iter().map(member).collect();
        Ok(Page {
            items: members?,
            next: reply.next_token.filter(|token| !token.is_empty()),
        })
    }
}

fn member(account: &Account) -> Result<Member, ApiError> {
    let id = account.id().unwrap_or_default().parse();
    Ok(Member {
        id: id.map_err(|_| incomplete::<ListAccounts>("the id of an account"))?,
        // One without a state would show as a role that cannot be assumed.
        is_active: account
            .state()
            .is_none_or(|state| *state == AccountState::Active),
    })
}
