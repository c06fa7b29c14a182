//! How clusters live and end.

use super::{CALM, describe, launch, order, run, secs, step, steps, until};
use crate::sim::{IDLE_REASON, Settings, Sim};
use chrono::TimeDelta;
use clusterup::cloud::api::Serve;
use clusterup::cloud::api::emr::{
    AddJobFlowSteps, ListInstanceGroups, ModifyInstanceGroups, OnFailure, PutAutoTerminationPolicy,
    Role, RunJobFlow,
};
use clusterup::cloud::api::network::Network;
use clusterup::model::observed::{ClusterState, StepState};
use clusterup::model::span::Span;
use serde_json::json;

#[test]
fn a_cluster_lives_through_its_steps_and_ends() {
    run(async {
        let sim = Sim::with(1, CALM);
        let id = launch(
            &sim,
            RunJobFlow {
                keep_alive: false,
                ..order(&["one", "two"])
            },
        )
        .await;
        let mut seen = Vec::new();
        let mut latest = describe(&sim, &id).await;
        while !latest.state.is_over() {
            if seen.last() != Some(&latest.state) {
                seen.push(latest.state);
            }
            secs(1).await;
            latest = describe(&sim, &id).await;
        }
        assert_eq!(
            seen,
            [
                ClusterState::Starting,
                ClusterState::Bootstrapping,
                ClusterState::Running,
                ClusterState::Terminating,
            ]
        );
        assert_eq!(latest.state, ClusterState::Terminated);
        assert_eq!(latest.reason.as_deref(), Some("ALL_STEPS_COMPLETED"));
        let steps = steps(&sim, &id).await;
        assert_eq!(steps[0].name, "two", "the newest first");
        assert!(steps.iter().all(|step| step.state == StepState::Completed));
        assert_eq!(steps[0].started_at, steps[1].ended_at);
        assert_eq!(steps[1].started_at, latest.ready_at);
    });
}

#[test]
fn the_same_seed_gives_the_same_history_with_any_number_of_reads() {
    let history = |seed, every| {
        run(async move {
            let sim = Sim::with(
                seed,
                Settings {
                    latency_millis: (0, 0),
                    ..CALM
                },
            );
            let id = launch(&sim, order(&["one", "two"])).await;
            let end = sim.now() + TimeDelta::hours(2);
            while sim.now() < end {
                describe(&sim, &id).await;
                secs(every).await;
            }
            let cluster = sim.census().clusters.remove(0);
            (cluster.id.clone(), cluster.ended_at, cluster)
        })
    };
    assert_eq!(history(7, 1), history(7, 3_600));
    assert_ne!(history(7, 60), history(8, 60));
}

#[test]
fn an_idle_cluster_is_ended_by_its_policy_alone() {
    run(async {
        let sim = Sim::with(2, CALM);
        let id = launch(&sim, order(&[])).await;
        let waiting = until(&sim, &id, ClusterState::Waiting).await;
        let ended = until(&sim, &id, ClusterState::Terminating).await;
        assert_eq!(ended.reason.as_deref(), Some(IDLE_REASON));
        let idle = sim.now() - waiting.ready_at.unwrap();
        assert!((600..603).contains(&idle.num_seconds()), "{idle}");

        let other = launch(&sim, order(&[])).await;
        until(&sim, &other, ClusterState::Waiting).await;
        assert!(sim.remove_idle_policy(&other));
        secs(7_200).await;
        assert_eq!(describe(&sim, &other).await.state, ClusterState::Waiting);
        let idle_timeout = Span::from_secs(60);
        let put = PutAutoTerminationPolicy {
            id: other.clone(),
            idle_timeout,
        };
        sim.serve(put).await.unwrap();
        assert_eq!(
            describe(&sim, &other).await.state,
            ClusterState::Terminating
        );
    });
}

#[test]
fn a_failed_step_ends_the_cluster_or_lets_it_wait() {
    run(async {
        let sim = Sim::with(3, CALM);
        sim.fail_step("one");
        let id = launch(&sim, order(&["one", "two"])).await;
        let ended = until(&sim, &id, ClusterState::TerminatedWithErrors).await;
        assert_eq!(ended.reason.as_deref(), Some("STEP_FAILURE"));
        let states: Vec<_> = steps(&sim, &id)
            .await
            .iter()
            .map(|step| step.state)
            .collect();
        assert_eq!(states, [StepState::Cancelled, StepState::Failed]);

        sim.fail_step("one");
        let steps_of = |names: &[&str]| -> Vec<_> {
            let step = |name: &&str| step(name, OnFailure::CancelAndWait);
            names.iter().map(step).collect()
        };
        let waits = RunJobFlow {
            steps: steps_of(&["one", "two"]),
            ..order(&[])
        };
        let id = launch(&sim, waits).await;
        until(&sim, &id, ClusterState::Waiting).await;
        let again = AddJobFlowSteps {
            id: id.clone(),
            steps: steps_of(&["one"]),
        };
        assert_eq!(sim.serve(again).await.unwrap().len(), 1);
        until(&sim, &id, ClusterState::Running).await;
        until(&sim, &id, ClusterState::Waiting).await;
        let all = steps(&sim, &id).await;
        let states: Vec<_> = all.iter().map(|step| step.state).collect();
        let expected = [
            StepState::Completed,
            StepState::Cancelled,
            StepState::Failed,
        ];
        assert_eq!(states, expected);
        assert!(all[2].failure.is_some() && all[0].failure.is_none());
    });
}

#[test]
fn settings_are_shown_as_they_were_asked_for_or_refused_at_once() {
    run(async {
        let sim = Sim::with(4, CALM);
        let named = |name: &str| RunJobFlow {
            settings: serde_json::from_value(json!({ "security_configuration": name })).unwrap(),
            ..order(&[])
        };
        let id = launch(&sim, named("at-rest")).await;
        let shown = until(&sim, &id, ClusterState::Waiting).await.settings;
        assert_eq!(shown, named("at-rest").settings);
        let refused = sim.serve(named("nowhere")).await.unwrap_err();
        assert!(refused.message.contains("does not exist"), "{refused:?}");
    });
}

#[test]
fn what_cannot_start_ends_with_errors_late() {
    run(async {
        let sim = Sim::with(4, CALM);
        let none = Some("nobody".to_owned());
        let wrong = [
            RunJobFlow {
                key_pair: none,
                ..order(&[])
            },
            RunJobFlow {
                service_role: "no".to_owned(),
                ..order(&[])
            },
            RunJobFlow {
                instance_profile: "no".to_owned(),
                ..order(&[])
            },
            RunJobFlow {
                network: Network {
                    groups: vec!["sg-0".to_owned()],
                    ..Network::default()
                },
                ..order(&[])
            },
        ];
        for order in wrong {
            let id = launch(&sim, order).await;
            let ended = until(&sim, &id, ClusterState::TerminatedWithErrors).await;
            assert_eq!(ended.reason.as_deref(), Some("VALIDATION_ERROR"));
            assert_eq!(ended.ready_at, None);
        }
        for code in ["INTERNAL_ERROR", "BOOTSTRAP_FAILURE"] {
            sim.fail_next_cluster(code);
            let id = launch(&sim, order(&["one"])).await;
            let ended = until(&sim, &id, ClusterState::TerminatedWithErrors).await;
            assert_eq!(ended.reason.as_deref(), Some(code));
            assert_eq!(steps(&sim, &id).await[0].state, StepState::Cancelled);
        }
    });
}

#[test]
fn a_resize_is_requested_at_once_and_done_a_minute_later() {
    run(async {
        let sim = Sim::with(10, CALM);
        let id = launch(&sim, order(&[])).await;
        until(&sim, &id, ClusterState::Waiting).await;
        let groups = || sim.serve(ListInstanceGroups { id: id.clone() });
        let core = groups().await.unwrap().remove(1);
        assert_eq!((core.requested, core.running), (2, 2));
        let counts = vec![(core.id.clone(), 5)];
        let modify = ModifyInstanceGroups {
            cluster: id.clone(),
            counts,
        };
        sim.serve(modify).await.unwrap();
        let core = groups().await.unwrap().remove(1);
        assert_eq!((core.requested, core.running), (5, 2));
        secs(70).await;
        assert_eq!(groups().await.unwrap()[1].running, 5);
        assert!(sim.resize_by_hand(&id, Role::Core, 3));
        assert_eq!(sim.census().clusters[0].instances[1], (Role::Core, 3));
    });
}
