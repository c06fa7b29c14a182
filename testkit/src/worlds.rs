//! Tests of many random worlds. Each comes from a seed, and a failed one reports the command that
//! replays it.

use crate::flaky::allow_faults;
use proptest::test_runner::{Config, RngSeed};
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

/// Names the seed of the only world to play.
const SEED: &str = "CLUSTERUP_SEED";
/// How many faults happen in it, at most.
const FAULTS: &str = "CLUSTERUP_FAULTS";
/// Proptest's name for the seed of all its cases.
const CASES_SEED: &str = "PROPTEST_RNG_SEED";

/// Plays the world of each of these seeds, or that of `CLUSTERUP_SEED` alone. Returns whether it
/// played all. `binary` is the caller's `env!("CARGO_CRATE_NAME")`.
pub fn each(binary: &str, seeds: Range<u64>, mut world: impl FnMut(u64)) -> bool {
    let chosen = number(SEED);
    for seed in chosen.map_or(seeds, |seed| seed..seed + 1) {
        let witness = Witness(replay(SEED, seed, binary));
        allow_faults(number(FAULTS).unwrap_or(u64::MAX));
        world(seed);
        drop(witness);
    }
    chosen.is_none()
}

/// Runs to the end in virtual time, on this thread.
///
/// # Panics
/// Panics if no runtime can be made.
#[expect(clippy::expect_used, reason = "without a runtime there is no test")]
pub fn run<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// Proptest's settings for so many cases of one test, whose seed is reported if one fails.
pub fn cases(binary: &str, count: u32) -> Config {
    let seed = number(CASES_SEED).unwrap_or_else(random);
    // A test's output is shown only if it fails.
    say(&replay(CASES_SEED, seed, binary));
    Config {
        cases: count,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    }
}

/// The command that runs the test of this thread, and no other, with a seed.
fn replay(variable: &str, seed: u64, binary: &str) -> String {
    let thread = std::thread::current();
    // With one test at a time, tests run on the main thread, which has no test's name.
    let test = thread.name().filter(|name| *name != "main");
    let test = test.map_or(String::new(), |name| format!(" {name} -- --exact"));
    format!("replay: {variable}={seed} cargo test --test {binary}{test}")
}

struct Witness(String);

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&self.0);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person names the world to play again"
)]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "any number will do")]
fn random() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::from(now.subsec_nanos()) ^ now.as_secs())
}

#[expect(clippy::print_stdout, reason = "people read it where a test fails")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Runs a test of this binary that fails, and returns its output.
    fn failing(test: &str, seed: Option<&str>) -> String {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "--ignored", test]);
        for variable in [SEED, CASES_SEED] {
            match seed {
                Some(seed) => command.env(variable, seed),
                None => command.env_remove(variable),
            };
        }
        let done = command.output().unwrap();
        assert!(!done.status.success());
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    #[test]
    fn a_world_that_fails_reports_the_command_that_replays_it() {
        let test = "worlds::tests::one_of_them_fails";
        for seed in [None, Some("7")] {
            let out = failing(test, seed);
            let command = format!("CLUSTERUP_SEED=7 cargo test --test binary {test} -- --exact");
            assert!(out.contains(&format!("replay: {command}\n")), "{out}");
            assert!(out.contains("world 7 is wrong"), "{out}");
        }
        assert!(!failing(test, Some("9")).contains("world 7 is wrong"));
    }

    #[test]
    fn a_case_that_fails_reports_the_command_that_replays_it() {
        let test = "worlds::tests::a_case_fails";
        let out = failing(test, None);
        let (_, seed) = out.split_once("replay: PROPTEST_RNG_SEED=").unwrap();
        let (seed, rest) = seed.split_once(' ').unwrap();
        let command = format!("cargo test --test binary {test} -- --exact\n");
        assert!(rest.starts_with(&command), "{out}");
        let case = |out: &str| {
            let (_, number) = out.split_once("the first case is ").unwrap();
            number.split_once(' ').unwrap().0.to_owned()
        };
        assert_eq!(case(&failing(test, Some(seed))), case(&out));
        assert_ne!(
            case(&failing(test, Some("1"))),
            case(&failing(test, Some("2")))
        );
    }

    #[test]
    #[ignore = "it fails, for another"]
    fn one_of_them_fails() {
        let all = each("binary", 0..10, |seed| {
            assert_ne!(seed, 7, "world 7 is wrong");
        });
        assert!(all, "only one was played");
    }

    #[test]
    #[ignore = "it fails, for another"]
    fn a_case_fails() {
        let config = Config {
            failure_persistence: None,
            ..cases("binary", 1)
        };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let done = runner.run(&proptest::num::u64::ANY, |number| {
            panic!("the first case is {number} of many")
        });
        done.unwrap();
    }
}
