//! Verdicts by hand: each with what it rests on.

use super::sample::{World, at};
use super::stage::{Assessment, Force, Stage};
use super::{look_again, restrain, wants_pulses};
use crate::model::fleet::Reading;
use crate::model::observed::{ClusterState, EndReason};
use crate::model::orders::{Breaker, UnmanagedAction};
use crate::model::place::Place;
use crate::model::span::Span;
use proptest::prelude::*;

use EndReason::{Forgotten, IdleTimeout, MaxLifetime, StartTimeout};

#[test]
fn an_idle_cluster_is_warned_marked_and_ended() {
    let mut world = World::ours();
    world.quiet_until(1_200);
    // Its last step ended at 600; it idles out at 1200, and is warned five minutes before.
    assert_eq!(world.says(899), ("keep", None));
    assert_eq!(world.says(901), ("warn", Some(IdleTimeout)));
    let Stage::Warn(mark) = world.judge(901).stage else {
        panic!("no warning")
    };
    assert_eq!((mark.reason, mark.ends_at), (IdleTimeout, at(1_202)));
    // Without a mark it is not ended, however late it is.
    world.quiet_until(7_000);
    let Stage::Warn(mark) = world.judge(5_000).stage else {
        panic!("ended without a warning")
    };
    assert_eq!(mark.ends_at, at(5_301));
    world.snapshot.mark = Some(mark);
    assert_eq!(world.says(5_300), ("warned", Some(IdleTimeout)));
    assert_eq!(world.says(5_301), ("end", Some(IdleTimeout)));
    let evidence = world.judge(5_301).evidence;
    assert_eq!(
        evidence,
        "idle for 1h18m21s since 04:10:00 UTC (idle_timeout: 10m)"
    );
}

#[test]
fn work_takes_the_mark_off() {
    let mut world = World::ours();
    world.quiet_until(1_500);
    world.marked(1_300, IdleTimeout);
    assert_eq!(world.says(1_300), ("end", Some(IdleTimeout)));
    world.works_at(1_200, 1);
    assert_eq!(world.says(1_300), ("clear", None));
    world.quiet_until(1_500);
    world.runs_since(1_250);
    assert_eq!(world.says(1_300), ("clear", None));
}

#[test]
fn people_may_write_another_time_into_the_mark() {
    let mut world = World::ours();
    world.quiet_until(6_000);
    world.marked(5_000, IdleTimeout);
    assert_eq!(world.says(4_999), ("warned", Some(IdleTimeout)));
    assert_eq!(world.says(5_000), ("end", Some(IdleTimeout)));
    // Of another reason it is no warning of this one.
    world.marked(0, StartTimeout);
    assert_eq!(world.says(5_000), ("warn", Some(IdleTimeout)));
}

#[test]
fn no_evidence_is_not_idleness() {
    let mut world = World::ours();
    world.marked(1_300, IdleTimeout);
    // Nobody asked for metrics; they cannot be read; there are too few; they are old. A mark stays:
    // nothing was seen that takes it off.
    assert_eq!(world.says(1_300), ("unseen", None));
    world.snapshot.mark = None;
    assert_eq!(world.says(1_300), ("unseen", None));
    world.metric_samples = Some(Reading::Unread("AccessDenied".to_owned()));
    assert_eq!(world.says(1_300), ("unseen", None));
    world.quiet_until(300);
    assert_eq!(world.says(1_300), ("unseen", None));
    world.quiet_until(900);
    assert_eq!(world.says(900 + 1_201), ("unseen", None));
    assert_eq!(world.says(900 + 1_200), ("warn", Some(IdleTimeout)));
    // Steps that cannot be read.
    world.quiet_until(1_800);
    world.has_steps(Reading::Unread("throttled".to_owned()));
    assert_eq!(world.says(1_800), ("unseen", None));
}

/// The list of its steps may be older than the description.
#[test]
fn one_that_emr_describes_as_running_is_busy() {
    let mut world = World::ours();
    world.quiet_until(1_500);
    world.marked(1_300, IdleTimeout);
    assert_eq!(world.says(1_300), ("end", Some(IdleTimeout)));
    world.snapshot.set_state(ClusterState::Running);
    assert_eq!(world.says(1_300), ("clear", None));
}

#[test]
fn what_was_before_the_first_point_is_not_known() {
    let mut world = World::ours();
    let bound = world.orders.bound.as_mut().unwrap();
    (bound.idle_timeout, bound.max_lifetime) = (Span::from_secs(28_800), Span::from_secs(864_000));
    world.cluster().spec.guardrails.max_lifetime = Span::from_secs(864_000);
    // Points of the last two hours alone, and all of them quiet.
    world.quiet_until(90_000);
    let Some(Reading::Read(metric_samples)) = &mut world.metric_samples else {
        panic!("no metrics")
    };
    metric_samples.retain(|metric_sample| metric_sample.at >= at(82_800));
    let assessment = world.judge(90_000);
    assert_eq!(
        (assessment.stage, assessment.idle_since),
        (Stage::Keep, Some(at(82_800)))
    );
    // A hole in them is no quiet.
    let Some(Reading::Read(metric_samples)) = &mut world.metric_samples else {
        panic!("no metrics")
    };
    metric_samples.retain(|metric_sample| {
        !(84_000..86_000).contains(&(metric_sample.at - at(0)).num_seconds())
    });
    assert_eq!(world.judge(90_000).idle_since, Some(at(86_100)));
}

#[test]
fn a_mark_of_an_earlier_time_is_no_warning_of_this_one() {
    let mut world = World::ours();
    world.quiet_until(6_000);
    world.marked(1_300, IdleTimeout);
    // It worked after that, and idles again: as a cluster does whose tags were copied.
    world.works_at(3_000, 1);
    let Stage::Warn(mark) = world.judge(6_000).stage else {
        panic!("no warning")
    };
    assert_eq!(mark.ends_at, at(6_301));
}

#[test]
fn half_a_picture_keeps_the_idle_and_not_those_past_their_deadline() {
    let mut world = World::ours();
    world.quiet_until(7_200);
    world.unseen = Some("a page is missing");
    assert_eq!(world.says(1_300), ("unseen", None));
    assert_eq!(world.says(7_000), ("warn", Some(MaxLifetime)));
    assert_eq!(world.says(7_200), ("end", Some(MaxLifetime)));
}

#[test]
fn a_deadline_of_its_own_has_its_grace_before_it() {
    let mut world = World::ours();
    world.runs_since(310);
    assert_eq!(world.says(6_899), ("keep", None));
    let Stage::Warn(mark) = world.judge(6_900).stage else {
        panic!("no warning")
    };
    assert_eq!(mark.ends_at, at(7_201));
    world.snapshot.mark = Some(mark);
    assert_eq!(world.says(7_199), ("warned", Some(MaxLifetime)));
    assert_eq!(world.says(7_200), ("end", Some(MaxLifetime)));
    // Where nobody looked in time, it has none left.
    world.snapshot.mark = None;
    let Stage::End(_, force, _) = world.judge(7_300).stage else {
        panic!("it lives on")
    };
    assert_eq!(force, Force::Hard);
}

#[test]
fn a_deadline_that_moved_is_another_matter() {
    let mut world = World::ours();
    world.runs_since(310);
    world.marked(7_201, MaxLifetime);
    world.cluster().spec.guardrails.max_lifetime = Span::from_secs(10_800);
    world.orders.bound = Some(world.cluster().guardrails());
    assert_eq!(world.says(7_201), ("clear", None));
}

#[test]
fn a_policy_that_is_tighter_gives_its_grace() {
    let mut world = World::ours();
    world.runs_since(310);
    let bound = world.orders.bound.as_mut().unwrap();
    bound.max_lifetime = Span::from_secs(1_800);
    // Long past it: the policy may be a minute old.
    let assessment = world.judge(3_000);
    let Stage::Warn(mark) = assessment.stage else {
        panic!("no warning")
    };
    assert_eq!((mark.reason, mark.ends_at), (MaxLifetime, at(3_301)));
    world.snapshot.mark = Some(mark);
    let Stage::End(_, force, _) = world.judge(3_301).stage else {
        panic!("it lives on")
    };
    assert_eq!(force, Force::Policy);
}

#[test]
fn one_that_does_not_come_up_is_caught() {
    for state in [ClusterState::Starting, ClusterState::Bootstrapping] {
        let mut world = World::ours();
        world.cluster().spec.guardrails.max_lifetime = Span::from_secs(86_400);
        world.orders.bound = Some(world.cluster().guardrails());
        world.is_unready(state);
        world.has_steps(Reading::Read(Vec::new()));
        assert_eq!(world.says(3_299), ("keep", None));
        assert_eq!(world.says(3_300), ("warn", Some(StartTimeout)));
        world.marked(3_601, StartTimeout);
        assert_eq!(world.says(3_601), ("end", Some(StartTimeout)));
    }
}

#[test]
fn a_stack_may_allow_less_time_to_start_than_its_policy() {
    let mut world = World::ours();
    world.is_unready(ClusterState::Bootstrapping);
    world.has_steps(Reading::Read(Vec::new()));
    world.cluster().spec.guardrails.start_within = Some(Span::from_secs(1_200));
    assert_eq!(world.says(899), ("keep", None));
    assert_eq!(world.says(900), ("warn", Some(StartTimeout)));
    world.marked(1_200, StartTimeout);
    assert_eq!(world.says(1_200), ("end", Some(StartTimeout)));
    // The policy's hour is the shorter one.
    world.cluster().spec.guardrails.start_within = Some(Span::from_secs(86_400));
    world.snapshot.mark = None;
    assert_eq!(world.says(3_299), ("keep", None));
    assert_eq!(world.says(3_300), ("warn", Some(StartTimeout)));
}

#[test]
fn others_clusters_follow_the_words_of_policies() {
    let mut world = World::others();
    world.quiet_until(12_000);
    // Forgotten an hour after its last step; warned then, and ended an hour later.
    assert_eq!(world.says(4_199), ("keep", None));
    let Stage::Warn(mark) = world.judge(4_200).stage else {
        panic!("no warning")
    };
    assert_eq!((mark.reason, mark.ends_at), (Forgotten, at(7_801)));
    world.snapshot.mark = Some(mark);
    assert_eq!(world.says(7_800), ("warned", Some(Forgotten)));
    assert_eq!(world.says(7_801), ("end", Some(Forgotten)));
    world.orders.unmanaged.action = UnmanagedAction::Notify;
    assert_eq!(world.says(7_801).0, "forgotten");
    world.orders.unmanaged.action = UnmanagedAction::Ignore;
    assert_eq!(world.says(7_801).0, "keep");
}

#[test]
fn others_clusters_have_no_lifetime_unless_a_policy_says_so() {
    let mut world = World::others();
    world.runs_since(310);
    assert_eq!(world.says(1_000_000), ("keep", None));
    world.orders.unmanaged.max_lifetime = Some(Span::from_secs(86_400));
    assert_eq!(world.says(86_399), ("keep", None));
    assert_eq!(world.says(86_400), ("warn", Some(Forgotten)));
}

#[test]
fn exempt_ones_are_left_alone_up_to_the_ceiling() {
    let mut world = World::others();
    world.quiet_until(30_000);
    world.exempt("until the talk", Some(20_000));
    assert_eq!(world.says(10_000), ("exempt", None));
    assert_eq!(world.says(20_000), ("warn", Some(Forgotten)));
    world.exempt("False", None);
    assert_eq!(world.says(10_000), ("warn", Some(Forgotten)));
    // Its own deadline holds all the same.
    let mut world = World::ours();
    world.quiet_until(7_200);
    world.exempt("yes", None);
    assert_eq!(world.says(3_000), ("exempt", None));
    assert_eq!(world.says(7_200), ("end", Some(MaxLifetime)));
}

#[test]
fn protected_ones_end_only_where_a_policy_says_so() {
    let mut world = World::ours();
    world.quiet_until(7_200);
    world.snapshot.protected = true;
    world.marked(1_300, IdleTimeout);
    assert_eq!(world.says(1_300).0, "protected");
    world.orders.lift_protection = true;
    let Stage::End(_, _, lift) = world.judge(1_300).stage else {
        panic!("it lives on")
    };
    assert!(lift);
}

#[test]
fn a_protection_that_the_stack_asks_for_is_lifted() {
    for (own, says) in [(true, "end"), (false, "protected")] {
        let mut world = World::ours();
        world.quiet_until(7_200);
        world.snapshot.protected = true;
        world.cluster().spec.termination_protection = own;
        assert_eq!(world.says(7_200).0, says, "its deadline");
        if let Stage::End(_, _, lift) = world.judge(7_200).stage {
            assert!(lift);
        }
    }
    // A cluster of somebody else has no stack that could ask.
    let mut world = World::others();
    world.snapshot.protected = true;
    assert!(world.snapshot.is_protected_by_others());
}

#[test]
fn stuck_is_not_idle() {
    let mut world = World::ours();
    world.runs_since(310);
    world.quiet_until(2_100);
    assert_eq!(world.says(2_109), ("keep", None));
    let assessment = world.judge(2_110);
    assert_eq!(assessment.stage, Stage::Stuck);
    assert_eq!(
        assessment.evidence,
        "step work has run for 30m, and for 30m without a container"
    );
    world.works_at(1_500, 3);
    assert_eq!(world.says(2_110), ("keep", None));
    // With too few points it cannot be told.
    world.metric_samples = Some(Reading::Read(Vec::new()));
    assert_eq!(world.says(2_110), ("keep", None));
}

#[test]
fn on_this_machine_steps_say_all() {
    let mut world = World::ours();
    world.snapshot.place = Place::Local;
    assert_eq!(world.says(901), ("warn", Some(IdleTimeout)));
}

#[test]
fn what_ends_is_waited_for_and_then_told_of() {
    let mut world = World::ours();
    world.snapshot.set_state(ClusterState::Terminating);
    assert_eq!(world.says(9_000).0, "ending");
    world.asked_at = Some(at(7_200));
    assert_eq!(world.says(9_000).0, "ending");
    assert_eq!(world.says(9_001).0, "late");
    world.snapshot.set_state(ClusterState::Terminated);
    assert_eq!(world.says(9_001).0, "over");
}

#[test]
fn the_breaker_holds_the_idle_back_and_rates_the_others() {
    let world = || {
        let mut world = World::ours();
        world.quiet_until(7_500);
        world
    };
    let idle = || {
        let mut world = world();
        world.marked(1_300, IdleTimeout);
        world.judge(1_300)
    };
    let old = || world().judge(7_300);
    let breaker = Breaker {
        max_kills: 2,
        max_fraction: "50%".parse().unwrap(),
    };
    let words = |assessment: &[Assessment]| -> Vec<&str> {
        assessment
            .iter()
            .map(|assessment| assessment.stage.word())
            .collect()
    };
    let mut few = vec![idle(), idle(), old(), old(), old()];
    assert_eq!(restrain(&mut few, 10, breaker), None);
    assert_eq!(words(&few), ["end"; 5]);
    let mut many = vec![idle(), idle(), idle(), old(), old(), old()];
    let tripped = restrain(&mut many, 10, breaker).unwrap();
    assert_eq!(
        (tripped.requested, tripped.allowed, tripped.fleet),
        (3, 2, 10)
    );
    assert_eq!(words(&many), ["keep", "keep", "keep", "end", "end", "keep"]);
    assert!(
        many[0]
            .evidence
            .starts_with("kept by the circuit breaker: idle for ")
    );
    // A share of a small fleet means nothing; of four, half is two.
    let loose = Breaker {
        max_kills: 50,
        ..breaker
    };
    let mut three = vec![idle(), idle(), idle()];
    assert_eq!(restrain(&mut three, 3, loose), None);
    assert!(restrain(&mut [idle(), idle(), idle()], 4, loose).is_some());
    assert_eq!(restrain(&mut [idle(), idle()], 4, loose), None);
}

#[test]
fn a_cluster_is_looked_at_again_in_time() {
    let world = World::ours();
    let assessment = world.judge(300);
    // Idle out at 1200, warned at 900: never later than ten minutes after the last look.
    assert_eq!(look_again(at(300), &assessment, &world.orders), at(900));
    let mut busy = World::ours();
    busy.runs_since(310);
    let next = look_again(at(400), &busy.judge(400), &busy.orders);
    assert_eq!(next, at(400 + (7_200 - 400 - 300) / 2));
    let marked = {
        let mut world = World::ours();
        world.quiet_until(1_200);
        world.judge(901)
    };
    assert_eq!(look_again(at(901), &marked, &world.orders), at(901));
}

#[test]
fn metrics_are_asked_for_where_they_decide() {
    let wants = |world: &World, seconds| wants_pulses(at(seconds), &world.watched());
    let mut world = World::ours();
    assert!(!wants(&world, 899));
    assert!(wants(&world, 900));
    world.runs_since(310);
    assert!(!wants(&world, 2_109));
    assert!(wants(&world, 2_110));
    // Half an hour after its step last had a container.
    world.quiet_until(2_100);
    world.works_at(900, 1);
    assert!(!wants(&world, 2_699));
    assert!(wants(&world, 2_700));
}

proptest! {
    /// Without a mark that was there before, nothing ends but by a deadline of its own.
    #[test]
    fn nothing_ends_unwarned(
        ours: bool,
        now in 0..20_000_i64,
        quiet_period in 0..20_000_i64,
        bound in 60..9_000_u64,
        protected: bool,
        lift: bool,
    ) {
        let mut world = if ours { World::ours() } else { World::others() };
        world.quiet_until(quiet_period);
        (world.snapshot.protected, world.orders.lift_protection) = (protected, lift);
        if let Some(guardrails) = &mut world.orders.bound {
            guardrails.max_lifetime = Span::from_secs(bound);
        }
        if let Stage::End(_, force, lifts) = world.judge(now).stage {
            prop_assert_eq!(force, Force::Hard);
            prop_assert!(now >= 7_200);
            prop_assert!(!protected || (lift && lifts));
        }
    }

    /// The mark that a warning writes leaves the grace, whenever it comes.
    #[test]
    fn a_warning_leaves_its_grace(ours: bool, now in 0..20_000_i64) {
        let mut world = if ours { World::ours() } else { World::others() };
        world.quiet_until(now);
        if let Stage::Warn(mark) = world.judge(now).stage
            && mark.reason != MaxLifetime
        {
            let grace = if ours { 300 } else { 3_600 };
            prop_assert!(mark.ends_at >= at(now + grace));
            world.snapshot.mark = Some(mark);
            let ended = world.judge(now + grace - 1).stage;
            let ended = matches!(ended, Stage::End(_, Force::Soft | Force::Policy, _));
            prop_assert!(!ended);
        }
    }
}
