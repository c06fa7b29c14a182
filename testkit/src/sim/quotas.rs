//! Service Quotas with the defaults of a new account.

use super::refusal::Refusal;
use super::world::{Answer, State};
use clusterup::cloud::api::quotas::GetServiceQuota;

impl Answer for GetServiceQuota {
    fn answer(self, _: &mut State) -> Result<u64, Refusal> {
        Ok(32)
    }
}
