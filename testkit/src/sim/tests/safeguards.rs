//! Safeguards end clusters by themselves, and each can be disabled.

use super::{CALM, describe, launch, order, run, secs, until};
use crate::sim::{Dead, Settings, Sim};
use chrono::TimeDelta;
use clusterup::cloud::api::Serve;
use clusterup::cloud::api::emr::{BootstrapAction, Cluster, RunJobFlow};
use clusterup::cloud::api::s3::{Body, Bucket, Condition, CreateBucket, DeleteObject, PutObject};
use clusterup::model::observed::ClusterState;
use clusterup::model::span::Span;

const HOUR: u64 = 3_600;

fn bucket() -> Bucket {
    Bucket {
        name: "our-bucket".to_owned(),
        owner: None,
    }
}

/// A cluster that is to be off after an hour, and that nothing else ends.
fn armed() -> RunJobFlow {
    let args = [&HOUR.to_string(), "s3://our-bucket/a/deadline"];
    RunJobFlow {
        idle_timeout: Some(Span::from_secs(7 * 86_400)),
        bootstrap: vec![BootstrapAction {
            name: "end".to_owned(),
            script: "s3://our-bucket/a/power-off.sh".to_owned(),
            args: args.map(str::to_owned).to_vec(),
        }],
        ..order(&[])
    }
}

async fn account(settings: Settings) -> Sim {
    let sim = Sim::with(1, settings);
    let create = CreateBucket {
        name: bucket().name,
        region: "us-east-1".to_owned(),
    };
    sim.serve(create).await.unwrap();
    sim
}

async fn move_to(sim: &Sim, text: &str) {
    let call = PutObject {
        bucket: bucket(),
        key: "a/deadline".to_owned(),
        body: Body::Bytes(text.as_bytes().to_vec()),
        condition: Condition::Always,
    };
    sim.serve(call).await.unwrap();
}

async fn after(sim: &Sim, id: &str, seconds: u64) -> Cluster {
    let age = sim.now() - describe(sim, id).await.created_at;
    let age = u64::try_from(age.num_seconds()).unwrap();
    secs(seconds - age).await;
    describe(sim, id).await
}

#[test]
fn a_primary_powers_off_and_its_cluster_ends_with_errors() {
    run(async {
        let sim = account(CALM).await;
        let id = launch(&sim, armed()).await;
        let waits = after(&sim, &id, HOUR - 2).await;
        assert_eq!(waits.state, ClusterState::Waiting);
        let ending = after(&sim, &id, HOUR + 2).await;
        assert_eq!(ending.state, ClusterState::Terminating);
        let ended = until(&sim, &id, ClusterState::TerminatedWithErrors).await;
        assert_eq!(ended.reason.as_deref(), Some("INSTANCE_FAILURE"));
    });
}

#[test]
fn its_object_moves_the_deadline_and_nonsense_does_not() {
    run(async {
        let sim = account(CALM).await;
        let id = launch(&sim, armed()).await;
        after(&sim, &id, HOUR / 2).await;
        move_to(&sim, "7200\n").await;
        after(&sim, &id, HOUR).await;
        for nonsense in ["", "soon", "-1", "9999999999"] {
            move_to(&sim, nonsense).await;
        }
        let key = "a/deadline".to_owned();
        let delete = DeleteObject {
            bucket: bucket(),
            key,
            unchanged: None,
        };
        sim.serve(delete).await.unwrap();
        let waits = after(&sim, &id, 2 * HOUR - 2).await;
        assert_eq!(waits.state, ClusterState::Waiting);
        let ending = after(&sim, &id, 2 * HOUR + 2).await;
        assert_eq!(ending.state, ClusterState::Terminating);

        let id = launch(&sim, armed()).await;
        after(&sim, &id, HOUR / 2).await;
        move_to(&sim, "60").await;
        // It is read each minute.
        secs(1).await;
        let waits = describe(&sim, &id).await;
        assert_eq!(waits.state, ClusterState::Waiting);
        secs(60).await;
        let ending = describe(&sim, &id).await;
        assert_eq!(ending.state, ClusterState::Terminating);
        let ended = until(&sim, &id, ClusterState::TerminatedWithErrors).await;
        let lived = ended.ended_at.unwrap() - ended.created_at;
        assert!(lived >= TimeDelta::seconds(1_800), "{lived}");
    });
}

#[test]
fn each_safeguard_can_be_disabled() {
    run(async {
        let dead = Dead {
            power_off: true,
            idle_policy: true,
            keep_alive: true,
            ..Dead::NONE
        };
        let sim = account(Settings { dead, ..CALM }).await;
        let ordered = RunJobFlow {
            keep_alive: false,
            idle_timeout: Some(Span::from_secs(60)),
            ..armed()
        };
        let id = launch(&sim, ordered.clone()).await;
        secs(10 * HOUR).await;
        assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
        for dead in [
            Dead {
                power_off: false,
                ..dead
            },
            Dead {
                idle_policy: false,
                ..dead
            },
            Dead {
                keep_alive: false,
                ..dead
            },
        ] {
            let sim = account(Settings { dead, ..CALM }).await;
            let id = launch(&sim, ordered.clone()).await;
            secs(10 * HOUR).await;
            let state = describe(&sim, &id).await.state;
            assert!(state.is_over(), "{dead:?}: {state:?}");
        }
    });
}
