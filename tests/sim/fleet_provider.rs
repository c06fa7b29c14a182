//! The account under a watchdog's eyes: whose a cluster is, what it does, and what becomes of it.

use crate::process::Process;
use crate::wish::OperatorRequest;
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
use clusterup::model::extension::Extension;
use clusterup::model::fleet::ClusterSnapshot;
use clusterup::model::name::ClusterId;
use clusterup::model::observed::{ClusterState, End, EndReason};
use clusterup::model::safeguard::SafeguardKind;
use clusterup::model::span::Span;
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
async fn kept(sim: &Sim, guards: &str) -> (OperatorRequest, CensusCluster) {
    let wish = OperatorRequest {
        keep: true,
        idle_minutes: 400,
        guards: guards.to_owned(),
        ..OperatorRequest::plain("t")
    };
    Process::calm(sim, 1).detached(&wish.case()).await.unwrap();
    minutes(15).await;
    let cluster = sim.census().clusters.remove(0);
    assert_eq!(cluster.state, ClusterState::Waiting);
    (wish, cluster)
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
        let dog = Process::calm(&sim, 2);
        let listed = FleetListing::list(&dog.account).await.unwrap();
        assert_eq!(listed.len(), 3, "{listed:#?}");
        let snapshot = look(&dog, &made.id).await;
        let ours = snapshot.ours().unwrap();
        assert_eq!(
            snapshot.owner.as_ref().map(|owner| owner.as_str()),
            Some("ann@desk")
        );
        assert!(ours.steps.len() == 1 && snapshot.steps.read().is_some());
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
            assert!(look(&dog, foreign).await.ours().is_none());
        }
        sim.tag_by_hand(&made.id, STACK_TAG, Some("u"));
        assert!(look(&dog, &made.id).await.ours().is_none());
    });
}

#[test]
fn a_second_look_takes_two_calls() {
    run(async {
        let sim = Sim::with(2, CALM);
        let (_, made) = kept(&sim, "").await;
        let dog = Process::calm(&sim, 2);
        look(&dog, &made.id).await;
        let before = dog.meter().calls();
        look(&dog, &made.id).await;
        assert_eq!(dog.meter().calls() - before, 2);
        minutes(11).await;
        look(&dog, &made.id).await;
        assert_eq!(calls(&dog, "scheduler:GetSchedule"), 2);
        assert_eq!(calls(&dog, "elasticmapreduce:ListInstanceGroups"), 1);
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
                command: vec!["true".to_owned()],
            };
            let (id, steps) = (cluster.clone(), vec![step]);
            AddJobFlowSteps { id, steps }
        };
        for number in 0..120 {
            sim.serve(add(format!("step {number}"))).await.unwrap();
        }
        let dog = Process::calm(&sim, 2);
        let names = |snapshot: &ClusterSnapshot| -> Vec<String> {
            let steps = snapshot.steps.read().unwrap().iter();
            steps.map(|step| step.name.to_string()).collect()
        };
        let wanted = |count: usize| -> Vec<String> {
            (0..count).map(|number| format!("step {number}")).collect()
        };
        // Some are over, most are not.
        for _ in 0..10 {
            minutes(8).await;
            assert_eq!(names(&look(&dog, &cluster).await), wanted(120));
        }
        minutes(120).await;
        look(&dog, &cluster).await;
        sim.serve(add("step 120".to_owned())).await.unwrap();
        let before = calls(&dog, "elasticmapreduce:ListSteps");
        let snapshot = look(&dog, &cluster).await;
        assert_eq!(names(&snapshot), wanted(121));
        assert_eq!(calls(&dog, "elasticmapreduce:ListSteps") - before, 1);
        assert!(!snapshot.steps.read().unwrap()[120].state.is_over());
    });
}

#[test]
fn what_runs_by_hand_is_seen_and_silence_is_no_idleness() {
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
        let dog = Process::calm(&sim, 2);
        let snapshot = look(&dog, &cluster).await;
        let since = sim.now() - TimeDelta::minutes(60);
        let told = dog
            .account
            .metric_samples(&[&snapshot], since)
            .await
            .unwrap();
        assert_eq!(
            told[snapshot.id()],
            [],
            "who is mute tells nothing, not even of before"
        );
        sim.mute(&cluster, false);
        let since = sim.now() - TimeDelta::minutes(115);
        let told = dog
            .account
            .metric_samples(&[&snapshot], since)
            .await
            .unwrap();
        let told = &told[snapshot.id()];
        let busy = told.iter().filter(|it| it.apps > 0 && it.containers > 0);
        assert_eq!(busy.count(), 6, "{told:#?}");
        assert!(told.iter().any(|it| it.apps == 0 && it.containers == 0));
        sim.fail_metrics(true);
        assert!(
            dog.account
                .metric_samples(&[&snapshot], since)
                .await
                .is_err()
        );
    });
}

#[test]
fn an_end_says_why_and_a_deadline_moves() {
    run(async {
        let sim = Sim::with(5, CALM);
        let guards = "  ceiling: { max_lifetime: 20h }\n";
        let (wish, made) = kept(&sim, guards).await;
        let dog = Process::calm(&sim, 2);
        let fleet: &dyn FleetProvider = &dog.account;
        let extension = Extension {
            at: sim.now(),
            max_lifetime: Some(Span::from_secs(16 * 3_600)),
            budget: None,
            by: "ann@desk".into(),
            why: "more".into(),
        };
        fleet.extend(&id(&made.id), &extension).await.unwrap();
        let snapshot = look(&dog, &made.id).await;
        let life = snapshot.ours().unwrap().guardrails().max_lifetime;
        assert_eq!(life, Span::from_secs(16 * 3_600));
        let end = End {
            reason: EndReason::Forgotten,
            message: "nobody came".into(),
        };
        let done = fleet.end(&[(id(&made.id), end.clone())]).await;
        assert!(done[0].is_ok(), "{done:#?}");
        minutes(10).await;
        let stack = &wish.case().stack.name;
        let seen = Process::calm(&sim, 3).account.observe(stack, None).await;
        let cluster = seen.unwrap().clusters.remove(0);
        assert_eq!((cluster.state.is_over(), cluster.end), (true, Some(end)));
        assert!(look(&dog, &made.id).await.state().is_over());
    });
}

#[test]
fn who_follows_a_leased_cluster_is_heard_of() {
    run(async {
        let sim = Sim::with(6, CALM);
        let (wish, made) = kept(&sim, "  lease: 2h\n").await;
        let stack = &wish.case().stack.name;
        let ann = Process::calm(&sim, 3);
        ann.account.observe(stack, None).await.unwrap();
        let renew = Action::RenewLease(id(&made.id));
        ann.account.apply(stack, &renew, &NoListener).await.unwrap();
        let renewed = sim.now();
        minutes(30).await;
        let dog = Process::calm(&sim, 2);
        let seen = look(&dog, &made.id).await;
        let at = seen.ours().unwrap().renewed_at.unwrap();
        assert!(
            (renewed - at).abs() < TimeDelta::minutes(1),
            "{at} {renewed}"
        );
        // Where that cannot be read, nobody may say that nobody does; the rest is seen all the same.
        dog.flaky()
            .become_flaky(|moment| (moment.call == "s3:GetObject").then_some(Fault::Unsent));
        let (now, seen) = (sim.now(), look(&dog, &made.id).await);
        assert!(seen.ours().unwrap().renewed_at.unwrap() >= now);
    });
}

#[test]
fn of_two_watchdogs_one_watches_until_it_is_dead() {
    run(async {
        let sim = Sim::with(7, CALM);
        let (one, two) = (Process::calm(&sim, 1), Process::calm(&sim, 2));
        let first = WatchLease::watch(&one.account).await.unwrap().unwrap();
        for _ in 0..10 {
            minutes(1).await;
            assert!(WatchLease::watch(&two.account).await.unwrap().is_none());
            assert!(one.account.holds_watch().await.unwrap());
        }
        // Its beats no longer come through: dead, as far as anybody can tell.
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
fn what_a_dead_stack_left_goes_and_nothing_else() {
    run(async {
        let sim = Sim::with(8, CALM);
        let living = OperatorRequest {
            keep: true,
            idle_minutes: 60 * 24,
            life_hours: 24,
            ..OperatorRequest::plain("alive")
        };
        let dead = OperatorRequest::plain("dead");
        for (seed, wish) in [(1, &dead), (2, &living)] {
            let process = Process::calm(&sim, seed);
            process.detached(&wish.case()).await.unwrap();
        }
        minutes(120).await;
        let ended = sim.census().clusters.into_iter();
        let ended = ended.filter_map(|it| it.ended_at).max().unwrap();
        let dog = Process::calm(&sim, 3);
        let fleet: &dyn FleetProvider = &dog.account;
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
fn a_stack_that_lives_again_keeps_what_was_left() {
    run(async {
        let sim = Sim::with(9, CALM);
        let wish = OperatorRequest::plain("t");
        Process::calm(&sim, 1).detached(&wish.case()).await.unwrap();
        minutes(120).await;
        let dog = Process::calm(&sim, 3);
        let fleet: &dyn FleetProvider = &dog.account;
        let left = region(fleet).leftovers(sim.now()).await.unwrap();
        assert!(!left.is_empty());
        let again = OperatorRequest {
            keep: true,
            scripts: vec![1],
            ..wish
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
