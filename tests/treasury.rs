//! A team's account on this machine, asked by many at once and by some who die.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod crowd;

use chrono::TimeDelta;
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::local::{Local, Machine};
use clusterup::cost::catalog::Catalog;
use clusterup::run::clock::SystemClock;
use crowd::{CROWD, Teller, assert_fair, budget, now, policy, promise};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;

const ROUNDS: usize = 50;

fn local(folder: &Path) -> Local {
    let machine = Machine {
        program: "clusterup".into(),
        home: None,
        environment: BTreeMap::new(),
    };
    let store = Store::new(folder.join("cache"), None);
    let prices = Arc::new(Catalog::bundled().clone());
    Local::new(
        folder.join("local"),
        store,
        machine,
        prices,
        Arc::new(SystemClock),
    )
}

/// Runs on a thread of its own, as a process would.
fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

#[test]
fn of_many_at_once_as_many_are_admitted_as_there_is_money_for() {
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let together = Barrier::new(CROWD);
        let ask = |number: usize| {
            let cloud = local(folder.path());
            together.wait();
            wait(Teller::new(&cloud, "local", "recsys").ask(number))
        };
        let ask = &ask;
        let admitted = thread::scope(|scope| {
            let all: Vec<_> = (0..CROWD).map(|n| scope.spawn(move || ask(n))).collect();
            let done = all.into_iter().map(|one| one.join().unwrap());
            done.filter(|admitted| *admitted).count()
        });
        let cloud = local(folder.path());
        let book = wait(Teller::new(&cloud, "local", "recsys").book(now()));
        assert_fair(admitted, &book);
    }
}

#[test]
fn a_promise_of_who_died_is_given_back_once_nobody_has_the_stack() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = local(folder.path());
    let teller = Teller::new(&cloud, "local", "recsys");
    assert!(wait(teller.ask(1)));
    // A cluster may not be listed yet.
    let soon = wait(teller.book(now() + TimeDelta::minutes(9)));
    assert_eq!(soon.promises.len(), 1);
    let later = now() + TimeDelta::minutes(10);
    // Whoever holds the stack may be about to make it.
    let locks = folder.path().join("local/.locks");
    std::fs::create_dir_all(&locks).unwrap();
    let lock = std::fs::File::create(locks.join("stack-1")).unwrap();
    lock.lock().unwrap();
    assert_eq!(wait(teller.book(later)).promises.len(), 1);
    drop(lock);
    assert_eq!(wait(teller.book(later)).promises.len(), 0);
}

#[test]
fn an_account_that_nobody_can_read_admits_nothing_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (cloud, policy) = (local(folder.path()), policy());
    let teller = Teller::new(&cloud, "local", "recsys");
    assert!(wait(teller.ask(1)));
    let file = folder.path().join("teams/recsys.json");
    for text in ["", "{", "{\"version\":2}", "[]"] {
        std::fs::write(&file, text).unwrap();
        let asked = promise(2, "local", now());
        let budgets = budget(&policy);
        let treasury = teller.treasury();
        let refused = wait(treasury.admit(&budgets, &asked, |all| all, now())).unwrap_err();
        let said = refused.to_string();
        assert!(
            said.contains("the account of team recsys cannot be read"),
            "{said}"
        );
        assert!(!refused.hints.is_empty());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}
