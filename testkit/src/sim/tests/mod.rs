//! Tests of the simulated account, and what they share.

mod asked;
mod lifecycle;
mod network;
mod safeguards;
mod schedules;
mod store;

use super::{Settings, Sim};
use clusterup::cloud::api::emr::{
    Cluster, ClusterRef, DescribeCluster, ListSteps, NewGroup, NewStep, OnFailure, Role,
    RunJobFlow, Step, TerminateJobFlows,
};
use clusterup::cloud::api::{Kind, Serve, Tags};
use clusterup::model::observed::ClusterState;
use clusterup::model::span::Span;
use clusterup::model::stack::Market;
use clusterup::model::step_command::StepCommand;
use std::future::Future;
use std::time::Duration;
use tokio::time::sleep;

/// Without the lags that only some tests are about.
const CALM: Settings = Settings {
    eventual: false,
    ..Settings::USUAL
};

fn run<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(work)
}

async fn secs(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

fn step(name: &str, on_failure: OnFailure) -> NewStep {
    NewStep {
        name: name.to_owned(),
        on_failure,
        command: StepCommand::program(vec![
            "spark-submit".to_owned(),
            "s3://b/inputs/a.py".to_owned(),
        ]),
    }
}

fn order(steps: &[&str]) -> RunJobFlow {
    let group = |role, count| NewGroup {
        role,
        instance_type: "m5.xlarge".to_owned(),
        count,
        market: Market::OnDemand,
        bid: None,
        ebs: None,
    };
    RunJobFlow {
        name: "clusterup/films/abc".to_owned(),
        release: "emr-7.9.0".to_owned(),
        applications: vec!["Spark".to_owned()],
        log_uri: "s3://b/logs/".to_owned(),
        service_role: "EMR_DefaultRole".to_owned(),
        instance_profile: "EMR_EC2_DefaultRole".to_owned(),
        groups: vec![group(Role::Primary, 1), group(Role::Core, 2)],
        fleets: Vec::new(),
        scaling: None,
        key_pair: None,
        network: Default::default(),
        root_volume: None,
        protected: false,
        idle_timeout: Some(Span::from_secs(600)),
        keep_alive: true,
        step_concurrency: 1,
        settings: Default::default(),
        configurations: Default::default(),
        bootstrap: Vec::new(),
        steps: steps
            .iter()
            .map(|name| step(name, OnFailure::TerminateCluster))
            .collect(),
        tags: Tags::new(),
    }
}

async fn launch(sim: &Sim, order: RunJobFlow) -> String {
    let ClusterRef(id) = sim.serve(order).await.unwrap();
    id
}

async fn describe(sim: &Sim, id: &str) -> Cluster {
    let id = id.to_owned();
    sim.serve(DescribeCluster { id }).await.unwrap()
}

async fn steps(sim: &Sim, id: &str) -> Vec<Step> {
    let (id, next) = (id.to_owned(), None);
    sim.serve(ListSteps { id, next }).await.unwrap().items
}

async fn until(sim: &Sim, id: &str, state: ClusterState) -> Cluster {
    for _ in 0..10_000 {
        let cluster = describe(sim, id).await;
        if cluster.state == state {
            return cluster;
        }
        secs(1).await;
    }
    panic!("the cluster never was {state:?}");
}

async fn terminate(sim: &Sim, ids: &[&str]) -> Result<(), Kind> {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    let reply = sim.serve(TerminateJobFlows { ids }).await;
    reply.map_err(|error| error.kind)
}
