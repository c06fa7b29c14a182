//! Service Quotas: how much of a service an account may use at a time.

use super::call;

/// One quota as it applies to the account in a region.
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

/// The virtual processors of all running on-demand instances of the standard families (A, C, D, H,
/// I, M, R, T, Z), in Amazon EC2's quotas.
pub const STANDARD_VCPUS: GetServiceQuota = GetServiceQuota {
    service: "ec2",
    code: "L-1216C47A",
};
