//! How many calls an apply and a plan take: EMR allows an account about one in two seconds.

use crate::process::Process;
use crate::{run, say};
use clusterup::cloud::Planning;
use clusterup::model::event::NoListener;
use clusterup::text;
use clusterup_testkit::sim::{Settings, Sim};
use std::fs;

const STACK: &str = "\
stack: movies
region: us-east-1
team: recsys
key_pairs: [{ name: spark }]
security_groups: [{ name: spark-ssh, ingress: [{ port: 22, from: caller }] }]
data: { ratings: { path: ratings.dat }, films: { path: films.dat } }
cluster:
  release: emr-7.x
  size: 3 x m5.xlarge
  key_pair: spark
  security_groups: [spark-ssh]
job:
  python_packages: [numpy]
  steps:
    - name: similarities
      script: similarities.py
      args: [\"${data.ratings}\", \"${data.films}\", --out, \"${results}/similar\"]
guardrails: { when_done: DONE }
";

const MOST_TO_APPLY: u64 = 30;
const MOST_TO_PLAN: u64 = 10;

#[test]
fn applying_and_planning_take_few_calls() {
    for done in ["terminate", "keep"] {
        run(counted(done));
    }
}

async fn counted(done: &str) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ratings.dat", "films.dat", "similarities.py"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let text = STACK.replace("DONE", done);
    let stack = text::parse("movies.yaml", &text, folder.path(), &[]).unwrap();
    let sim = Sim::with(1, Settings::default());
    let process = Process::calm(&sim, 1);
    let facts = process
        .account
        .facts(&stack, None, &NoListener)
        .await
        .unwrap();
    let case = crate::request::Case { stack, facts };
    process.detached(&case).await.unwrap();
    let accepted = &sim.census().clusters[0].steps;
    assert_eq!(accepted.len(), 1);
    let applied = process.calls();
    // Scripts, ratings, films, the scripts of the two bootstrap actions, and the folder of event logs.
    let staged = 6;
    assert!(
        applied - staged <= MOST_TO_APPLY,
        "{:#?}",
        process.meter().tallies()
    );

    process.applied(&case).await.unwrap();
    let planner = Process::calm(&sim, 2);
    let facts = planner
        .account
        .facts(&case.stack, None, &NoListener)
        .await
        .unwrap();
    let case = crate::request::Case { facts, ..case };
    let plan = planner.plan(&case).await.unwrap();
    assert!(plan.is_empty(), "{plan:#?}");
    let planned = planner.calls();
    assert!(planned <= MOST_TO_PLAN, "{:#?}", planner.meter().tallies());
    say(&format!(
        "when_done: {done}: {} calls and {staged} uploads to apply, {planned} calls to plan",
        applied - staged
    ));
}
