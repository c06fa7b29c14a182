//! The account as a fleet provider: whom a cluster belongs to, what it does, and how it ends.

use crate::process::Process;
use crate::request::StackRequest;
use crate::{laws, run};
use chrono::TimeDelta;
use clusterup::cloud::api::emr::{AddJobFlowSteps, NewStep, OnFailure};
use clusterup::cloud::api::{Serve, Tags};
use clusterup::cloud::fleet::{
    FleetListing, FleetMetrics, FleetProvider, LeftoverKind, RegionFleet, WatchLease,
};
use clusterup::cloud::{Acting, Leasing, Observing};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::model::fleet::ClusterSnapshot;
use clusterup::model::name::ClusterId;
use clusterup::model::observed::{ClusterState, End, EndReason};
use clusterup::model::safeguard::SafeguardKind;
use clusterup::model::step_command::StepCommand;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::{CensusCluster, Settings, Sim};
use std::time::Duration;
use tokio::time::sleep;

const CALM: Settings = Settings {
    eventual: false,
    ..laws::QUICK
};

const STACK_TAG: &str = "clusterup-stack";

async fn minutes(minutes: u64) {
    sleep(Duration::from_secs(minutes * 60)).await;
}

/// A stack with a cluster that waits.
async fn kept(sim: &Sim, guards: &str) -> (StackRequest, CensusCluster) {
    let request = StackRequest {
        keep: true,
        idle_minutes: 400,
        guards: guards.to_owned(),
        ..StackRequest::plain("t")
    };
    Process::calm(sim, 1)
        .detached(&request.case())
        .await
        .unwrap();
    minutes(15).await;
    let cluster = sim.census().clusters.remove(0);
    assert_eq!(cluster.state, ClusterState::Waiting);
    (request, cluster)
}

fn id(text: &str) -> ClusterId {
    text.parse().unwrap()
}

fn region(fleet: &dyn FleetProvider) -> &dyn RegionFleet {
    fleet.region().unwrap()
}

async fn look(process: &Process, of: &str) -> ClusterSnapshot {
    let fleet: &dyn FleetProvider = &process.account;
    fleet.look(&id(of)).await.unwrap().unwrap()
}

fn calls(process: &Process, of: &str) -> u64 {
    let tallies = process.meter().tallies();
    tallies.get(of).map_or(0, |tally| tally.calls)
}

#[test]
fn a_cluster_is_ours_by_name_and_tag_together() {
    run(async {
        let sim = Sim::with(1, CALM);
        let (_, made) = kept(&sim, "").await;
        let thief = sim.foreign_cluster("clusterup/t/00ff", Tags::new());
        let tags = Tags::from([(STACK_TAG.to_owned(), "t".to_owned())]);
        let other = sim.foreign_cluster("nightly/etl", tags);
        let watchdog = Process::calm(&sim, 2);
        let listed = FleetListing::list(&watchdog.account).await.unwrap();
        assert_eq!(listed.len(), 3, "{listed:#?}");
        let snapshot = look(&watchdog, &made.id).await;
        let ours = snapshot.ours().unwrap();
        assert_eq!(
            snapshot.owner.as_ref().map(|owner| owner.as_str()),
            Some("ann@desk")
        );
        assert!(ours.steps.len() == 1 && snapshot.steps().is_some());
        assert!(snapshot.rates().is_some() && !snapshot.instance_spans().is_empty());
        let armed = ours
            .safeguards
            .iter()
            .filter(|safeguard| safeguard.is_armed());
        assert!(
            armed.clone().any(|it| it.kind == SafeguardKind::Schedule),
            "{ours:#?}"
        );
        for foreign in [&thief, &other] {
            assert!(look(&watchdog, foreign).await.ours().is_none());
        }
        sim.tag_by_hand(&made.id, STACK_TAG, Some("u"));
        assert!(look(&watchdog, &made.id).await.ours().is_none());
    });
}

#[test]
fn a_second_sweep_takes_two_calls() {
    run(async {
        let sim = Sim::with(2, CALM);
        let (_, made) = kept(&sim, "").await;
        let watchdog = Process::calm(&sim, 2);
        look(&watchdog, &made.id).await;
        let before = watchdog.calls();
        look(&watchdog, &made.id).await;
        assert_eq!(watchdog.calls() - before, 2);
        minutes(11).await;
        look(&watchdog, &made.id).await;
        assert_eq!(calls(&watchdog, "scheduler:GetSchedule"), 2);
        assert_eq!(calls(&watchdog, "elasticmapreduce:ListInstanceGroups"), 1);
    });
}

#[test]
fn steps_that_are_over_are_not_read_again() {
    run(async {
        let sim = Sim::with(3, CALM);
        let cluster = sim.foreign_cluster("long", Tags::new());
        minutes(10).await;
        let add = |name: String| {
            let step = NewStep {
                name,
                on_failure: OnFailure::CancelAndWait,
                command: StepCommand::program(vec!["true".to_owned()]),
            };
            let (id, steps) = (cluster.clone(), vec![step]);
            AddJobFlowSteps { id, steps }
        };
        for number in 0..120 {
            sim.serve(add(format!("step {number}"))).await.unwrap();
        }
        let watchdog = Process::calm(&sim, 2);
        let names = |snapshot: &ClusterSnapshot| -> Vec<String> {
            let steps = snapshot.steps().unwrap().iter();
            steps.map(|step| step.name.to_string()).collect()
        };
        let wanted = |count: usize| -> Vec<String> {
            (0..count).map(|number| format!("step {number}")).collect()
        };
        // Some are over, most are not.
        for _ in 0..10 {
            minutes(8).await;
            assert_eq!(names(&look(&watchdog, &cluster).await), wanted(120));
        }
        minutes(120).await;
        look(&watchdog, &cluster).await;
        sim.serve(add("step 120".to_owned())).await.unwrap();
        let before = calls(&watchdog, "elasticmapreduce:ListSteps");
        let snapshot = look(&watchdog, &cluster).await;
        assert_eq!(names(&snapshot), wanted(121));
        assert_eq!(calls(&watchdog, "elasticmapreduce:ListSteps") - before, 1);
        assert!(!snapshot.steps().unwrap()[120].state.is_over());
    });
}

#[test]
fn manual_work_counts_and_missing_metrics_are_not_idleness() {
    run(async {
        let sim = Sim::with(4, CALM);
        let cluster = sim.foreign_cluster("notebook", Tags::new());
        minutes(30).await;
        sim.occupy(&cluster, true);
        minutes(30).await;
        sim.occupy(&cluster, false);
        minutes(30).await;
        sim.mute(&cluster, true);
        minutes(30).await;
        let watchdog = Process::calm(&sim, 2);
        let snapshot = look(&watchdog, &cluster).await;
        let since = sim.now() - TimeDelta::minutes(60);
        let reported = watchdog
            .account
            .metric_samples(&[&snapshot], since)
            .await
            .unwrap();
        assert_eq!(
            reported[snapshot.id()],
            [],
            "who is mute tells nothing, not even of before"
        );
        sim.mute(&cluster, false);
        let since = sim.now() - TimeDelta::minutes(115);
        let reported = watchdog
            .account
            .metric_samples(&[&snapshot], since)
            .await
            .unwrap();
        let reported = &reported[snapshot.id()];
        let busy = reported
            .iter()
            .filter(|it| it.apps > 0 && it.containers > 0);
        assert_eq!(busy.count(), 6, "{reported:#?}");
        assert!(reported.iter().any(|it| it.apps == 0 && it.containers == 0));
        sim.fail_metrics(true);
        assert!(
            watchdog
                .account
                .metric_samples(&[&snapshot], since)
                .await
                .is_err()
        );
    });
}

#[test]
fn an_end_records_its_reason() {
    run(async {
        let sim = Sim::with(5, CALM);
        let guards = "  ceiling: { max_lifetime: 20h }\n";
        let (request, made) = kept(&sim, guards).await;
        let watchdog = Process::calm(&sim, 2);
        let fleet: &dyn FleetProvider = &watchdog.account;
        // As the watchdog does, before it ends a cluster.
        look(&watchdog, &made.id).await;
        let end = End {
            reason: EndReason::Forgotten,
            message: "nobody came".into(),
        };
        let done = fleet.end(&[(id(&made.id), end.clone())]).await;
        assert!(done[0].is_ok(), "{done:#?}");
        minutes(10).await;
        let stack = &request.case().stack.name;
        let seen = Process::calm(&sim, 3).account.observe(stack, None).await;
        let cluster = seen.unwrap().clusters.remove(0);
        assert_eq!((cluster.state.is_over(), cluster.end), (true, Some(end)));
        assert!(look(&watchdog, &made.id).await.state().is_over());
    });
}

#[test]
fn the_follower_of_a_leased_cluster_is_reported() {
    run(async {
        let sim = Sim::with(6, CALM);
        let (request, made) = kept(&sim, "  lease: 2h\n").await;
        let stack = &request.case().stack.name;
        let ann = Process::calm(&sim, 3);
        ann.account.observe(stack, None).await.unwrap();
        let renew = Action::RenewLease(id(&made.id));
        ann.account.apply(stack, &renew, &NoListener).await.unwrap();
        let renewed = sim.now();
        minutes(30).await;
        let watchdog = Process::calm(&sim, 2);
        let seen = look(&watchdog, &made.id).await;
        let at = seen.ours().unwrap().renewed_at.unwrap();
        assert!(
            (renewed - at).abs() < TimeDelta::minutes(1),
            "{at} {renewed}"
        );
        // If that is unreadable, the follower is unknown; the rest is described nevertheless.
        watchdog
            .flaky()
            .become_flaky(|moment| (moment.call == "s3:GetObject").then_some(Fault::Unsent));
        let (now, seen) = (sim.now(), look(&watchdog, &made.id).await);
        assert!(seen.ours().unwrap().renewed_at.unwrap() >= now);
    });
}

#[test]
fn only_one_of_two_watchdogs_is_active_until_it_dies() {
    run(async {
        let sim = Sim::with(7, CALM);
        let (one, two) = (Process::calm(&sim, 1), Process::calm(&sim, 2));
        let first = WatchLease::watch(&one.account).await.unwrap().unwrap();
        for _ in 0..10 {
            minutes(1).await;
            assert!(WatchLease::watch(&two.account).await.unwrap().is_none());
            assert!(one.account.holds_watch().await.unwrap());
        }
        // Its heartbeats no longer arrive, so it is considered dead.
        one.flaky()
            .become_flaky(|moment| moment.call.starts_with("s3:").then_some(Fault::Unsent));
        let mut waited = 0;
        let second = loop {
            if let Some(lease) = WatchLease::watch(&two.account).await.unwrap() {
                break lease;
            }
            sleep(Duration::from_secs(10)).await;
            waited += 10;
        };
        assert!((60..=120).contains(&waited), "{waited}");
        assert!(one.account.holds_watch().await.is_err());
        one.flaky().become_flaky(|_| None);
        minutes(1).await;
        assert!(!one.account.holds_watch().await.unwrap());
        assert!(two.account.holds_watch().await.unwrap());
        first.release().await.unwrap();
        assert!(two.account.holds_watch().await.unwrap());
        second.release().await.unwrap();
        assert!(WatchLease::watch(&one.account).await.unwrap().is_some());
    });
}

#[test]
fn only_leftovers_of_an_ended_stack_are_removed() {
    run(async {
        let sim = Sim::with(8, CALM);
        let living = StackRequest {
            keep: true,
            idle_minutes: 60 * 24,
            life_hours: 24,
            ..StackRequest::plain("alive")
        };
        let dead = StackRequest::plain("dead");
        for (seed, request) in [(1, &dead), (2, &living)] {
            let process = Process::calm(&sim, seed);
            process.detached(&request.case()).await.unwrap();
        }
        minutes(120).await;
        let ended = sim.census().clusters.into_iter();
        let ended = ended.filter_map(|it| it.ended_at).max().unwrap();
        let watchdog = Process::calm(&sim, 3);
        let fleet: &dyn FleetProvider = &watchdog.account;
        assert_eq!(region(fleet).leftovers(ended).await.unwrap(), []);
        let later = ended + TimeDelta::seconds(1);
        let left = region(fleet).leftovers(later).await.unwrap();
        let kinds: Vec<LeftoverKind> = left.iter().map(|it| it.kind).collect();
        assert!(kinds.contains(&LeftoverKind::SecurityGroup), "{left:#?}");
        assert!(kinds.contains(&LeftoverKind::KeyPair), "{left:#?}");
        assert!(kinds.contains(&LeftoverKind::Schedule), "{left:#?}");
        let stack = &dead.case().stack.name;
        let own = left.iter().all(|it| it.stack.as_ref() == Some(stack));
        assert!(own, "{left:#?}");

        // Somebody is at it: nothing is taken away from under him.
        let ann = Process::calm(&sim, 4);
        let lease = ann.account.lease(stack, &NoListener).await;
        assert_eq!(region(fleet).leftovers(later).await.unwrap(), []);
        assert!(!region(fleet).remove(&left[0]).await.unwrap());
        lease.unwrap().release().await.unwrap();

        for one in &left {
            assert!(region(fleet).remove(one).await.unwrap(), "{one:#?}");
        }
        assert_eq!(region(fleet).leftovers(later).await.unwrap(), []);
        let census = sim.census();
        let names: Vec<&str> = census.groups.iter().map(|it| it.0.as_str()).collect();
        assert_eq!(names, ["clusterup.alive.ssh"]);
        assert_eq!((census.key_pairs.len(), census.schedules.len()), (1, 1));
    });
}

#[test]
fn a_stack_that_is_applied_again_keeps_its_leftovers() {
    run(async {
        let sim = Sim::with(9, CALM);
        let request = StackRequest::plain("t");
        Process::calm(&sim, 1)
            .detached(&request.case())
            .await
            .unwrap();
        minutes(120).await;
        let watchdog = Process::calm(&sim, 3);
        let fleet: &dyn FleetProvider = &watchdog.account;
        let left = region(fleet).leftovers(sim.now()).await.unwrap();
        assert!(!left.is_empty());
        let again = StackRequest {
            keep: true,
            scripts: vec![1],
            ..request
        };
        Process::calm(&sim, 2)
            .detached(&again.case())
            .await
            .unwrap();
        for one in &left {
            assert!(!region(fleet).remove(one).await.unwrap(), "{one:#?}");
        }
        assert_eq!(region(fleet).leftovers(sim.now()).await.unwrap(), []);
        assert_eq!(sim.census().groups.len(), 1);
    });
}
