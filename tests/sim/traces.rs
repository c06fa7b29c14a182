//! A world is the same for its seed: every call with its time, parameters and reply, and all that happens by
//! itself, byte for byte. Without that, a failing seed could not be played again.

use crate::{
    adopt_worlds, destroy, fleets, laws, months, office, pairs, run, safeguards, watchdog,
};
use clusterup_testkit::tally::traced;
use std::future::Future;

const SEEDS: u64 = 2;

fn same<F: Future<Output = ()>>(kind: &str, world: impl Fn(u64) -> F) {
    for seed in 0..SEEDS {
        let first = traced(|| run(world(seed)));
        let second = traced(|| run(world(seed)));
        assert!(first.len() > 20, "{kind} {seed}: {} events", first.len());
        let mut both = first.iter().zip(&second);
        let other = both.find(|(one, other)| one != other);
        assert_eq!(other, None, "{kind} {seed}");
        assert_eq!(first.len(), second.len(), "{kind} {seed}");
    }
}

#[test]
fn a_world_has_the_same_trace_each_time() {
    same("stormy", laws::stormy);
    same("calm", laws::calm);
    same("destroy", destroy::world);
    same("together", pairs::together);
    same("widowed", pairs::widowed);
    same("unanswered", pairs::unanswered);
    same("slept", pairs::slept);
    same("deadline", safeguards::deadline);
    same("budget", safeguards::budget);
    same("fleets", |seed| fleets::world(seed, true));
    same("scaling", |seed| fleets::world(seed, false));
    same("months", |seed| async move {
        months::world(seed, &months::Tally::default()).await;
    });
    same("offices", office::world);
    same("replaced", watchdog::succession::replaced);
    same("second look", watchdog::second_look::world);
    same("page", watchdog::page::world);
    same("adopted", adopt_worlds::adopted);
}
