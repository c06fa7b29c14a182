//! Adopted clusters that somebody changes while something cannot be read, or while somebody else works
//! on the same adoption.

use crate::adopt::{Theirs, limits, released, request};
use crate::process::Process;
use crate::run;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::fleet::FleetListing;
use clusterup::cloud::{AdoptError, Adopting, AdoptionRequest};
use clusterup::guard::Unadoptable;
use clusterup::model::clock::Clock;
use clusterup::model::extension::Extension;
use clusterup::model::fleet::ClusterSnapshot;
use clusterup::model::span::Span;
use clusterup_testkit::flaky::{Fault, Moment};
use std::time::Duration;
use tokio::time::sleep;

/// A process of which one kind of call fails.
fn without(theirs: &Theirs, call: &'static str) -> Process {
    let fails = move |moment: Moment| (moment.call == call).then_some(Fault::Throttle);
    Process::new(&theirs.sim, "ann@desk", 7, fails)
}

fn ends_at(theirs: &Theirs) -> DateTime<Utc> {
    theirs.sim.census().schedules[0].at
}

fn by_policy() -> AdoptionRequest {
    AdoptionRequest {
        by: "watchdog@here".into(),
        ..request(limits("2h", "$2", "20m"))
    }
}

#[test]
fn a_short_extension_moves_the_schedule() {
    run(async {
        let theirs = Theirs::new(1).await;
        let process = theirs.calm(1);
        let wanted = request(limits("6h", "$50", ""));
        process.account.adopt(&theirs.id, &wanted).await.unwrap();
        let before = ends_at(&theirs);
        let extension = Extension {
            at: theirs.sim.clock().now(),
            max_lifetime: Some(Span::from_secs(6 * 3_600 + 300)),
            budget: None,
            by: "ann@desk".into(),
            why: "not done".into(),
        };
        // What its budget allows cannot be read: nothing is recorded.
        let blind = without(&theirs, "elasticmapreduce:ListInstances");
        let refused = blind.account.extend_adopted(&theirs.id, &extension).await;
        assert!(refused.is_err(), "{refused:?}");
        let adopted = process.account.adopted(&theirs.id).await.unwrap().unwrap();
        assert!(adopted.adoption.extensions.is_empty(), "{adopted:?}");
        let extended = process.account.extend_adopted(&theirs.id, &extension).await;
        assert!(extended.unwrap().is_some());
        assert_eq!(ends_at(&theirs) - before, TimeDelta::minutes(5));
    });
}

#[test]
fn what_cannot_be_read_is_not_taken_for_missing() {
    run(async {
        let theirs = Theirs::new(1).await;
        let before = theirs.sim.census();
        for call in [
            "scheduler:GetSchedule",
            "elasticmapreduce:GetManagedScalingPolicy",
            "elasticmapreduce:ListInstances",
        ] {
            let blind = without(&theirs, call);
            let failed = theirs.adopt(&blind).await.unwrap_err();
            assert!(matches!(failed, AdoptError::Cloud(_)), "{call}: {failed}");
            assert_eq!(theirs.sim.census(), before, "{call}");
        }
        // Without a budget, its instances do not matter.
        let blind = without(&theirs, "elasticmapreduce:ListInstances");
        let wanted = request(limits("6h", "", ""));
        blind.account.adopt(&theirs.id, &wanted).await.unwrap();
    });
}

#[test]
fn a_cluster_of_a_stack_is_not_adopted_without_its_tag() {
    run(async {
        let mut theirs = Theirs::new(1).await;
        let id = theirs
            .sim
            .foreign_cluster("clusterup/movies/00ff", Default::default());
        theirs.id = id.parse().unwrap();
        sleep(Duration::from_secs(600)).await;
        let refused = theirs.adopt(&theirs.calm(1)).await.unwrap_err();
        let is_own = matches!(&refused, AdoptError::Refused(Unadoptable::Own(..)));
        assert!(is_own, "{refused}");
    });
}

#[test]
fn a_watchdog_that_cannot_list_adoptions_takes_no_adopted_cluster_for_nobodys() {
    run(async {
        let theirs = Theirs::new(1).await;
        theirs.adopt(&theirs.calm(1)).await.unwrap();
        let id = theirs.id.as_str();
        theirs.sim.tag_by_hand(id, "clusterup-adopted", None);
        let blind = without(&theirs, "s3:ListBucket");
        blind.account.list().await.unwrap();
        let seen = blind.account.look(&theirs.id).await.unwrap().unwrap();
        assert!(seen.adopted().is_some(), "{seen:?}");
        // Nothing is decided about one of which nothing can be read.
        let blind = Process::new(&theirs.sim, "ann@desk", 8, |moment| {
            moment.call.starts_with("s3:").then_some(Fault::Throttle)
        });
        blind.account.list().await.unwrap();
        let seen: Result<Option<ClusterSnapshot>, _> = blind.account.look(&theirs.id).await;
        assert!(seen.is_err(), "{seen:?}");
    });
}

#[test]
fn a_policy_adopts_no_cluster_that_a_person_has_adopted_or_is_releasing() {
    run(async {
        let theirs = Theirs::new(1).await;
        let process = theirs.calm(1);
        theirs.adopt(&process).await.unwrap();
        let before = theirs.sim.census();
        let again = process.account.adopt_if_new(&theirs.id, &by_policy()).await;
        assert!(again.unwrap().is_none());
        assert_eq!(theirs.sim.census(), before);
        // A release that is interrupted.
        let dies = Process::new(&theirs.sim, "ann@desk", 2, |moment| {
            (moment.call == "scheduler:DeleteSchedule").then_some(Fault::DieBefore)
        });
        assert!(
            dies.until_death(released(&dies, &theirs.id))
                .await
                .is_none()
        );
        let before = theirs.sim.census();
        let again = process.account.adopt_if_new(&theirs.id, &by_policy()).await;
        assert!(again.unwrap().is_none());
        assert_eq!(theirs.sim.census(), before);
        assert!(released(&process, &theirs.id).await);
        theirs.is_released(None);
        let new = process.account.adopt_if_new(&theirs.id, &by_policy()).await;
        assert!(new.unwrap().is_some());
    });
}

#[test]
fn an_idle_timeout_that_was_being_lowered_stays_ours() {
    run(async {
        let theirs = Theirs::new(1).await;
        theirs.adopt(&theirs.calm(1)).await.unwrap();
        let lower = request(limits("6h", "$5", "20m"));
        let interrupted = async || {
            let dies = Process::new(&theirs.sim, "ann@desk", 2, |moment| {
                let sets = moment.call == "elasticmapreduce:PutAutoTerminationPolicy";
                sets.then_some(Fault::DieBefore)
            });
            let adopted = dies.account.adopt(&theirs.id, &lower);
            assert!(dies.until_death(adopted).await.is_none());
            assert_eq!(theirs.seen().idle_timeout, Some(Span::from_secs(1_800)));
        };
        interrupted().await;
        let process = theirs.calm(3);
        let plan = process.account.adopt(&theirs.id, &lower).await.unwrap();
        assert_eq!(plan.own_idle_timeout, None);
        assert_eq!(theirs.seen().idle_timeout, Some(Span::from_secs(1_200)));
        let adopted = process.account.adopted(&theirs.id).await.unwrap().unwrap();
        assert_eq!(adopted.adoption.idle_before, None);
        assert!(released(&process, &theirs.id).await);
        theirs.is_released(None);
        // The same before a release.
        theirs.adopt(&process).await.unwrap();
        interrupted().await;
        assert!(released(&process, &theirs.id).await);
        theirs.is_released(None);
    });
}

#[test]
fn an_owner_that_somebody_else_has_set_stays() {
    run(async {
        let theirs = Theirs::new(1).await;
        let process = theirs.calm(1);
        theirs.adopt(&process).await.unwrap();
        let id = theirs.id.as_str();
        theirs.sim.tag_by_hand(id, "clusterup-owner", Some("carol"));
        theirs.sim.tag_by_hand(id, "clusterup-team", None);
        assert!(released(&process, &theirs.id).await);
        let tags = theirs.seen().tags;
        assert_eq!(tags["clusterup-owner"], "carol");
        assert!(!tags.contains_key("clusterup-team"), "{tags:?}");
        assert!(!tags.contains_key("clusterup-adopted"), "{tags:?}");
    });
}
