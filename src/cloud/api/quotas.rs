//! Service Quotas: limits of an account.

use super::{call, service};

service! { GetServiceQuota }

/// Reads the applied value of a quota in a region.
#[derive(Debug, Clone)]
pub struct GetServiceQuota {
    /// Such as `ec2`.
    pub service: &'static str,
    /// Such as `L-1216C47A`.
    pub code: &'static str,
}
call!(
    GetServiceQuota,
    "servicequotas:GetServiceQuota",
    reads,
    u64,
    service,
    code
);

/// The number of vCPUs of running on-demand instances of the standard families (A, C, D, H, I, M,
/// R, T, Z).
pub const STANDARD_VCPUS: GetServiceQuota = GetServiceQuota {
    service: "ec2",
    code: "L-1216C47A",
};
