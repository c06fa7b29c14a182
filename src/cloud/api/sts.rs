//! AWS STS: who we are.

use super::call;

#[derive(Debug, Clone)]
pub struct GetCallerIdentity;
call!(GetCallerIdentity, "sts:GetCallerIdentity", reads, Identity);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    pub arn: String,
}
