//! Many worlds, each from its number. One that fails says how to have it again.

use crate::{run, say};
use clusterup::cloud::rng::Rng;
use std::future::Future;
use std::time::Instant;

/// Runs a law in so many worlds, or in the one that `CLUSTERUP_SEED` names.
pub(crate) fn each<F: Future<Output = ()>>(law: &str, count: u64, world: impl Fn(u64) -> F) {
    let begun = Instant::now();
    let seeds = replayed().map_or(0..count, |seed| seed..seed + 1);
    for seed in seeds.clone() {
        let witness = Witness { law, seed };
        run(world(seed));
        drop(witness);
    }
    let (count, seconds) = (seeds.count(), begun.elapsed().as_secs_f64());
    say(&format!("{law}: {count} worlds in {seconds:.1} s"));
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person names the world to have again"
)]
fn replayed() -> Option<u64> {
    std::env::var("CLUSTERUP_SEED").ok()?.parse().ok()
}

struct Witness<'a> {
    law: &'a str,
    seed: u64,
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { law, seed } = self;
            say(&format!(
                "{law}: CLUSTERUP_SEED={seed} cargo test --no-default-features --test sim"
            ));
        }
    }
}

/// One of several.
pub(crate) fn any<T: Copy>(rng: &Rng, of: &[T]) -> T {
    let count = u64::try_from(of.len()).unwrap();
    of[usize::try_from(rng.below(count)).unwrap()]
}
