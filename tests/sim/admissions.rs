//! A team's account in S3, used concurrently by many.

use crate::crowd::{CROWD, Teller, assert_fair, now};
use crate::process::Process;
use crate::seeds::each;
use clusterup_testkit::sim::Sim;
use std::rc::Rc;

const TARGET: &str = "us-east-1";

#[test]
fn concurrent_admissions_stay_within_the_budget() {
    each("admissions", 50, crowd);
}

async fn crowd(seed: u64) {
    let sim = Sim::new(seed);
    let people: Vec<_> = (0..CROWD as u64)
        .map(|number| Process::calm(&sim, seed * 1_000 + number))
        .collect();
    let people = Rc::new(people);
    let ask = |number: usize| {
        let people = Rc::clone(&people);
        tokio::task::spawn_local(async move {
            let cloud = &people[number].account;
            Teller::new(cloud, TARGET, "recsys").ask(number).await
        })
    };
    let all: Vec<_> = (0..CROWD).map(ask).collect();
    let mut admitted = 0;
    for one in all {
        admitted += usize::from(one.await.unwrap());
    }
    let teller = Teller::new(&people[0].account, TARGET, "recsys");
    assert_fair(admitted, &teller.team_account(now()).await);
}
