//! The account, checked whenever a cluster is created: a stack never has two.

use clusterup::cloud::api::{ApiError, Call, Serve};
use clusterup_testkit::sim::{Census, CensusCluster, Sim};
use std::collections::BTreeMap;

/// Looks at the account after a call was answered; true if the call changes something.
pub(crate) type Observer = Box<dyn Fn(bool)>;

pub(crate) struct Watched {
    pub(crate) sim: Sim,
    pub(crate) observer: Option<Observer>,
}

impl Watched {
    pub(crate) const fn new(sim: Sim) -> Self {
        Self {
            sim,
            observer: None,
        }
    }
}

impl<C: Call> Serve<C> for Watched
where
    Sim: Serve<C>,
{
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let reply = self.sim.serve(call).await;
        if C::NAME == "elasticmapreduce:RunJobFlow" {
            never_two(&self.sim.census());
        }
        if let Some(observer) = &self.observer {
            observer(C::CHANGES);
        }
        reply
    }
}

/// One that is still ending counts too: the next is made when it is over.
fn never_two(census: &Census) {
    let mut alive: BTreeMap<&str, usize> = BTreeMap::new();
    let open = |state: clusterup::model::observed::ClusterState| !state.is_over();
    let ours = |c: &&CensusCluster| open(c.state) && c.name.starts_with("clusterup/");
    for cluster in census.clusters.iter().filter(ours) {
        let (stack, _) = cluster.name.rsplit_once('/').unwrap();
        *alive.entry(stack).or_default() += 1;
    }
    assert!(
        alive.values().all(|count| *count < 2),
        "two clusters at once: {:#?}",
        census.clusters
    );
}
