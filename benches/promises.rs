//! Plays many simulated worlds, and counts those in which a promise is broken: see docs/promises.md.
//!
//! Each world comes from a number. Its kind is chosen by that number; the kinds and their checks are those of
//! `tests/sim`, of which `cargo test` plays 2,000.
//!
//! ```text
//! cargo bench --no-default-features --bench promises -- [worlds] [--threads N] [--count]
//! CLUSTERUP_SEED=17 cargo bench --no-default-features --bench promises
//! ```
//!
//! A world that fails is played again with ever more of its faults, until it fails: `CLUSTERUP_FAULTS=3` lets only
//! the first three happen.
//!
//! `--count` prints only how many worlds noticed something, which `benches/planted.py` reads.
#![expect(
    dead_code,
    unused_imports,
    reason = "tests use the rest of these modules"
)]
#![expect(clippy::unwrap_used, reason = "a world fails where it cannot go on")]
#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]

#[path = "../tests/sim/adopt.rs"]
mod adopt;
#[path = "../tests/sim/adopt_worlds.rs"]
mod adopt_worlds;
#[path = "../tests/sim/bookkeeper.rs"]
mod bookkeeper;
#[path = "../tests/sim/destroy.rs"]
mod destroy;
#[path = "../tests/sim/fleets.rs"]
mod fleets;
#[path = "../tests/sim/kills.rs"]
mod kills;
#[path = "../tests/sim/laws.rs"]
mod laws;
#[path = "../tests/sim/mishaps.rs"]
mod mishaps;
#[path = "../tests/sim/months.rs"]
mod months;
#[path = "../tests/sim/office.rs"]
mod office;
#[path = "../tests/sim/oracle.rs"]
mod oracle;
#[path = "../tests/sim/pairs.rs"]
mod pairs;
#[path = "../tests/sim/played.rs"]
mod played;
#[path = "../tests/sim/process.rs"]
mod process;
#[path = "../tests/sim/request.rs"]
mod request;
#[path = "../tests/sim/safeguards.rs"]
mod safeguards;
#[path = "../tests/sim/seeds.rs"]
mod seeds;
#[path = "../tests/sim/watchdog.rs"]
mod watchdog;
#[path = "../tests/sim/watched.rs"]
mod watched;

use clusterup_testkit::flaky::allow_faults;
use clusterup_testkit::tally::{self, Tally};
use clusterup_testkit::worlds::run;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// A kind of world: its name, its share in a hundred worlds, and how one is played.
type Kind = (&'static str, u64, fn(u64) -> World);
type World = Pin<Box<dyn Future<Output = ()>>>;

const KINDS: &[Kind] = &[
    ("P1-P5: offices", 4, |seed| Box::pin(office::world(seed))),
    ("P1: no answer to a creation", 2, |seed| {
        Box::pin(pairs::unanswered(seed))
    }),
    ("P1: an apply sleeps", 2, |seed| {
        Box::pin(pairs::slept(seed))
    }),
    ("P1: applies under faults converge", 13, |seed| {
        Box::pin(laws::stormy(seed))
    }),
    ("P1: each change takes one pass", 10, |seed| {
        Box::pin(laws::calm(seed))
    }),
    ("P1: destroy leaves nothing", 8, |seed| {
        Box::pin(destroy::world(seed))
    }),
    ("P1: two apply at once", 4, |seed| {
        Box::pin(pairs::together(seed))
    }),
    ("P1: after a dead holder", 4, |seed| {
        Box::pin(pairs::widowed(seed))
    }),
    ("P2: deadlines, safeguards broken", 13, |seed| {
        Box::pin(safeguards::deadline(seed))
    }),
    ("P3: budgets, safeguards broken", 13, |seed| {
        Box::pin(safeguards::budget(seed))
    }),
    ("P3: budgets of fleets", 3, |seed| {
        Box::pin(fleets::world(seed, true))
    }),
    ("P3: budgets under scaling", 3, |seed| {
        Box::pin(fleets::world(seed, false))
    }),
    ("P4: months of teams", 8, |seed| {
        Box::pin(async move { months::world(seed, &months::Tally::default()).await })
    }),
    ("P5: a watchdog and its fleet", 4, |seed| {
        Box::pin(watchdog::fleet(seed))
    }),
    ("P5: second looks that fail", 2, |seed| {
        Box::pin(watchdog::second_look::world(seed))
    }),
    ("P5: a watchdog that is replaced", 2, |seed| {
        Box::pin(watchdog::succession::replaced(seed))
    }),
    ("P2, P5: a year without an account", 2, |seed| {
        // The first worlds are those with which planted mistakes are tried, one after the other.
        let clusters = if seed < 2_000 { 12 } else { 1_000 };
        Box::pin(async move { played::world(seed, clusters) })
    }),
    ("P5: adopted clusters", 2, |seed| {
        Box::pin(adopt_worlds::adopted(seed))
    }),
    ("P5: a watchdog that adopts, and its page", 1, |seed| {
        Box::pin(watchdog::page::world(seed))
    }),
];

/// Figures of single worlds, which nobody reads here.
const fn say(_: &str) {}

fn kind(seed: u64) -> &'static Kind {
    let mut share = seed % 100;
    for kind in KINDS {
        if share < kind.1 {
            return kind;
        }
        share -= kind.1;
    }
    unreachable!("the shares are a hundred")
}

/// What was found.
#[derive(Default)]
struct Found {
    tally: Tally,
    /// Worlds by kind.
    worlds: BTreeMap<&'static str, u64>,
    /// The seeds of the worlds that noticed something, by kind.
    broken: BTreeMap<u64, &'static str>,
}

/// Plays worlds until there are no more.
fn play(next: &AtomicU64, until: u64) -> Found {
    let mut found = Found::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= until {
            found.tally = tally::take();
            return found;
        }
        let (name, _, world) = kind(seed);
        *found.worlds.entry(name).or_default() += 1;
        if catch_unwind(AssertUnwindSafe(|| run(world(seed)))).is_err() {
            found.broken.insert(seed, name);
        }
    }
}

/// With how few of its faults a world still fails, of some numbers.
fn fewest_faults(seed: u64) -> Option<u64> {
    let fails = |most: &u64| {
        allow_faults(*most);
        catch_unwind(AssertUnwindSafe(|| run(kind(seed).2(seed)))).is_err()
    };
    let found = (0..10).chain((10..200).step_by(10)).find(fails);
    allow_faults(u64::MAX);
    found
}

fn played(worlds: u64, threads: usize) -> Found {
    let next = AtomicU64::new(0);
    let mut all = Found::default();
    thread::scope(|scope| {
        let each: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| play(&next, worlds)))
            .collect();
        for thread in each {
            let found = thread.join().unwrap();
            all.tally.add(found.tally);
            all.broken.extend(found.broken);
            for (name, count) in found.worlds {
                *all.worlds.entry(name).or_default() += count;
            }
        }
    });
    all
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person names the world to play again"
)]
fn chosen(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| {
        let at = words.iter().position(|word| word == flag)?;
        words.get(at + 1)?.parse().ok()
    };
    if let Some(seed) = chosen("CLUSTERUP_SEED") {
        allow_faults(chosen("CLUSTERUP_FAULTS").unwrap_or(u64::MAX));
        let (name, _, world) = kind(seed);
        println!("world {seed}: {name}");
        return run(world(seed));
    }
    let threads = after("--threads").unwrap_or(2);
    let number = |(at, word): (usize, &String)| {
        let is_value = at > 0 && words[at - 1] == "--threads";
        word.parse().ok().filter(|_| !is_value)
    };
    let worlds = words.iter().enumerate().find_map(number).unwrap_or(2_000);
    // Each world that fails would print where.
    std::panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    let found = played(worlds, threads);
    let seconds = begun.elapsed().as_secs_f64();
    if !words.iter().any(|word| word == "--count") {
        report(&found, worlds, seconds);
    }
    let first = found.broken.keys().next();
    let first = first.map_or(String::new(), |seed| format!(", first by seed {seed}"));
    println!(
        "noticed by {} of {worlds} worlds{first}",
        found.broken.len()
    );
}

fn report(found: &Found, worlds: u64, seconds: f64) {
    let Tally {
        accounts,
        events,
        passed,
        lived,
        marks,
        margins,
    } = &found.tally;
    for (name, count) in &found.worlds {
        let broken = found.broken.values().filter(|it| *it == name).count();
        println!("{name:36} {count:7} worlds, {broken} broken");
    }
    let hours = lived.num_hours() as f64;
    let years = passed.num_days() as f64 / 365.25;
    println!(
        "{accounts} accounts, {events} events, {years:.0} simulated years, {hours:.0} cluster-hours"
    );
    println!(
        "{seconds:.0} s: {:.0} worlds, {:.0} events and {:.0} cluster-hours a second",
        worlds as f64 / seconds,
        *events as f64 / seconds,
        hours / seconds,
    );
    println!("what happened:");
    for (what, count) in marks {
        println!("  {what}: {count}");
    }
    println!("nearest to breaking a promise:");
    for (bound, distance) in margins {
        println!("  {bound}: {distance:.4}");
    }
    for (seed, name) in found.broken.iter().take(20) {
        println!("broken: {name}");
        let faults = fewest_faults(*seed);
        let faults = faults.map_or(String::new(), |most| format!(" CLUSTERUP_FAULTS={most}"));
        println!(
            "  CLUSTERUP_SEED={seed}{faults} cargo bench --no-default-features --bench promises"
        );
    }
}
