//! The Resource Groups Tagging API, for EMR's clusters.

use super::refusal::Refusal;
use super::world::{Answer, State};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::tagging::{GetResources, MAX_RESOURCES, Tagged};

pub(super) fn arn(cluster: &str) -> String {
    let account = super::ACCOUNT;
    format!("arn:aws:elasticmapreduce:us-east-1:{account}:cluster/{cluster}")
}

impl Answer for GetResources {
    fn answer(self, state: &mut State) -> Result<Vec<Tagged>, Refusal> {
        if self.arns.is_empty() || self.arns.len() > MAX_RESOURCES {
            let message = "Invalid number of ResourceARNs";
            return Err(Refusal::new(
                Kind::Invalid,
                "InvalidParameterException",
                message,
            ));
        }
        let tagged = |arn: &String| {
            let id = arn.strip_prefix(&self::arn(""))?;
            let cluster = state.clusters.get(id)?;
            let tags = cluster.order.tags.clone();
            let arn = arn.clone();
            (!tags.is_empty()).then_some(Tagged { arn, tags })
        };
        Ok(self.arns.iter().filter_map(tagged).collect())
    }
}
