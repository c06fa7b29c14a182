//! The account, checked whenever a cluster is created: a stack never has two.

use clusterup::cloud::api::{ApiError, Call, Serve};
use clusterup_testkit::sim::{Census, Sim};
use std::collections::BTreeMap;

pub(crate) struct Watched(pub(crate) Sim);

impl<C: Call> Serve<C> for Watched
where
    Sim: Serve<C>,
{
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let reply = self.0.serve(call).await;
        if C::NAME == "elasticmapreduce:RunJobFlow" {
            never_two(&self.0.census());
        }
        reply
    }
}

/// One that is still ending counts too: the next is made when it is over.
fn never_two(census: &Census) {
    let mut alive: BTreeMap<&str, usize> = BTreeMap::new();
    let open = |state: clusterup::model::observed::ClusterState| !state.is_over();
    for cluster in census.clusters.iter().filter(|c| open(c.state)) {
        let (stack, _) = cluster.name.rsplit_once('/').unwrap();
        *alive.entry(stack).or_default() += 1;
    }
    assert!(
        alive.values().all(|count| *count < 2),
        "two clusters at once: {:#?}",
        census.clusters
    );
}
