//! STS: the caller's identity.

use super::ACCOUNT;
use super::refusal::Refusal;
use super::s3::refused;
use super::world::{Answer, State};
use clusterup::cloud::api::sts::{GetCallerIdentity, Identity};

impl Answer for GetCallerIdentity {
    fn answer(self, _: &mut State) -> Result<Identity, Refusal> {
        Ok(Identity {
            account: ACCOUNT
                .parse()
                .map_err(|_| refused("Internal", "no account"))?,
            arn: format!("arn:aws:iam::{ACCOUNT}:user/sim"),
        })
    }
}
