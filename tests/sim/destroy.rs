//! `destroy` removes everything of its stack, and nothing of other stacks.

use crate::process::Process;
use crate::request::StackRequest;
use crate::seeds::each;
use crate::{laws, mishaps, oracle, run};
use clusterup::cloud::rng::Rng;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::sim::{Settings, Sim};

#[test]
fn destroy_leaves_nothing_after_any_fault() {
    each("destroys", 150, world);
}

pub(crate) async fn world(seed: u64) {
    let rng = Rng::new(seed);
    let sim = Sim::with(rng.next(), laws::QUICK);
    let request = mishaps::any_request(&rng);
    let mut case = request.case();
    case.stack.cluster.termination_protection = rng.percent(30);
    for _ in 0..2 {
        let process = Process::new(&sim, "ann@desk", rng.next(), mishaps::luck(&rng));
        let applied = async {
            if rng.percent(50) {
                process.detached(&case).await.is_ok()
            } else {
                process.applied(&case).await.is_ok()
            }
        };
        process.until_death(applied).await;
        mishaps::happen(&sim, &rng, &request).await;
    }
    for tries in 0.. {
        let process = if tries < 8 {
            Process::new(&sim, "ann@desk", rng.next(), mishaps::luck(&rng))
        } else {
            Process::calm(&sim, rng.next())
        };
        let destroyed = process.until_death(process.destroyed(&case.stack.name));
        match destroyed.await {
            Some(Ok(())) => break,
            done => assert!(tries < 12, "{done:?}"),
        }
    }
    oracle::is_empty(&sim.census());
}

#[test]
fn destroy_leaves_other_stacks_unchanged() {
    run(async {
        let sim = Sim::with(1, Settings::default());
        // A name that begins like the other is the harder neighbour.
        let (one, other) = (StackRequest::plain("t"), StackRequest::plain("t-two"));
        let (one, other) = (
            StackRequest { keep: true, ..one },
            StackRequest {
                keep: true,
                ..other
            },
        );
        for (seed, request) in [(1, &one), (2, &other)] {
            let process = Process::calm(&sim, seed);
            process.applied(&request.case()).await.unwrap();
        }
        oracle::agrees(&sim.census(), &one);
        let process = Process::calm(&sim, 3);
        process.destroyed(&"t".parse().unwrap()).await.unwrap();
        let census = sim.census();
        oracle::agrees(&census, &other);
        oracle::one_cluster_one_run(&census, &other);
        assert_eq!(
            oracle::of(&census, &one)
                .filter(|c| !c.state.is_over())
                .count(),
            0
        );
        assert_eq!(census.key_pairs.len(), 1);
        assert_eq!(census.groups.len(), 1);
        let keys = census.buckets.values().flatten();
        assert!(keys.clone().all(|key| key.contains("/t-two/")), "{keys:?}");
        let process = Process::calm(&sim, 4);
        process.destroyed(&"t-two".parse().unwrap()).await.unwrap();
        oracle::is_empty(&sim.census());
    });
}
