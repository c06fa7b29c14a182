//! What a log of calls has, and what it never has.

use crate::cloud::api::emr::{BootstrapAction, NewStep, OnFailure, RunJobFlow, TerminateJobFlows};
use crate::cloud::api::network::Network;
use crate::cloud::api::s3::{Body, Bucket, Condition, PutBucketPolicy, PutObject};
use crate::cloud::api::scheduler::{CreateSchedule, Schedule};
use crate::cloud::api::sns::Publish;
use crate::cloud::api::{ApiError, Call, Kind, Serve};
use crate::cloud::meter::Metered;
use crate::cloud::retry::Retrying;
use crate::model::configurations::Configurations;
use crate::model::step_command::StepCommand;
use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::filter::LevelFilter;

/// What no log may have.
const PLANTED: &str = "planted-5d41402a";

/// Answers with these, one after the other, and then well.
struct Answers(RefCell<Vec<(Kind, &'static str)>>);

impl<C: Call> Serve<C> for Answers
where
    C::Reply: Default,
{
    async fn serve(&self, _: C) -> Result<C::Reply, ApiError> {
        tokio::time::sleep(Duration::from_millis(7)).await;
        let mut left = self.0.borrow_mut();
        if left.is_empty() {
            return Ok(C::Reply::default());
        }
        let (kind, code) = left.remove(0);
        Err(ApiError {
            call: C::NAME,
            kind,
            code: (!code.is_empty()).then(|| code.to_owned()),
            message: format!("the canonical string is {PLANTED}"),
            cause: None,
        })
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines that a call leaves, without their times.
async fn logged<C: Call>(
    level: LevelFilter,
    call: C,
    answers: &[(Kind, &'static str)],
) -> Vec<String>
where
    C::Reply: Default,
{
    let log = Log::default();
    let to = log.clone();
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .without_time()
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    let region = "us-east-1".parse().unwrap();
    let metered = Metered::new(Answers(RefCell::new(answers.to_vec()))).of(&region);
    let retrying = Retrying::new(metered, 3);
    let _ = retrying.serve(call).with_subscriber(lines).await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    text.lines()
        .map(|line| line.trim_start().to_owned())
        .collect()
}

fn terminate() -> TerminateJobFlows {
    TerminateJobFlows {
        ids: vec!["j-1".to_owned(), "j-2".to_owned()],
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_line_with_its_outcome() {
    let answers = [
        (Kind::Throttled, "ThrottlingException"),
        (Kind::OutcomeUnknown, ""),
    ];
    let lines = logged(LevelFilter::DEBUG, terminate(), &answers).await;
    let name = "elasticmapreduce:TerminateJobFlows";
    let outcome = |attempt: u32, outcome: &str| {
        format!(
            "DEBUG call{{attempt={attempt}}}: clusterup::aws: {name}: {outcome} in 7 ms \
             region=\"us-east-1\""
        )
    };
    let outcomes: Vec<_> = lines
        .iter()
        .filter(|line| line.contains(" in 7 ms"))
        .collect();
    let due = [
        outcome(1, "Throttled (ThrottlingException)"),
        outcome(2, "OutcomeUnknown (no code)"),
        outcome(3, "ok"),
    ];
    assert_eq!(outcomes, due.iter().collect::<Vec<_>>());
    assert!(
        lines[1].contains(&format!("{name}: attempt 2 of 8 in ")),
        "{lines:#?}"
    );
    assert!(
        lines[3].contains(&format!("{name}: attempt 3 of 5 in ")),
        "{lines:#?}"
    );
    assert_eq!(lines.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn names_and_ids_are_shown_when_asked_for_and_nothing_when_not() {
    let lines = logged(LevelFilter::TRACE, terminate(), &[]).await;
    let due = "TRACE call{attempt=1}: clusterup::aws: elasticmapreduce:TerminateJobFlows \
               ids=j-1,j-2 region=\"us-east-1\"";
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(lines[0], due);
    let lines = logged(LevelFilter::DEBUG, terminate(), &[]).await;
    assert!(!lines.concat().contains("j-1"), "{lines:#?}");
    let lines = logged(LevelFilter::INFO, terminate(), &[(Kind::Denied, "")]).await;
    assert_eq!(lines, [""; 0]);
}

/// The log of a call that contains users' values.
async fn keeps_to_itself<C: Call>(call: C, shows: &str)
where
    C::Reply: Default,
{
    assert!(format!("{call:?}").contains(PLANTED), "nothing was planted");
    for kind in [Kind::Denied, Kind::Unauthenticated, Kind::OutcomeUnknown] {
        let answers = [(kind, "SignatureDoesNotMatch")];
        let lines = logged(LevelFilter::TRACE, call.clone(), &answers).await;
        let text = lines.join("\n");
        assert!(text.contains(shows), "{text}");
        assert!(text.contains("(SignatureDoesNotMatch)"), "{text}");
        assert!(!text.contains(PLANTED), "{text}");
    }
}

fn bucket() -> Bucket {
    Bucket {
        name: "b".to_owned(),
        owner: None,
    }
}

/// A cluster with something planted wherever its owner may write.
fn cluster() -> RunJobFlow {
    let planted = || PLANTED.to_owned();
    let tags = || [("token".to_owned(), planted())].into();
    let mut configurations = Configurations::default();
    configurations.set(&["spark-env", PLANTED], PLANTED, PLANTED);
    RunJobFlow {
        name: "movies".to_owned(),
        release: "emr-7.1.0".to_owned(),
        applications: vec![planted()],
        log_uri: planted(),
        service_role: planted(),
        instance_profile: planted(),
        groups: Vec::new(),
        key_pair: Some(planted()),
        fleets: Vec::new(),
        scaling: None,
        network: Network {
            one_of: Vec::new(),
            subnet: Some(planted()),
            managed: None,
            groups: vec![planted()],
            core_groups: vec![planted()],
            zone: Some(planted()),
        },
        root_volume: None,
        protected: false,
        idle_timeout: None,
        keep_alive: false,
        step_concurrency: 1,
        settings: Default::default(),
        configurations,
        bootstrap: vec![BootstrapAction {
            name: planted(),
            script: planted(),
            args: vec![planted()],
        }],
        steps: vec![NewStep {
            name: planted(),
            on_failure: OnFailure::CancelAndWait,
            command: StepCommand::program(vec![planted()]),
        }],
        tags: tags(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_users_put_into_a_call_is_not_logged() {
    let mut ids = terminate();
    ids.ids.push(PLANTED.to_owned());
    let shown = logged(LevelFilter::TRACE, ids, &[]).await;
    assert!(shown.concat().contains(PLANTED), "the test sees nothing");

    let planted = || PLANTED.to_owned();
    keeps_to_itself(
        PutObject {
            bucket: bucket(),
            key: "k".to_owned(),
            body: Body::File(PLANTED.into(), None),
            condition: Condition::Unchanged(planted()),
        },
        "bucket=b key=k",
    )
    .await;
    let document = planted();
    let bucket = bucket();
    keeps_to_itself(PutBucketPolicy { bucket, document }, "bucket=b").await;
    let topic = "arn:aws:sns:1".to_owned();
    let subject = planted();
    let message = planted();
    let publish = Publish {
        topic,
        subject,
        message,
    };
    keeps_to_itself(publish, "topic=arn:aws:sns:1").await;
    let schedule = Schedule {
        name: "end-j-1".to_owned(),
        at: chrono::DateTime::UNIX_EPOCH,
        target: planted(),
        role: planted(),
        input: planted(),
    };
    keeps_to_itself(CreateSchedule(schedule), "schedule=end-j-1").await;
}

#[tokio::test(start_paused = true)]
async fn the_name_and_release_of_a_new_cluster_are_logged() {
    let mut names = crate::cloud::api::Names::default();
    cluster().names(&mut names);
    assert!(format!("{:?}", cluster()).matches(PLANTED).count() > 10);
    assert_eq!(names.to_string(), "name=movies release=emr-7.1.0");
}
