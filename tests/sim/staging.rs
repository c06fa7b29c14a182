//! A file that is changed between the plan and its upload is noticed, and the object is not used.

use crate::process::Process;
use crate::request::StackRequest;
use crate::{laws, run};
use clusterup::cloud::{Acting, Class};
use clusterup::model::action::Action;
use clusterup::model::desired::Object;
use clusterup::model::event::NoListener;
use clusterup::model::hex::hex;
use clusterup::model::sample::Sampling;
use clusterup_testkit::sim::Sim;
use sha2::{Digest, Sha256};
use std::fs;

/// More than one part.
const LARGE: usize = (16 << 20) + 5;

fn lines(bytes: usize) -> Vec<u8> {
    b"0123456\n".iter().copied().cycle().take(bytes).collect()
}

/// Stages a file that was planned with one content and has another one; how it ends, and whether the
/// object is in the bucket.
async fn staged(
    planned: &[u8],
    content: &[u8],
    sample: Option<Sampling>,
) -> (Option<String>, bool) {
    let sim = Sim::with(7, laws::QUICK);
    let process = Process::calm(&sim, 1);
    let case = StackRequest::plain("t").case();
    let name = &case.stack.name;
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("ratings.dat");
    fs::write(&from, content).unwrap();
    let object = Object {
        key: "data/ratings.dat".to_owned(),
        from,
        bytes: planned.len() as u64,
        sha256: hex(&Sha256::digest(planned)),
        crc32: crc32fast::hash(planned),
        sample,
    };
    let apply = async |action| process.account.apply(name, &action, &NoListener).await;
    apply(Action::CreateBucket).await.unwrap();
    let staged = apply(Action::Stage(vec![object])).await;
    let error = staged.err().map(|error| {
        assert_eq!(error.class, Class::Input, "{error:?}");
        error.message
    });
    let census = sim.census();
    let mut keys = census.buckets.values().flatten();
    let is_there = keys.any(|key| key.ends_with("data/ratings.dat"));
    assert!(census.guards.values().all(|bucket| bucket.uploads == 0));
    (error, is_there)
}

#[test]
fn a_file_that_changes_after_the_plan_is_not_staged() {
    run(async {
        let share = "100%".parse().unwrap();
        let header = true;
        let sampled = Some(Sampling { share, header });
        for (bytes, sample) in [(80, None), (80, sampled), (LARGE, None)] {
            let planned = lines(bytes);
            let other = |at: usize| {
                let mut content = planned.clone();
                content[at] = b'x';
                content
            };
            assert_eq!(staged(&planned, &planned, sample).await, (None, true));
            for (content, what) in [
                (other(0), "its first byte"),
                (other(bytes - 1), "its last byte"),
                (planned[..bytes - 8].to_vec(), "shorter"),
                (lines(bytes + 8), "longer"),
            ] {
                let (error, is_there) = staged(&planned, &content, sample).await;
                let error = error.unwrap_or_else(|| panic!("{bytes} {what} is staged"));
                assert!(
                    error.ends_with("was changed while it was staged"),
                    "{error}"
                );
                assert!(!is_there, "{bytes} {what}");
            }
        }
    });
}
