//! Schedules fire once, at their target.

use super::{CALM, describe, launch, order, run, secs, until};
use crate::sim::{Dead, Settings, Sim};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use clusterup::cloud::api::scheduler::{
    CreateSchedule, DeleteSchedule, GetSchedule, Schedule, TERMINATE, UpdateSchedule,
};
use clusterup::cloud::api::{Kind, Serve};
use clusterup::model::observed::ClusterState;

const ROLE: &str = "arn:aws:iam::123456789012:role/clusterup-reaper";

fn schedule(cluster: &str, at: DateTime<Utc>) -> Schedule {
    Schedule {
        name: format!("end-{cluster}"),
        at,
        target: TERMINATE.to_owned(),
        role: ROLE.to_owned(),
        input: format!("{{\"JobFlowIds\":[\"{cluster}\"]}}"),
    }
}

/// A waiting cluster that nothing else ends, and an hour from now.
async fn setting(settings: Settings) -> (Sim, String, DateTime<Utc>) {
    let sim = Sim::with(1, settings);
    let id = launch(&sim, order(&[])).await;
    sim.remove_idle_policy(&id);
    until(&sim, &id, ClusterState::Waiting).await;
    let hour = (sim.now() + TimeDelta::hours(1)).duration_trunc(TimeDelta::minutes(1));
    (sim, id, hour.unwrap())
}

async fn kind<C: clusterup::cloud::api::Call>(sim: &Sim, call: C) -> Kind
where
    Sim: Serve<C>,
{
    sim.serve(call).await.unwrap_err().kind
}

async fn wait(sim: &Sim, at: DateTime<Utc>) {
    let wait = (at - sim.now()).num_seconds();
    secs(u64::try_from(wait.max(0)).unwrap()).await;
}

#[test]
fn a_schedule_ends_its_cluster_within_its_minute_and_is_gone() {
    run(async {
        let (sim, id, at) = setting(CALM).await;
        sim.serve(CreateSchedule(schedule(&id, at))).await.unwrap();
        wait(&sim, at - TimeDelta::seconds(2)).await;
        assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
        assert_eq!(sim.census().schedules, [schedule(&id, at)]);
        wait(&sim, at + TimeDelta::seconds(60)).await;
        let ending = describe(&sim, &id).await;
        assert_eq!(ending.state, ClusterState::Terminating);
        assert_eq!(ending.reason.as_deref(), Some("USER_REQUEST"));
        assert!(sim.census().schedules.is_empty());
    });
}

#[test]
fn an_update_moves_a_schedule_and_a_deletion_removes_it() {
    run(async {
        let (sim, id, at) = setting(CALM).await;
        let later = schedule(&id, at + TimeDelta::hours(1));
        assert_eq!(
            kind(&sim, UpdateSchedule(later.clone())).await,
            Kind::NotFound
        );
        sim.serve(CreateSchedule(schedule(&id, at))).await.unwrap();
        assert_eq!(
            kind(&sim, CreateSchedule(later.clone())).await,
            Kind::Exists
        );
        sim.serve(UpdateSchedule(later.clone())).await.unwrap();
        let get = GetSchedule {
            name: later.name.clone(),
        };
        assert_eq!(sim.serve(get.clone()).await.unwrap(), Some(later.clone()));
        wait(&sim, at + TimeDelta::minutes(30)).await;
        assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
        let delete = DeleteSchedule {
            name: later.name.clone(),
        };
        sim.serve(delete.clone()).await.unwrap();
        sim.serve(delete).await.unwrap();
        assert_eq!(sim.serve(get).await.unwrap(), None);
        secs(86_400).await;
        assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
    });
}

#[test]
fn a_schedule_retries_on_a_protected_cluster_for_an_hour() {
    run(async {
        let (sim, id, at) = setting(CALM).await;
        sim.protect_cluster(&id, true);
        sim.serve(CreateSchedule(schedule(&id, at))).await.unwrap();
        wait(&sim, at + TimeDelta::minutes(30)).await;
        assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
        assert_eq!(sim.census().schedules.len(), 1);
        sim.protect_cluster(&id, false);
        secs(60).await;
        assert_eq!(describe(&sim, &id).await.state, ClusterState::Terminating);
        assert!(sim.census().schedules.is_empty());
    });
    let lost: [fn(&Sim, &str); 2] = [
        |sim, id| assert!(sim.protect_cluster(id, true)),
        |sim, _| assert!(sim.delete_role("clusterup-reaper")),
    ];
    for lose in lost {
        run(async move {
            let (sim, id, at) = setting(CALM).await;
            sim.serve(CreateSchedule(schedule(&id, at))).await.unwrap();
            lose(&sim, &id);
            wait(&sim, at + TimeDelta::minutes(63)).await;
            assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
            assert!(sim.census().schedules.is_empty());
        });
    }
}

#[test]
fn a_schedule_with_an_unchecked_mistake_ends_no_cluster() {
    let wrong: [fn(Schedule) -> Schedule; 4] = [
        |it| Schedule {
            target: "arn:aws:scheduler:::aws-sdk:emr:TerminateJobFlows".to_owned(),
            ..it
        },
        |it| Schedule {
            input: it.input.replace("JobFlowIds", "jobFlowIds"),
            ..it
        },
        |it| Schedule {
            input: "j-1".to_owned(),
            ..it
        },
        |it| Schedule {
            at: it.at - TimeDelta::days(1),
            ..it
        },
    ];
    for (index, wrong) in wrong.into_iter().enumerate() {
        run(async move {
            let (sim, id, at) = setting(CALM).await;
            let call = CreateSchedule(wrong(schedule(&id, at)));
            sim.serve(call).await.unwrap();
            wait(&sim, at + TimeDelta::hours(3)).await;
            assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
            assert_eq!(sim.census().schedules.is_empty(), index < 3);
        });
    }
    run(async {
        let schedules = true;
        let dead = Dead {
            schedules,
            ..Dead::NONE
        };
        let (sim, id, at) = setting(Settings { dead, ..CALM }).await;
        sim.serve(CreateSchedule(schedule(&id, at))).await.unwrap();
        wait(&sim, at + TimeDelta::hours(3)).await;
        assert_eq!(describe(&sim, &id).await.state, ClusterState::Waiting);
        assert!(sim.census().schedules.is_empty());
    });
}

#[test]
fn what_aws_refuses() {
    run(async {
        let reaper_role = false;
        let (sim, id, at) = setting(Settings {
            reaper_role,
            ..CALM
        })
        .await;
        let it = schedule(&id, at);
        let error = sim.serve(CreateSchedule(it)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        let words = "must allow AWS EventBridge Scheduler to assume the role";
        assert!(error.message.contains(words), "{error}");
        let (sim, id, at) = setting(CALM).await;
        let name = Schedule {
            name: "a/b".to_owned(),
            ..schedule(&id, at)
        };
        assert_eq!(kind(&sim, CreateSchedule(name)).await, Kind::Invalid);
    });
}
