//! Anyone who may tag clusters can write clusterup's tags, so a deadline in a tag is hard only if
//! the note in the bucket confirms it.

use crate::process::Process;
use crate::request::{StackRequest, bucket};
use crate::run;
use chrono::TimeDelta;
use clusterup::cloud::api::Tags;
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::{Acting, Observing};
use clusterup::model::event::NoListener;
use clusterup::model::extension::Extension;
use clusterup::model::fleet::{AnyCluster, ClusterSnapshot};
use clusterup_testkit::sim::{CensusCluster, Settings, Sim};
use std::time::Duration;

const CALM: Settings = Settings {
    eventual: false,
    step_seconds: (20, 60),
    ..Settings::USUAL
};
const FORGED: &str = "2026-01-01T00:00:10Z max_lifetime=1m by=eve why=x";

const FORGED_LATER: &str = "2026-01-01T00:00:10Z max_lifetime=90h budget=900 by=eve why=x";

fn request(hours: u64) -> StackRequest {
    StackRequest {
        keep: true,
        life_hours: hours,
        budget: 4,
        ..StackRequest::plain("t")
    }
}

async fn made(sim: &Sim, hours: u64) -> CensusCluster {
    let case = request(hours).case();
    Process::calm(sim, 1).detached(&case).await.unwrap();
    tokio::time::sleep(Duration::from_secs(900)).await;
    sim.census().clusters.remove(0)
}

async fn look(process: &Process, id: &str) -> ClusterSnapshot {
    let fleet: &dyn FleetProvider = &process.account;
    fleet.look(&id.parse().unwrap()).await.unwrap().unwrap()
}

pub(super) async fn dispute(process: &Process, id: &str) -> Option<String> {
    match look(process, id).await.cluster {
        AnyCluster::Ours(_) => None,
        AnyCluster::Foreign(it) => it.disputed.or_else(|| Some("others'".to_owned())),
    }
}

fn note(id: &str) -> String {
    format!("stacks/t/clusters/{id}")
}

#[test]
fn tags_that_the_note_does_not_have_are_not_believed() {
    run(async {
        let short = {
            let sim = Sim::with(9, CALM);
            made(&sim, 1).await.tags
        };
        let sim = Sim::with(1, CALM);
        let cluster = made(&sim, 8).await;
        let watchdog = Process::calm(&sim, 2);
        assert_eq!(dispute(&watchdog, &cluster.id).await, None);
        let spec = short["clusterup-spec-0"].as_str();
        for (key, value) in [
            ("clusterup-spec-0", Some(spec)),
            ("clusterup-spec-0", None),
            ("clusterup-extended-0", Some(FORGED)),
            ("clusterup-sizes", Some("0=1")),
        ] {
            let was = cluster.tags.get(key).map(String::as_str);
            sim.tag_by_hand(&cluster.id, key, value);
            let why = dispute(&watchdog, &cluster.id).await.unwrap();
            assert!(why.contains("its tags differ"), "{key}: {why}");
            sim.tag_by_hand(&cluster.id, key, was);
            assert_eq!(dispute(&watchdog, &cluster.id).await, None, "{key}");
        }
        // What is no matter of its end may be written by anybody.
        sim.tag_by_hand(&cluster.id, "owner", Some("eve"));
        assert_eq!(dispute(&watchdog, &cluster.id).await, None);
    });
}

#[test]
fn a_foreign_cluster_under_our_name_and_tags_stays_foreign() {
    run(async {
        let sim = Sim::with(2, CALM);
        let cluster = made(&sim, 8).await;
        let watchdog = Process::calm(&sim, 2);
        let forged = sim.foreign_cluster("clusterup/t/00ff", cluster.tags.clone());
        let why = dispute(&watchdog, &forged).await.unwrap();
        assert!(why.contains("no note"), "{why}");
        // Nor is anything ended or noted of it.
        tokio::time::sleep(Duration::from_secs(9 * 3_600)).await;
        let snapshot = look(&watchdog, &forged).await;
        assert!(snapshot.ours().is_none() && snapshot.state().is_live());
        assert!(!sim.census().buckets[&bucket()].contains(&note(&forged)));
    });
}

#[test]
fn a_lost_or_empty_note_gives_no_hard_deadline() {
    run(async {
        let sim = Sim::with(3, CALM);
        let cluster = made(&sim, 8).await;
        let key = note(&cluster.id);
        for text in ["{}", "null", "{", "{\"terms\":[\"0\"]}"] {
            sim.put_object(&bucket(), &key, text);
            let watchdog = Process::calm(&sim, 2);
            assert!(dispute(&watchdog, &cluster.id).await.is_some(), "{text}");
        }
        sim.delete_object(&bucket(), &key);
        let why = dispute(&Process::calm(&sim, 2), &cluster.id).await.unwrap();
        assert!(why.contains("no note"), "{why}");
    });
}

#[test]
fn a_cluster_of_an_older_clusterup_is_ours_again_once_it_is_applied() {
    run(async {
        let sim = Sim::with(4, CALM);
        let cluster = made(&sim, 8).await;
        sim.put_object(&bucket(), &note(&cluster.id), "");
        let watchdog = Process::calm(&sim, 2);
        let why = dispute(&watchdog, &cluster.id).await.unwrap();
        assert!(why.contains("older clusterup"), "{why}");
        let case = request(8).case();
        Process::calm(&sim, 3).detached(&case).await.unwrap();
        assert_eq!(dispute(&watchdog, &cluster.id).await, None);
        let plan = Process::calm(&sim, 4).plan(&case).await.unwrap();
        assert!(plan.is_empty(), "{plan:#?}");
    });
}

async fn extend(process: &Process, id: &str) -> bool {
    let account = &process.account;
    let stack = "t".parse().unwrap();
    account.observe(&stack, None).await.unwrap();
    let text = "2026-01-01T00:20:00Z max_lifetime=9h by=ann why=x";
    let extension: Extension = text.parse().unwrap();
    let action = clusterup::model::action::Action::ExtendCluster(id.parse().unwrap(), extension);
    account.apply(&stack, &action, &NoListener).await.is_ok()
}

#[test]
fn tags_from_before_an_extension_are_not_trusted() {
    run(async {
        let sim = Sim::with(5, CALM);
        let cluster = made(&sim, 8).await;
        let watchdog = Process::calm(&sim, 2);
        assert_eq!(dispute(&watchdog, &cluster.id).await, None);
        assert!(extend(&Process::calm(&sim, 3), &cluster.id).await);
        assert_eq!(dispute(&watchdog, &cluster.id).await, None);
        sim.tag_by_hand(&cluster.id, "clusterup-extended-0", None);
        assert!(dispute(&watchdog, &cluster.id).await.is_some());
    });
}

#[test]
fn forged_tags_are_neither_extended_nor_kept_by_an_apply() {
    run(async {
        let sim = Sim::with(6, CALM);
        let cluster = made(&sim, 8).await;
        sim.tag_by_hand(&cluster.id, "clusterup-extended-0", Some(FORGED));
        assert!(!extend(&Process::calm(&sim, 3), &cluster.id).await);
        assert!(
            dispute(&Process::calm(&sim, 2), &cluster.id)
                .await
                .is_some()
        );
        let mut other = request(7);
        other.idle_minutes += 5;
        Process::calm(&sim, 4)
            .detached(&other.case())
            .await
            .unwrap();
        let now: Tags = sim.census().clusters.remove(0).tags;
        assert!(!now.contains_key("clusterup-extended-0"), "{now:?}");
        assert_eq!(dispute(&Process::calm(&sim, 2), &cluster.id).await, None);
    });
}

/// Somebody forges an extension and deletes the note, at any call of an apply that writes the note again.
#[test]
fn a_note_that_is_written_again_confirms_no_forged_extension() {
    let mut confirmed = 0;
    for forged_at in 1..40 {
        run(async {
            let sim = Sim::with(6, CALM);
            let cluster = made(&sim, 8).await;
            let (other, id) = (sim.clone(), cluster.id.clone());
            let apply = Process::new(&sim, "ann@desk", 4, move |moment| {
                if moment.number == forged_at {
                    other.tag_by_hand(&id, "clusterup-extended-0", Some(FORGED_LATER));
                    other.delete_object(&bucket(), &note(&id));
                }
                None
            });
            let mut changed = request(7);
            changed.idle_minutes += 5;
            drop(apply.detached(&changed.case()).await);
            let tags = sim.census().clusters.remove(0).tags;
            let is_trusted = dispute(&Process::calm(&sim, 2), &cluster.id)
                .await
                .is_none();
            confirmed += u32::from(is_trusted);
            assert!(
                !is_trusted || !tags.contains_key("clusterup-extended-0"),
                "forged at call {forged_at}: {tags:?}"
            );
        });
    }
    assert!(confirmed > 0);
}

/// A follower moves safeguards with the deadline; what only tags say is no deadline.
#[test]
fn a_follower_moves_no_safeguard_for_forged_tags() {
    for (key, value) in [
        ("clusterup-extended-0", FORGED),
        ("clusterup-extended-0", FORGED_LATER),
        ("clusterup-sizes", "0:900+0"),
        ("clusterup-sizes", "0:1+0"),
    ] {
        run(async {
            let sim = Sim::with(9, CALM);
            sim.time_step("one", Duration::MAX);
            let cluster = made(&sim, 8).await;
            let armed = sim.census().schedules[0].at;
            sim.tag_by_hand(&cluster.id, key, Some(value));
            let follower = Process::calm(&sim, 2);
            let case = request(8).case();
            let hour = Duration::from_secs(3_600);
            drop(tokio::time::timeout(hour, follower.applied(&case)).await);
            let schedules = sim.census().schedules;
            let moved = schedules.first().map(|it| (it.at - armed).abs());
            assert!(
                moved.is_some_and(|by| by < TimeDelta::minutes(2)),
                "{key}: {armed} to {schedules:?}"
            );
            if value == "0:900+0" {
                let now: Tags = sim.census().clusters.remove(0).tags;
                assert_eq!(
                    now.get("clusterup-sizes"),
                    cluster.tags.get("clusterup-sizes")
                );
                assert_eq!(dispute(&Process::calm(&sim, 3), &cluster.id).await, None);
            }
        });
    }
}

#[test]
fn a_note_is_read_once_for_each_change() {
    run(async {
        let sim = Sim::with(7, CALM);
        let cluster = made(&sim, 8).await;
        let watchdog = Process::calm(&sim, 2);
        let reads = || {
            watchdog
                .meter()
                .tallies()
                .get("s3:GetObject")
                .map_or(0, |it| it.calls)
        };
        for _ in 0..5 {
            look(&watchdog, &cluster.id).await;
        }
        assert_eq!(reads(), 1);
        assert!(extend(&Process::calm(&sim, 3), &cluster.id).await);
        look(&watchdog, &cluster.id).await;
        look(&watchdog, &cluster.id).await;
        assert_eq!(reads(), 2);
    });
}

#[test]
fn a_stack_with_notes_adopts_no_unnoted_cluster() {
    run(async {
        let sim = Sim::with(8, CALM);
        let cluster = made(&sim, 8).await;
        sim.foreign_cluster("clusterup/t/00ff", cluster.tags.clone());
        let process = Process::calm(&sim, 3);
        let stack = "t".parse().unwrap();
        let seen = process.account.observe(&stack, None).await.unwrap();
        let ids: Vec<_> = seen.clusters.iter().map(|it| it.id.to_string()).collect();
        assert_eq!(ids, std::slice::from_ref(&cluster.id));
        Process::calm(&sim, 4).destroyed(&stack).await.unwrap();
        let alive = sim
            .census()
            .clusters
            .into_iter()
            .filter(|it| it.state.is_live());
        assert_eq!(alive.count(), 1, "the other is somebody else's");
    });
}

/// A note can be deleted by hand. Then the cluster does not count as the stack's, and yet no second one is
/// created.
#[test]
fn no_second_cluster_is_created_beside_one_whose_note_is_lost() {
    run(async {
        let sim = Sim::with(1, CALM);
        let case = request(8).case();
        let first = made(&sim, 8).await;
        sim.end_cluster(&first.id, "USER_REQUEST", "");
        tokio::time::sleep(Duration::from_secs(900)).await;
        Process::calm(&sim, 2).detached(&case).await.unwrap();
        let cluster = sim.census().clusters.remove(1);
        sim.delete_object(&bucket(), &note(&cluster.id));
        let refused = Process::calm(&sim, 3).detached(&case).await;
        let why = format!("{:?}", refused.err().unwrap());
        assert!(
            why.contains(&cluster.id) && why.contains("no note"),
            "{why}"
        );
        assert_eq!(sim.census().clusters.len(), 2);
        // Once it has ended, the stack gets its cluster.
        sim.end_cluster(&cluster.id, "USER_REQUEST", "");
        tokio::time::sleep(Duration::from_secs(900)).await;
        Process::calm(&sim, 4).detached(&case).await.unwrap();
        assert_eq!(sim.census().clusters.len(), 3);
    });
}
