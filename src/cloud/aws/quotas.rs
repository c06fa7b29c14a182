//! Service Quotas through the SDK.

use super::Sdk;
use super::error::{from_sdk, incomplete};
use crate::cloud::api::quotas::GetServiceQuota;
use crate::cloud::api::{ApiError, Serve};

impl Serve<GetServiceQuota> for Sdk {
    async fn serve(&self, call: GetServiceQuota) -> Result<u64, ApiError> {
        let request = self.quotas.get_service_quota();
        let request = request.service_code(call.service).quota_code(call.code);
        let reply = request
            .send()
            .await
            .map_err(from_sdk::<GetServiceQuota, _>)?;
        let value = reply.quota.and_then(|quota| quota.value);
        let whole = value.filter(|it| (0.0..1e12).contains(it)).map(whole);
        whole.ok_or_else(|| incomplete::<GetServiceQuota>("a valid value"))
    }
}

/// AWS returns whole numbers as doubles.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "its range is checked by the caller"
)]
const fn whole(value: f64) -> u64 {
    value as u64
}
