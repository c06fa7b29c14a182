//! Logs in the bucket: how many calls they take, and that only what is new of them is read again.

use crate::process::Process;
use crate::request::{StackRequest, bucket};
use crate::run;
use clusterup::cloud::{ClusterLogs, LogFile, Logs, MergedLogs, Next, StackLogs, Tail};
use clusterup::diagnose::records::Filter;
use clusterup::model::event::NoListener;
use clusterup::model::name::ClusterId;
use clusterup::run::explain::{Explainer, Failed};
use clusterup_testkit::sim::Sim;
use std::time::Duration;
use tokio::time::Instant;

const STREAMS: [&str; 3] = ["controller", "stderr", "stdout"];

#[test]
fn a_log_takes_one_call_and_its_growth_is_read_once() {
    run(shown());
}

async fn shown() {
    let sim = Sim::new(1);
    let process = Process::calm(&sim, 1);
    let request = StackRequest {
        scripts: vec![0],
        ..StackRequest::plain("t")
    };
    let case = request.case();
    process.applied(&case).await.unwrap();
    let stack = &case.stack.name;
    assert_eq!(process.account.logs(stack).await.unwrap(), None);
    let cluster = sim.census().clusters[0].clone();
    let bucket = bucket();
    let folder = format!("work/{stack}/logs/{}/steps/s-1", cluster.id);
    for stream in STREAMS {
        let text = format!("26/11/21 04:55:07 INFO A: {stream}\n");
        assert!(sim.put_object(&bucket, &format!("{folder}/{stream}"), &text));
    }

    let counted = process.calls();
    let found = process.account.logs(stack).await.unwrap().unwrap();
    let StackLogs { cluster: id, names } = found;
    assert_eq!(names.len(), STREAMS.len());
    let listed = process.calls() - counted;
    // The stack's notes, the folder of the logs, and the cluster's steps.
    assert_eq!(listed, 3, "{:#?}", process.meter().tallies());
    let files = process
        .account
        .fetch(&id, &names, &NoListener)
        .await
        .unwrap();
    assert_eq!(process.calls() - counted - listed, STREAMS.len() as u64);

    let (texts, tails) = read(files, vec![Tail::default(); STREAMS.len()]);
    assert_eq!(texts.len(), STREAMS.len(), "{texts:?}");
    let grown = "26/11/21 04:55:07 INFO A: controller\n26/11/21 04:55:08 INFO A: more\n";
    assert!(sim.put_object(&bucket, &format!("{folder}/controller"), grown));
    let versions = process.account.logs_of(&id).await.unwrap().unwrap().logs;
    let controller = versions.keys().find(|name| name.ends_with("controller"));
    let files = process
        .account
        .fetch(&id, &[controller.unwrap().clone()], &NoListener)
        .await;
    let (texts, _) = read(files.unwrap(), tails[..1].to_vec());
    assert_eq!(texts, ["26/11/21 04:55:08 INFO A: more"]);
}

#[test]
fn a_listing_is_bounded_and_has_the_logs_of_steps() {
    run(bounded());
}

async fn bounded() {
    let sim = Sim::new(1);
    let process = Process::calm(&sim, 1);
    let request = StackRequest {
        scripts: vec![0],
        ..StackRequest::plain("t")
    };
    let case = request.case();
    process.applied(&case).await.unwrap();
    let id = sim.census().clusters[0].id.parse().unwrap();
    let bucket = bucket();
    let folder = format!("work/{}/logs/{id}", case.stack.name);
    for number in 0..=100_000 {
        assert!(sim.put_object(
            &bucket,
            &format!("{folder}/containers/a/{number}/stderr"),
            ""
        ));
    }
    assert!(sim.put_object(&bucket, &format!("{folder}/steps/s-1/stderr"), ""));
    let counted = process.calls();
    let logs = process.account.logs_of(&id).await.unwrap().unwrap().logs;
    assert_eq!(logs.len(), 100_001);
    assert!(logs.keys().any(|name| name.starts_with("steps/")));
    assert!(process.account.stored_logs().unwrap().is_cut);
    // A thousand logs take one call.
    assert!(process.calls() - counted <= 103);
}

#[test]
fn a_failure_is_explained_within_a_second_of_its_last_log() {
    // A step that failed, and one that did not, of which logs may be missing.
    run(explained(true));
    run(explained(false));
}

async fn explained(fails: bool) {
    let sim = Sim::new(1);
    let process = Process::calm(&sim, 1);
    let request = StackRequest {
        scripts: vec![0],
        ..StackRequest::plain("t")
    };
    if fails {
        sim.fail_step("one");
    }
    let case = request.case();
    process.applied(&case).await.unwrap();
    let id: ClusterId = sim.census().clusters[0].id.parse().unwrap();
    let explainer = Explainer {
        cloud: &process.account,
        id: &id,
        job: None,
        has_spot: false,
        waits: Some(&NoListener),
    };
    // The name that the listing gives to the step's folder: the step's id is random here.
    let folder = format!("work/{}/logs/{id}/steps/01-one", case.stack.name);
    let uploads = async {
        // The logs of nodes come one after another. They do not end the wait.
        for node in 0..20 {
            tokio::time::sleep(Duration::from_millis(3_100)).await;
            let name = format!(
                "work/{}/logs/{id}/node/i-{node}/daemons/log",
                case.stack.name
            );
            assert!(sim.put_object(&bucket(), &name, "a"));
        }
        let exit = "INFO waitProcessCompletion ended with exit code 1 : hadoop jar";
        for (stream, text) in [
            ("controller", exit),
            ("stderr", "26/11/21 04:55:07 INFO A: b"),
            (
                "stdout",
                "Traceback (most recent call last):\nKeyError: 'a'",
            ),
        ] {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            assert!(sim.put_object(&bucket(), &format!("{folder}/{stream}"), text));
        }
        Instant::now()
    };
    let explained = async {
        let explained = explainer.explain(Failed::Step(0)).await.unwrap().unwrap();
        (explained, Instant::now())
    };
    let (uploaded, (explained, at)) = tokio::join!(uploads, explained);
    let log = |stream: &str| explained.searched.iter().any(|name| name.ends_with(stream));
    assert!(STREAMS.iter().all(|stream| log(stream)), "{explained:?}");
    let late = at - uploaded;
    assert!(late <= Duration::from_millis(1_200), "{late:?}");
}

fn read(files: Vec<LogFile>, tails: Vec<Tail>) -> (Vec<String>, Vec<Tail>) {
    let logs = files.into_iter().zip(tails).collect();
    let mut merged = MergedLogs::read(logs, &Filter::default(), true).unwrap();
    let mut texts = Vec::new();
    loop {
        match merged.next_read() {
            Next::Record(_, record) => texts.push(record.text),
            Next::Unread => assert!(merged.wait(Duration::from_secs(9))),
            Next::End => break,
        }
    }
    let tails = merged.finish().into_iter().map(|ended| ended.tail);
    (texts, tails.collect())
}
