//! A team's account in S3, used concurrently, also by processes that die.

use crate::crowd::{CROWD, Teller, assert_fair, now};
use crate::double::Double;
use chrono::TimeDelta;
use clusterup::cloud::Leasing;
use clusterup::cloud::account::{Account, Addresses, Settings};
use clusterup::cloud::aws::Sdk;
use clusterup::cloud::local::runtime::Store;
use clusterup::cost::catalog::Catalog;
use clusterup::model::event::NoListener;
use clusterup::run::clock::SystemClock;
use std::env;
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::LocalSet;

/// `tests/sim/admissions.rs` plays more of them, in less time.
const ROUNDS: usize = 5;
const TARGET: &str = "us-east-1";

/// Runs a part in its own process, because the SDK reads the environment.
#[track_caller]
pub(crate) fn done(double: &Double, part: &str) {
    let mut command = Command::new(env::current_exe().unwrap());
    let name = format!("account_store::part_{part}");
    command.args(["--exact", &name, "--ignored", "--nocapture"]);
    double.env(&mut command);
    let done = command.output().unwrap();
    let message = String::from_utf8_lossy(&done.stdout);
    let wrong = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && message.contains("1 passed"),
        "{message}{wrong}"
    );
}

async fn account(seed: u64) -> Account<Sdk> {
    let folder = env::temp_dir().join(format!("clusterup-account-store-{}", std::process::id()));
    let region = TARGET.parse().unwrap();
    let api = Rc::new(Sdk::connect(&region).await);
    Account::new(
        api,
        Settings {
            region,
            clock: Arc::new(SystemClock),
            who: "somebody@here".to_owned(),
            addresses: Addresses::fixed(Vec::new()),
            keys: folder.join("keys"),
            store: Store::new(folder.join("cache"), None),
            labels: folder.join("labels"),
            prices: Arc::new(Catalog::bundled().clone()),
            home: None,
            poll: Duration::from_secs(1),
            seed,
        },
    )
}

#[test]
fn concurrent_admissions_stay_within_the_budget() {
    done(&Double::start(), "many");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "a part of another"]
async fn part_many() {
    LocalSet::new()
        .run_until(async {
            let mut clouds = Vec::new();
            for seed in 0..CROWD as u64 {
                clouds.push(account(seed).await);
            }
            let clouds: &'static [Account<Sdk>] = clouds.leak();
            for round in 0..ROUNDS {
                let team = format!("team-{round}");
                let ask = |(number, cloud): (usize, &'static Account<Sdk>)| {
                    let team = team.clone();
                    tokio::task::spawn_local(async move {
                        Teller::new(cloud, TARGET, &team).ask(number).await
                    })
                };
                let all: Vec<_> = clouds.iter().enumerate().map(ask).collect();
                let mut admitted = 0;
                for one in all {
                    admitted += usize::from(one.await.unwrap());
                }
                let team_account = Teller::new(&clouds[0], TARGET, &team)
                    .team_account(now())
                    .await;
                assert_fair(admitted, &team_account);
                println!("round {round}: {admitted} of {CROWD}");
            }
        })
        .await;
}

#[test]
fn a_reservation_of_a_dead_process_is_returned_once_the_stack_is_free() {
    let double = Double::start();
    done(&double, "left");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "a part of another"]
async fn part_left() {
    LocalSet::new()
        .run_until(async {
            let cloud = account(1).await;
            let teller = Teller::new(&cloud, TARGET, "recsys");
            assert!(teller.ask(1).await);
            let soon = now() + TimeDelta::minutes(9);
            assert_eq!(teller.team_account(soon).await.reservations.len(), 1);
            let later = now() + TimeDelta::minutes(10);
            let stack = "stack-1".parse().unwrap();
            let lease = cloud.lease(&stack, &NoListener).await.unwrap();
            assert_eq!(teller.team_account(later).await.reservations.len(), 1);
            lease.release().await.unwrap();
            assert_eq!(teller.team_account(later).await.reservations.len(), 0);
            // Deleted objects are gone, not only hidden.
            let account_store = teller.account_store(later);
            account_store.settle(&[], later).await.unwrap();
            assert_eq!(teller.team_account(soon).await.reservations.len(), 0);
        })
        .await;
}
