//! Many worlds, each from its number. One that fails reports how to replay it.

use crate::{run, say};
use clusterup::cloud::rng::Rng;
use clusterup_testkit::worlds;
use std::future::Future;
use std::time::Instant;

/// Runs a law in so many worlds, or in the one that `CLUSTERUP_SEED` names.
pub(crate) fn each<F: Future<Output = ()>>(law: &str, count: u64, world: impl Fn(u64) -> F) {
    let begun = Instant::now();
    let all = worlds::each(env!("CARGO_CRATE_NAME"), 0..count, |seed| run(world(seed)));
    let (count, seconds) = (if all { count } else { 1 }, begun.elapsed().as_secs_f64());
    say(&format!("{law}: {count} worlds in {seconds:.1} s"));
}

/// One of several.
pub(crate) fn any<T: Copy>(rng: &Rng, of: &[T]) -> T {
    let count = u64::try_from(of.len()).unwrap();
    of[usize::try_from(rng.below(count)).unwrap()]
}
