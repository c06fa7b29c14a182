//! Schedules through the SDK, against a server for AWS's requests.

use crate::double::{Double, Schedule};
use chrono::TimeDelta;
use clusterup::cloud::api::scheduler::{
    self, CreateSchedule, DeleteSchedule, GetSchedule, TERMINATE, UpdateSchedule,
};
use clusterup::cloud::api::{Call, Kind, Serve};
use clusterup::cloud::aws::Sdk;
use std::env;
use std::process::Command;

const ROLE: &str = "arn:aws:iam::123456789012:role/clusterup-reaper";
/// A time in the distant future.
const AT: &str = "2125-01-02T03:04:00Z";
const INPUT: &str = r#"{"JobFlowIds":["j-1"]}"#;

#[test]
fn the_sdk_creates_updates_reads_and_deletes_schedules() {
    let double = Double::start();
    asked(&double, "refused");
    double.make_roles(true);
    asked(&double, "made");
    let made = double.schedules();
    assert_eq!(made.len(), 120);
    let wanted = Schedule {
        group: "default".to_owned(),
        name: "end-007".to_owned(),
        at: AT.to_owned(),
        target: TERMINATE.to_owned(),
        input: INPUT.to_owned(),
        role: ROLE.to_owned(),
        after: "DELETE".to_owned(),
        tried: 3_600,
    };
    assert_eq!(made[7], wanted);
    asked(&double, "moved");
    let moved = double.schedules().remove(7);
    let at = "2125-01-02T04:04:00Z".to_owned();
    assert_eq!(moved, Schedule { at, ..wanted });
    asked(&double, "gone");
    assert_eq!(double.schedules(), []);
    double.remove_role("clusterup-reaper");
    asked(&double, "roleless");
}

/// Runs a part in its own process, because the SDK reads the environment.
fn asked(double: &Double, part: &str) {
    let mut command = Command::new(env::current_exe().unwrap());
    let name = format!("schedules::part_{part}");
    command.args(["--exact", &name, "--ignored"]);
    double.env(&mut command);
    let done = command.output().unwrap();
    let message = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && message.contains("1 passed"),
        "{message}"
    );
}

#[test]
#[ignore = "a part of another test"]
fn part_refused() {
    run(async |sdk| refused(sdk).await);
}

#[test]
#[ignore = "a part of another test"]
fn part_made() {
    run(async |sdk| made(sdk).await);
}

#[test]
#[ignore = "a part of another test"]
fn part_moved() {
    run(async |sdk| moved(sdk).await);
}

#[test]
#[ignore = "a part of another test"]
fn part_gone() {
    run(async |sdk| gone(sdk).await);
}

#[test]
#[ignore = "a part of another test"]
fn part_roleless() {
    run(async |sdk| roleless(sdk).await);
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody else can say where AWS is"
)]
fn run(part: impl AsyncFnOnce(&Sdk)) {
    let place = env::var("AWS_ENDPOINT_URL").unwrap_or_default();
    assert!(place.starts_with("http://127.0.0.1:"), "run by itself");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let sdk = Sdk::connect(&"us-east-1".parse().unwrap()).await;
        part(&sdk).await;
    });
}

fn it(number: u32) -> scheduler::Schedule {
    scheduler::Schedule {
        name: format!("end-{number:03}"),
        at: AT.parse().unwrap(),
        target: TERMINATE.to_owned(),
        role: ROLE.to_owned(),
        input: INPUT.to_owned(),
    }
}

fn named(number: u32) -> GetSchedule {
    let name = it(number).name;
    GetSchedule { name }
}

async fn kind<C: Call>(sdk: &Sdk, call: C) -> Kind
where
    Sdk: Serve<C>,
{
    sdk.serve(call).await.unwrap_err().kind
}

/// Fails while the role is missing.
async fn refused(sdk: &Sdk) {
    assert_eq!(sdk.serve(named(0)).await.unwrap(), None);
    roleless(sdk).await;
}

async fn roleless(sdk: &Sdk) {
    let error = sdk.serve(CreateSchedule(it(0))).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message.contains("to assume the role"), "{error}");
}

async fn made(sdk: &Sdk) {
    for number in 0..120 {
        sdk.serve(CreateSchedule(it(number))).await.unwrap();
    }
    assert_eq!(kind(sdk, CreateSchedule(it(7))).await, Kind::Exists);
}

async fn moved(sdk: &Sdk) {
    let old = sdk.serve(named(7)).await.unwrap().unwrap();
    let new = scheduler::Schedule {
        at: old.at + TimeDelta::hours(1),
        ..old
    };
    sdk.serve(UpdateSchedule(new.clone())).await.unwrap();
    assert_eq!(sdk.serve(named(7)).await.unwrap(), Some(new));
}

async fn gone(sdk: &Sdk) {
    // Those that were created, and one that never existed.
    for number in 0..=120 {
        let name = it(number).name;
        sdk.serve(DeleteSchedule { name }).await.unwrap();
    }
    assert_eq!(sdk.serve(named(7)).await.unwrap(), None);
}
