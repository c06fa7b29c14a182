//! The watchdog dies before and after every call of the sweeps that warn and end; the next one
//! continues where it stopped.

use crate::watchdog::{Kind, World};
use crate::{run, say};
use clusterup_testkit::flaky::Fault;
use std::ops::RangeInclusive;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(300);
/// The idle timeout, the grace, and the time to end.
const SWEEPS: u64 = 30;
const FLEET: [Kind; 4] = [
    Kind::Forgotten,
    Kind::Protected,
    Kind::Exempt,
    Kind::Forgotten,
];

/// Returns the numbers of the calls of each sweep that did something, and whether a watchdog died.
async fn story(fault: Option<(u64, Fault)>) -> (Vec<RangeInclusive<u64>>, bool) {
    let mut world = World::of(7, &FLEET, true, 0).await;
    world.flaky().become_flaky(move |moment| {
        let (number, fault) = fault?;
        (moment.number == number).then_some(fault)
    });
    let mut watchdog = world.watchdog(1);
    let (mut acted, mut died) = (Vec::new(), false);
    for sweep in 0..SWEEPS {
        world.live(world.clock.now());
        let (calls, entries) = (world.flaky().calls(), world.entries());
        let dies = tokio::select! {
            biased;
            () = world.flaky().died() => true,
            _ = watchdog.sweep(false) => false,
        };
        if dies {
            died = true;
            watchdog = world.watchdog(2 + sweep);
        }
        if world.entries() > entries {
            acted.push(calls + 1..=world.flaky().calls());
        }
        world.judge();
        tokio::time::sleep(INTERVAL).await;
    }
    world.judge_all();
    (acted, died)
}

#[test]
fn a_watchdog_killed_at_any_call_continues_where_it_stopped() {
    let (acted, _) = run(story(None));
    assert!(acted.len() >= 2, "it warns, and it ends: {acted:?}");
    let mut points = 0;
    for number in acted.into_iter().flatten() {
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            let (_, died) = run(story(Some((number, fault))));
            assert!(died, "{fault:?} at call {number}");
            points += 1;
        }
    }
    assert!(points > 40, "{points}");
    say(&format!("killed a watchdog at {points} points"));
}
