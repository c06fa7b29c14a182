//! A team's policies in S3 if AWS is reachable, unreachable, or denies access.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::Class;
use clusterup::cloud::api::Serve;
use clusterup::cloud::api::s3::{Body, Bucket, Condition, CreateBucket, PutObject};
use clusterup::cloud::policy_prefix::Prefix;
use clusterup_testkit::flaky::{Fault, Flaky};
use clusterup_testkit::sim::Sim;

const PLACE: &str = "s3://ours/spark";

fn at() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

async fn put(sim: &Sim, key: &str, text: &[u8]) {
    let bucket = Bucket {
        name: "ours".to_owned(),
        owner: None,
    };
    let put = PutObject {
        bucket,
        key: key.to_owned(),
        body: Body::Bytes(text.to_vec()),
        condition: Condition::Always,
    };
    sim.serve(put).await.unwrap();
}

async fn bucket(sim: &Sim) {
    let (name, region) = ("ours".to_owned(), "us-east-1".to_owned());
    sim.serve(CreateBucket { name, region }).await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_copy_replaces_unreachable_policies_for_a_day() {
    let (cache, sim) = (tempfile::tempdir().unwrap(), Sim::new(1));
    let prefix = Prefix::parse(PLACE).unwrap();
    bucket(&sim).await;
    put(&sim, "spark/a.yaml", b"policy: a\n").await;
    let away = Flaky::new(sim.clone(), |_| Some(Fault::Unsent));
    // There is no copy yet.
    let none = prefix.read(&away, cache.path(), at()).await.unwrap_err();
    assert_eq!(none.class, Class::Unreachable);
    let found = prefix.read(&sim, cache.path(), at()).await.unwrap();
    assert_eq!(found.stale, None);

    let day = at() + TimeDelta::hours(24);
    let stale = prefix.read(&away, cache.path(), day).await.unwrap();
    assert_eq!(stale.stale, Some(at()));
    assert_eq!(stale.files, found.files);
    let late = day + TimeDelta::seconds(1);
    let late = prefix.read(&away, cache.path(), late).await.unwrap_err();
    assert_eq!(late.class, Class::Unreachable);
    // Nor does it stand for another prefix.
    let other = Prefix::parse("s3://ours/other").unwrap();
    assert!(other.read(&away, cache.path(), at()).await.is_err());

    // What is reached is believed: that there is nothing, or that it is no text.
    put(&sim, "spark/b.yaml", b"\xff").await;
    let text = prefix.read(&sim, cache.path(), at()).await.unwrap_err();
    assert_eq!(text.class, Class::Input);
    let empty = other.read(&sim, cache.path(), at()).await.unwrap();
    assert!(empty.files.is_empty());
    let gone = prefix.read(&Sim::new(2), cache.path(), at()).await;
    assert_eq!(gone.unwrap_err().class, Class::Failed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_damaged_copy_is_ignored() {
    let (cache, sim) = (tempfile::tempdir().unwrap(), Sim::new(1));
    let prefix = Prefix::parse(PLACE).unwrap();
    bucket(&sim).await;
    put(&sim, "spark/a.yaml", b"policy: a\n").await;
    prefix.read(&sim, cache.path(), at()).await.unwrap();
    let away = Flaky::new(sim, |_| Some(Fault::Unsent));
    for entry in std::fs::read_dir(cache.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), "{").unwrap();
    }
    assert!(prefix.read(&away, cache.path(), at()).await.is_err());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_policies_of_the_prefix_itself_are_read() {
    let (cache, sim) = (tempfile::tempdir().unwrap(), Sim::new(1));
    bucket(&sim).await;
    for key in [
        "spark/a.yaml",
        "spark/B.YML",
        "spark/tests/c.yaml",
        "spark/d.md",
        "sparks.yaml",
    ] {
        put(&sim, key, b"policy: a\n").await;
    }
    let prefix = Prefix::parse(&format!("{PLACE}//")).unwrap();
    let found = prefix.read(&sim, cache.path(), at()).await.unwrap();
    let names: Vec<&str> = found.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["s3://ours/spark/B.YML", "s3://ours/spark/a.yaml"]);
    for wrong in ["s3://", "s3:///spark", "ours/spark"] {
        assert!(Prefix::parse(wrong).is_err(), "{wrong}");
    }
}
