//! AWS STS: who we are.

use super::call;
use crate::model::name::AccountId;

#[derive(Debug, Clone)]
pub struct GetCallerIdentity;
call!(GetCallerIdentity, "sts:GetCallerIdentity", reads, Identity);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub account: AccountId,
    pub arn: String,
}
