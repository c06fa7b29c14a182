//! Objects that others write into the bucket: none is downloaded outside the results folder, and
//! none that clusterup reads stops or misleads it.

use crate::process::Process;
use crate::request::{StackRequest, bucket};
use crate::room::{Room, files, results, stack};
use crate::row::{Kind, Never, Row, table};
use crate::run;
use clusterup::cloud::Acting;
use clusterup::cloud::api::Serve;
use clusterup::cloud::api::s3::CreateBucket;
use clusterup::model::action::Action;
use clusterup::model::event::{Event, Listener};
use clusterup::model::shown;
use clusterup_testkit::sim::{Settings, Sim};
use std::cell::RefCell;
use std::time::Duration;

pub(crate) fn rows() -> Vec<Row> {
    let (long, million) = ("x".repeat(300), "x/".repeat(500_000));
    let huge = "x".repeat(2 << 20);
    [
        table(
            Kind::Objects,
            Never::Lost,
            comes_home,
            &[
                ("a key that leads up", "../others/thesis.tex"),
                (
                    "a key that leads up from below",
                    "similar/../../others/thesis.tex",
                ),
                (
                    "a key that leads up further",
                    "../../../../../../../../tmp/clusterup-hostile",
                ),
                ("a key that is absolute", "/tmp/clusterup-hostile"),
                ("a key that is above", ".."),
                ("a key that is here", "."),
                ("a key of an empty name", "a//b"),
                ("a key with a NUL", "a\0b"),
                ("a key that is our marker", ".clusterup.json"),
                ("a key that is our marker in capitals", ".CLUSTERUP.JSON"),
                ("a key of what is not whole", ".clusterup.partial.0/x"),
                ("a key of what is kept", ".clusterup.kept.1/similar"),
                ("a key that is a file and a folder", "similar"),
                ("a key that is the user's file", "mine.txt"),
                ("a key below the user's file", "mine.txt/x"),
                ("a key with backslashes", "a\\..\\..\\others"),
                ("a key of control characters", "a\u{1}b\u{1b}[2J"),
                ("a key that turns around", "a\u{202e}vsc.b"),
                ("a key of two lines", "a\nb: deleted"),
                ("a key that is an option", "-rf"),
                ("a key that is Hadoop's folder", "a_$folder$"),
            ],
        ),
        table(
            Kind::Objects,
            Never::Lost,
            comes_home,
            &[("a key of a long name", long), ("a key of 1 MB", million)],
        ),
        table(
            Kind::Objects,
            Never::Ended,
            lies_there,
            &[
                (
                    "an intent that says nothing",
                    "stacks/t/intents/00ff.json={}".to_owned(),
                ),
                (
                    "an intent that breaks off",
                    "stacks/t/intents/00ff.json={".to_owned(),
                ),
                (
                    "an intent of a path",
                    "stacks/t/intents/../../x.json={}".to_owned(),
                ),
                (
                    "an intent of 2 MiB",
                    format!("stacks/t/intents/00ff.json={huge}"),
                ),
                ("a note of a path", "stacks/t/clusters/../u=".to_owned()),
                (
                    "a note of no cluster",
                    "stacks/t/clusters/j-1\n=".to_owned(),
                ),
                (
                    "an origin of 2 MiB",
                    format!("stacks/t/.clusterup.json={huge}"),
                ),
                ("a run of a path", "stacks/t/runs/../x=".to_owned()),
            ],
        ),
    ]
    .concat()
}

#[derive(Default)]
struct Heard(RefCell<Vec<String>>);

impl Listener for Heard {
    fn on_event(&self, event: &Event) {
        if let Event::Warning { what, .. } = event {
            self.0.borrow_mut().push(what.clone());
        }
    }
}

/// An object of a run's results, and a good one beside it.
fn comes_home(name: &str) {
    let room = Room::new();
    let before = room.outside();
    let heard = Heard::default();
    let brought = run(async {
        let sim = Sim::with(1, Settings::USUAL);
        let (name_of, region) = (bucket(), "us-east-1".to_owned());
        let call = CreateBucket {
            name: name_of,
            region,
        };
        sim.serve(call).await.unwrap();
        let below = "work/t/results/x/";
        sim.put_object(&bucket(), &format!("{below}similar/part-0.csv"), "good 2");
        sim.put_object(&bucket(), &format!("{below}{name}"), "forged");
        let process = Process::calm(&sim, 1);
        let action = Action::BringHome(results(2, room.at("home")));
        process.account.apply(&stack(), &action, &heard).await
    });
    room.nothing_is_lost();
    assert_eq!(room.outside(), before);
    assert!(!std::path::Path::new("/tmp/clusterup-hostile").exists());
    let marker = std::fs::read_to_string(room.at("home/.clusterup.json")).unwrap();
    assert!(!marker.contains("forged"));
    // What did not come is said in a line, and what is in the way is not replaced.
    for what in heard.0.borrow().iter() {
        assert!(what.chars().all(shown::is_plain), "{what:?}");
    }
    let came = files(&room.at("home"))
        .iter()
        .any(|(_, text)| text == b"forged");
    let left_out = |what: &String| what.contains("not downloaded");
    let message = heard.0.borrow().iter().any(left_out) || brought.is_err();
    assert!(came || message, "it is reported");
}

/// An object among those that clusterup keeps: the stack's cluster stays the one that it has.
fn lies_there(object: &str) {
    let (key, text) = object.split_once('=').unwrap();
    run(async {
        let sim = Sim::with(2, Settings::USUAL);
        let request = StackRequest {
            keep: true,
            idle_minutes: 400,
            ..StackRequest::plain("t")
        };
        let case = request.case();
        Process::calm(&sim, 1).detached(&case).await.unwrap();
        tokio::time::sleep(Duration::from_secs(900)).await;
        sim.put_object(&bucket(), key, text);
        let again = Process::calm(&sim, 2).detached(&case).await;
        assert!(
            again.is_ok(),
            "{}",
            again.err().map(|it| it.to_string()).unwrap_or_default()
        );
        let clusters = sim.census().clusters;
        assert_eq!(clusters.len(), 1, "no other is made");
        assert!(clusters[0].state.is_live());
    });
}
