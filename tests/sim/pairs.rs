//! Two processes on one stack: one works, the other waits, and a dead one blocks briefly.

use crate::process::Process;
use crate::request::StackRequest;
use crate::seeds::{any, each};
use crate::{laws, oracle};
use clusterup::cloud::Leasing;
use clusterup::cloud::rng::Rng;
use clusterup::model::clock::Clock;
use clusterup::model::event::NoListener;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::Sim;
use std::time::Duration;
use tokio::time::{Instant, sleep};

fn request(rng: &Rng) -> StackRequest {
    StackRequest {
        keep: rng.percent(50),
        packages: rng.percent(50),
        scripts: vec![0, 1],
        ..StackRequest::plain("t")
    }
}

#[test]
fn two_applies_create_one_cluster_and_one_run() {
    each("two at once", 60, together);
}

pub(crate) async fn together(seed: u64) {
    let rng = Rng::new(seed);
    let sim = Sim::with(rng.next(), laws::QUICK);
    let request = request(&rng);
    let case = request.case();
    // A slow one keeps its lock for minutes.
    let (slow, chance) = (any(&rng, &[0, 20]), Rng::new(rng.next()));
    let one = Process::new(&sim, "ann@desk", rng.next(), move |_| {
        let by = chance.up_to(Duration::from_secs(20));
        chance.percent(slow).then_some(Fault::Slow(by))
    });
    let other = Process::calm(&sim, rng.next());
    let later = rng.up_to(Duration::from_secs(3));
    let (first, second) = tokio::join!(one.applied(&case), async {
        sleep(later).await;
        other.applied(&case).await
    });
    first.unwrap();
    second.unwrap();
    oracle::agrees(&sim.census(), &request);
    oracle::one_cluster_one_run(&sim.census(), &request);
}

/// S3 answers a request for a bucket that its account already has as if it had created it. Who asks
/// second finds the cluster of the first, which EMR does not list yet, by its note.
#[test]
fn a_bucket_that_another_created_a_moment_earlier_is_not_new() {
    each("another's bucket", 6, |seed| async move {
        let sim = Sim::with(seed, laws::QUICK);
        let case = StackRequest::plain("t").case();
        let slow = Process::new(&sim, "ann@desk", 2, |moment| {
            let asks = moment.call == "s3:CreateBucket";
            asks.then_some(Fault::Slow(Duration::from_millis(3_150)))
        });
        let other = Process::calm(&sim, 3);
        let (first, second) = tokio::join!(slow.applied(&case), async {
            sleep(Duration::from_millis(2_700)).await;
            other.applied(&case).await
        });
        first.unwrap();
        second.unwrap();
        oracle::one_cluster_one_run(&sim.census(), &StackRequest::plain("t"));
    });
}

/// A lease, a look at it now and then, and what became of a call in doubt.
const LEASE: Duration = Duration::from_secs(60 + 6);
const DOUBT: Duration = Duration::from_secs(90 + 15);

#[test]
fn a_dead_holder_blocks_until_its_lease_expires() {
    each("a dead holder", 60, widowed);
}

pub(crate) async fn widowed(seed: u64) {
    let rng = Rng::new(seed);
    let sim = Sim::with(rng.next(), laws::QUICK);
    let request = request(&rng);
    let case = request.case();
    let death = 1 + rng.below(40);
    let one = Process::new(&sim, "ann@desk", rng.next(), move |moment| {
        (moment.number == death).then_some(Fault::DieAfter)
    });
    drop(one.until_death(one.detached(&case)).await);
    let other = Process::calm(&sim, rng.next());
    let census = sim.census();
    let left = oracle::left(&census, &request);
    let doubts = left.iter().any(|key| key.contains("/intents/"));
    let begun = Instant::now();
    let lease = other
        .account
        .lease(&case.stack.name, &NoListener)
        .await
        .unwrap();
    let most = if doubts { LEASE + DOUBT } else { LEASE };
    assert!(begun.elapsed() <= most, "{:?}", begun.elapsed());
    lease.release().await.unwrap();
    other.applied(&case).await.unwrap();
    oracle::agrees(&sim.census(), &request);
    oracle::one_cluster_one_run(&sim.census(), &request);
}

#[test]
fn a_cluster_whose_creation_got_no_answer_is_the_only_one() {
    each("no answer", 60, unanswered);
}

/// The request for a cluster is carried out, and its answer is lost or its sender dies. At once, while EMR
/// does not list the cluster yet, somebody applies again.
pub(crate) async fn unanswered(seed: u64) {
    let rng = Rng::new(seed);
    let sim = Sim::with(rng.next(), laws::QUICK);
    let mut request = request(&rng);
    if rng.percent(50) {
        let beside = StackRequest {
            keep: true,
            ..StackRequest::plain("t-two")
        };
        let process = Process::calm(&sim, rng.next());
        process.detached(&beside.case()).await.unwrap();
    }
    // A stack that has notes of earlier clusters trusts no tags.
    let earlier = usize::from(rng.percent(50));
    if earlier > 0 {
        let process = Process::calm(&sim, rng.next());
        process.applied(&request.case()).await.unwrap();
        for cluster in oracle::of(&sim.census(), &request) {
            sim.end_cluster(&cluster.id, "USER_REQUEST", "");
        }
        sleep(Duration::from_secs(900)).await;
        request.scripts = vec![1, 1];
    }
    let case = request.case();
    let fault = any(&rng, &[Fault::Lost, Fault::DieAfter]);
    let mut is_first = true;
    let one = Process::new(&sim, "ann@desk", rng.next(), move |moment| {
        let hits = is_first && moment.call == "elasticmapreduce:RunJobFlow";
        is_first &= !hits;
        hits.then_some(fault)
    });
    drop(one.until_death(one.detached(&case)).await);
    drop(one);
    sleep(rng.up_to(Duration::from_secs(5))).await;
    let other = Process::calm(&sim, rng.next());
    other.applied(&case).await.unwrap();
    oracle::agrees(&sim.census(), &request);
    let census = sim.census();
    assert_eq!(oracle::of(&census, &request).count(), earlier + 1);
    oracle::no_run_twice(&sim.census());
}

#[test]
fn an_apply_that_wakes_up_creates_no_second_cluster() {
    each("asleep", 40, slept);
}

/// A laptop is closed within an apply. Another takes over its lock and applies, and then the first wakes up.
pub(crate) async fn slept(seed: u64) {
    let rng = Rng::new(seed);
    let (calls, nap) = (rng.below(40), Duration::from_secs(60 + rng.below(240)));
    asleep_after(calls, nap, &rng).await;
}

#[test]
fn an_apply_that_wakes_up_when_the_other_is_done_leaves_nothing() {
    each("asleep for long", 40, |calls| async move {
        asleep_after(calls, Duration::from_secs(900), &Rng::new(calls)).await;
    });
}

/// It falls asleep before one of its calls; but not before the request for a cluster, which nothing could hold
/// back any more.
async fn asleep_after(mut calls: u64, nap: Duration, rng: &Rng) {
    let sim = Sim::with(rng.next(), laws::QUICK);
    let request = request(rng);
    let case = request.case();
    let (clock, mut wakes_at) = (sim.clock(), None);
    let one = Process::new(&sim, "ann@laptop", rng.next(), move |moment| {
        let may_sleep = !moment.call.starts_with("elasticmapreduce:");
        if wakes_at.is_none() && may_sleep {
            match calls.checked_sub(1) {
                Some(left) => calls = left,
                None => wakes_at = Some(clock.now() + nap),
            }
        }
        // Its timers stand still meanwhile.
        (clock.now() < wakes_at?).then_some(Fault::Slow(nap))
    });
    let other = Process::calm(&sim, rng.next());
    let later = rng.up_to(Duration::from_secs(3));
    let (_, second) = tokio::join!(one.detached(&case), async {
        sleep(later).await;
        other.applied(&case).await
    });
    second.unwrap();
    oracle::agrees(&sim.census(), &request);
    oracle::one_cluster_one_run(&sim.census(), &request);
}
