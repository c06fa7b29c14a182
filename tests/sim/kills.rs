//! The process dies before and after every call; the next one converges.

use crate::process::Process;
use crate::request::{Case, StackRequest};
use crate::{oracle, run, say};
use clusterup::run::follow::Outcome;
use clusterup_testkit::flaky::{Fault, Moment};
use clusterup_testkit::sim::{Settings, Sim};
use tempfile::TempDir;

const SHORT: Settings = Settings {
    checks_scripts: true,
    step_seconds: (20, 60),
    ..Settings::USUAL
};

/// What is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Detached,
    Applied,
    /// Another script for a cluster that was kept after its job.
    Changed,
    Destroyed,
}

fn requests() -> [StackRequest; 2] {
    let plain = StackRequest {
        scripts: vec![0, 1],
        packages: true,
        ..StackRequest::plain("t")
    };
    let kept = StackRequest {
        keep: true,
        ..plain.clone()
    };
    [plain, kept]
}

/// What goes wrong at one call.
pub(crate) fn at(number: u64, fault: Fault) -> impl FnMut(Moment) -> Option<Fault> + 'static {
    move |moment| (moment.number == number).then_some(fault)
}

async fn act(process: &Process, verb: Verb, case: &Case) -> bool {
    match verb {
        Verb::Detached | Verb::Changed => process.detached(case).await.is_ok(),
        Verb::Applied => process.applied(case).await.is_ok(),
        Verb::Destroyed => process.destroyed(&case.stack.name).await.is_ok(),
    }
}

/// Interrupts a verb at one call; another process continues. False if the call was not reached.
async fn cut_off(request: &StackRequest, verb: Verb, number: u64, fault: Fault) -> bool {
    let sim = Sim::with(number, SHORT);
    let home = TempDir::new().unwrap();
    let request = &StackRequest {
        home: Some(home.path().join("results")),
        ..request.clone()
    };
    let mut case = request.case();
    if matches!(verb, Verb::Destroyed | Verb::Changed) {
        let process = Process::calm(&sim, 7);
        process.detached(&case).await.unwrap();
        // One cluster with a running job, and one with a completed job.
        if request.keep {
            process.applied(&case).await.unwrap();
        }
    }
    let changed = StackRequest {
        scripts: vec![2, 1],
        ..request.clone()
    };
    let request = if verb == Verb::Changed {
        case = changed.case();
        &changed
    } else {
        request
    };
    let first = Process::new(&sim, "ann@desk", 1, at(number, fault));
    let done = first.until_death(act(&first, verb, &case)).await;
    // A heart that beats on its own has its calls, too.
    if first.flaky().calls() < number {
        assert_eq!(done, Some(true));
        return false;
    }
    let next = Process::calm(&sim, 2);
    if verb == Verb::Destroyed {
        next.destroyed(&case.stack.name).await.unwrap();
        oracle::is_empty(&sim.census());
        assert_eq!(sim.census().schedules, []);
        assert_eq!(sim.census().clusters.len(), 1);
        return true;
    }
    let outcome = next.applied(&case).await.unwrap();
    assert_eq!(outcome, Some(Outcome::Completed));
    let plan = Process::calm(&sim, 3).plan(&case).await.unwrap();
    assert!(plan.is_empty(), "{plan:#?}");
    oracle::agrees(&sim.census(), request);
    let schedules = sim.census().schedules;
    assert_eq!(schedules.len(), usize::from(request.keep), "{schedules:?}");
    let runs = 1 + usize::from(verb == Verb::Changed);
    oracle::one_cluster_with_runs(&sim.census(), request, runs);
    for step in request.steps() {
        assert!(
            home.path()
                .join("results")
                .join(step)
                .join("answer.txt")
                .is_file()
        );
    }
    true
}

fn every_call(fault: Fault, verbs: &[Verb]) -> u64 {
    let mut points = 0;
    for request in requests() {
        for verb in verbs {
            if *verb == Verb::Changed && !request.keep {
                continue;
            }
            for number in 1.. {
                let at = Point(&request, *verb, number, fault);
                if !run(cut_off(&request, *verb, number, fault)) {
                    break;
                }
                drop(at);
                points += 1;
            }
        }
    }
    points
}

/// Reports the position if the test fails.
struct Point<'a>(&'a StackRequest, Verb, u64, Fault);

impl Drop for Point<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(request, verb, number, fault) = self;
            say(&format!(
                "{fault:?} at call {number} of {verb:?}, keep: {}",
                request.keep
            ));
        }
    }
}

const ALL: [Verb; 4] = [
    Verb::Detached,
    Verb::Applied,
    Verb::Changed,
    Verb::Destroyed,
];

#[test]
fn killed_before_any_call_the_next_run_converges() {
    let points = every_call(Fault::DieBefore, &ALL);
    say(&format!("killed before each of {points} calls"));
}

#[test]
fn killed_after_any_call_the_next_run_converges() {
    let points = every_call(Fault::DieAfter, &ALL);
    say(&format!("killed after each of {points} calls"));
}

#[test]
fn any_reply_may_be_lost() {
    let points = every_call(Fault::Lost, &ALL);
    say(&format!("lost the reply of each of {points} calls"));
}

#[test]
fn any_call_may_not_arrive() {
    let points = every_call(Fault::Unsent, &ALL);
    say(&format!("broke each of {points} calls before it arrived"));
}
