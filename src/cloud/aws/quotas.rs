//! Service Quotas by the SDK.

use super::Sdk;
use super::error::{lacks, told};
use crate::cloud::api::quotas::GetServiceQuota;
use crate::cloud::api::{ApiError, Serve};

impl Serve<GetServiceQuota> for Sdk {
    async fn serve(&self, call: GetServiceQuota) -> Result<u64, ApiError> {
        let asked = self.quotas.get_service_quota();
        let asked = asked.service_code(call.service).quota_code(call.code);
        let reply = asked.send().await.map_err(told::<GetServiceQuota, _>)?;
        let value = reply.quota.and_then(|quota| quota.value);
        let whole = value.filter(|it| (0.0..1e12).contains(it)).map(whole);
        whole.ok_or_else(|| lacks::<GetServiceQuota>("a value that is a number of things"))
    }
}

/// AWS gives whole numbers as doubles.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "its range is checked by the caller"
)]
const fn whole(value: f64) -> u64 {
    value as u64
}
