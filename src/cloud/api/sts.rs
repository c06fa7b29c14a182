//! AWS STS: the caller's identity.

use super::{call, service};
use crate::model::name::AccountId;

service! { GetCallerIdentity }

/// Reads the identity of the credentials.
#[derive(Debug, Clone)]
pub struct GetCallerIdentity;
call!(GetCallerIdentity, "sts:GetCallerIdentity", reads, Identity);

/// The caller's account and ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Account: 12 digits.
    pub account: AccountId,
    /// Arn of the user or of the assumed role.
    pub arn: String,
}
