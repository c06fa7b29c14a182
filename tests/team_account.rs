//! A team's account on this machine, used concurrently, also by processes that die.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod crowd;

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::local::runtime::Store;
use clusterup::cloud::local::{Local, Machine};
use clusterup::cost::catalog::Catalog;
use clusterup::cost::ledger::Record;
use clusterup::model::observed::ClusterState;
use clusterup::policy::team_account::TeamAccount;
use clusterup::run::clock::SystemClock;
use crowd::{CROWD, Teller, assert_fair, budget, now, policy, reservation, scope};
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
fn concurrent_admissions_stop_at_the_budget() {
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
        let team_account = wait(Teller::new(&cloud, "local", "recsys").team_account(now()));
        assert_fair(admitted, &team_account);
    }
}

#[test]
fn a_reservation_of_a_dead_process_is_returned_once_the_lease_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = local(folder.path());
    let teller = Teller::new(&cloud, "local", "recsys");
    assert!(wait(teller.ask(1)));
    // A cluster may not be listed yet.
    let soon = wait(teller.team_account(now() + TimeDelta::minutes(9)));
    assert_eq!(soon.reservations.len(), 1);
    let later = now() + TimeDelta::minutes(10);
    // The holder of the lease may be about to create it.
    let locks = folder.path().join("local/.locks");
    std::fs::create_dir_all(&locks).unwrap();
    let lock = std::fs::File::create(locks.join("stack-1")).unwrap();
    lock.lock().unwrap();
    assert_eq!(wait(teller.team_account(later)).reservations.len(), 1);
    drop(lock);
    assert_eq!(wait(teller.team_account(later)).reservations.len(), 0);
}

#[test]
fn an_unreadable_account_admits_nothing_and_is_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let (cloud, policy) = (local(folder.path()), policy());
    let teller = Teller::new(&cloud, "local", "recsys");
    assert!(wait(teller.ask(1)));
    let file = folder.path().join("teams/recsys.json");
    let good = std::fs::read_to_string(&file).unwrap();
    assert!(good.contains("\"target\":\"local\""), "{good}");
    let of = |place: &str| good.replace("\"local\"", &format!("\"{place}\""));
    let texts = ["", "{", "{\"version\":2}", "[]"].map(str::to_owned);
    let of_no_place = ["", "here", "Local", "us-east"].map(of);
    for text in texts.into_iter().chain(of_no_place) {
        std::fs::write(&file, &text).unwrap();
        let asked = reservation(2, "local", now());
        let budgets = budget(&policy);
        let account_store = teller.account_store(now());
        let refused = wait(account_store.admit(&budgets, &asked, |all| all, now())).unwrap_err();
        let message = refused.to_string();
        assert!(
            message.contains("the account of team recsys cannot be read"),
            "{message}"
        );
        assert!(!refused.hints.is_empty());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

/// The cluster of the first stack's promise, as it was seen.
fn record(team: &str, at: DateTime<Utc>) -> Record {
    let reservation = reservation(1, "local", now());
    Record {
        place: "local".parse().unwrap(),
        account: None,
        id: "c-1".parse().unwrap(),
        stack: reservation.stack,
        team: Some(team.parse().unwrap()),
        owner: None,
        state: ClusterState::Running,
        created_at: now(),
        ready_at: Some(now()),
        ended_at: None,
        end: None,
        rates: Some(reservation.ask.rates),
        instance_spans: reservation.ask.instance_spans,
        steps: Vec::new(),
        ends_by: Some(reservation.ask.ends_by),
        overridden: None,
        accounts: Vec::new(),
        worst_spans: Vec::new(),
        estimated: false,
        slots: None,
        attempts: BTreeMap::new(),
        paces: BTreeMap::new(),
        seen_at: at,
    }
}

fn reckoned(team_account: &mut TeamAccount, record: &Record, at: DateTime<Utc>) -> usize {
    team_account.reconcile(
        &scope("local"),
        std::slice::from_ref(record),
        &[].into(),
        at,
    );
    team_account.reservations.len()
}

fn team_account() -> TeamAccount {
    let mut team_account = TeamAccount::new("recsys".parse().unwrap());
    team_account.reservation(reservation(1, "local", now()));
    team_account
}

#[test]
fn an_old_listing_returns_no_reservation() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = local(folder.path());
    let teller = Teller::new(&cloud, "local", "recsys");
    assert!(wait(teller.ask(1)));
    // Somebody thought for an hour about whether to go on; the other's cluster lives meanwhile.
    let (policy, late) = (policy(), now() + TimeDelta::hours(1));
    let (account_store, asked) = (teller.account_store(now()), reservation(2, "local", late));
    let budgets = budget(&policy);
    wait(account_store.admit(&budgets, &asked, |all| all, late)).unwrap();
    assert_eq!(wait(account_store.read()).unwrap().reservations.len(), 2);
}

#[test]
fn a_growth_that_is_not_listed_yet_stays_reserved() {
    let mut team_account = team_account();
    let (soon, later) = (
        now() + TimeDelta::minutes(1),
        now() + TimeDelta::minutes(20),
    );
    assert_eq!(
        reckoned(&mut team_account, &record("recsys", soon), soon),
        1
    );
    let mut growth = team_account.reservations["c-1"].clone();
    growth.at = soon;
    growth.ask.ends_by += TimeDelta::hours(5);
    team_account.reservation(growth.clone());
    reckoned(&mut team_account, &record("recsys", soon), soon);
    assert_eq!(team_account.reservations["c-1"].ask, growth.ask);
    // It never came.
    reckoned(&mut team_account, &record("recsys", later), later);
    assert!(team_account.reservations["c-1"].ask.ends_by < growth.ask.ends_by);
}

#[test]
fn a_late_listing_does_not_reopen_an_ended_cluster() {
    let (mut team_account, soon) = (team_account(), now() + TimeDelta::minutes(20));
    let mut over = record("recsys", soon);
    (over.state, over.ended_at) = (ClusterState::Terminated, Some(soon));
    over.instance_spans[0].until = Some(soon);
    assert_eq!(reckoned(&mut team_account, &over, soon), 0);
    assert_eq!(
        reckoned(&mut team_account, &record("recsys", now()), soon),
        0
    );
    assert_eq!(team_account.settled_records().count(), 1);
}

#[test]
fn a_cluster_is_in_the_account_of_one_team() {
    let (mut team_account, later) = (team_account(), now() + TimeDelta::minutes(20));
    assert_eq!(
        reckoned(&mut team_account, &record("recsys", later), later),
        1
    );
    assert_eq!(reckoned(&mut team_account, &record("ads", later), later), 0);
}

#[test]
fn a_live_cluster_listed_smaller_keeps_its_reservation() {
    let (mut team_account, later) = (team_account(), now() + TimeDelta::minutes(20));
    let mut bare = record("recsys", later);
    bare.ends_by = None;
    assert_eq!(reckoned(&mut team_account, &bare, later), 1);
    assert!(team_account.reservations.contains_key("c-1"));
}
