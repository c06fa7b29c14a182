//! Safeguards are armed with their cluster, fixed if somebody changed them, and removed after it.

use crate::kills::at;
use crate::oracle;
use crate::process::Process;
use crate::request::{Case, StackRequest};
use crate::seeds::each;
use crate::{laws, run, say};
use chrono::TimeDelta;
use clusterup::cloud::api::Serve;
use clusterup::cloud::api::scheduler::{Schedule, UpdateSchedule};
use clusterup::cloud::{Acting, Leasing, Observing, Planning};
use clusterup::model::action::Action;
use clusterup::model::event::{Event, Listener, NoListener};
use clusterup::model::plan::Plan;
use clusterup::model::safeguard::{Safeguard, SafeguardKind, SafeguardState};
use clusterup::plan::Options;
use clusterup::run::driver::{Driver, Prepared};
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::{CensusCluster, Dead, Settings, Sim};
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::sleep;

const CALM: Settings = Settings {
    eventual: false,
    ..laws::QUICK
};

/// One whose work never ends.
fn busy(seed: u64, settings: Settings) -> Sim {
    let sim = Sim::with(seed, settings);
    sim.time_step("one", Duration::MAX);
    sim
}

fn kept() -> StackRequest {
    StackRequest {
        keep: true,
        ..StackRequest::plain("t")
    }
}

fn live(sim: &Sim) -> Option<CensusCluster> {
    let clusters = sim.census().clusters;
    clusters.into_iter().find(|cluster| cluster.state.is_live())
}

/// EMR took these in the call that made it.
fn armed_in_the_call(cluster: &CensusCluster, request: &StackRequest) {
    let idle = cluster.idle_timeout.map(|span| span.as_secs());
    assert_eq!(idle, Some(request.idle_minutes * 60), "{cluster:#?}");
    let scripts = &cluster.bootstrap;
    let powers_off = scripts
        .first()
        .is_some_and(|it| it.ends_with("/power-off.sh"));
    assert!(powers_off, "{cluster:#?}");
    let reported = cluster.tags.get("clusterup-deadline");
    let seconds = reported.and_then(|reported| reported.parse().ok());
    // Five minutes after its deadline.
    assert_eq!(
        seconds,
        Some(request.life_hours * 3_600 + 300),
        "{cluster:#?}"
    );
}

/// To the minute, and before its lifetime is over.
fn scheduled(sim: &Sim, cluster: &CensusCluster, request: &StackRequest) {
    let schedules = sim.census().schedules;
    let [schedule] = schedules.as_slice() else {
        panic!("{schedules:#?}");
    };
    assert!(schedule.input.contains(&cluster.id), "{schedule:?}");
    let hours = TimeDelta::hours(i64::try_from(request.life_hours).unwrap());
    let before = cluster.created_at + hours - schedule.at;
    let near = TimeDelta::minutes(1)..=TimeDelta::minutes(2);
    assert!(
        near.contains(&before),
        "{before}: {schedule:?} {cluster:#?}"
    );
}

#[test]
fn a_cluster_has_its_idle_policy_after_a_kill_at_any_call() {
    let mut points = 0;
    for request in [StackRequest::plain("t"), kept()] {
        for fault in [Fault::DieBefore, Fault::DieAfter, Fault::Lost] {
            let mut number = 1;
            while run(killed(&request, number, fault)) {
                number += 1;
            }
            points += number - 1;
        }
    }
    say(&format!("armed at each of {points} kills"));
}

/// False if the call was not reached.
async fn killed(request: &StackRequest, number: u64, fault: Fault) -> bool {
    let sim = busy(number, laws::QUICK);
    let case = request.case();
    let process = Process::new(&sim, "ann@desk", 1, at(number, fault));
    drop(process.until_death(process.detached(&case)).await);
    if process.flaky().calls() < number {
        return false;
    }
    if let Some(cluster) = live(&sim) {
        armed_in_the_call(&cluster, request);
    }
    Process::calm(&sim, 2).detached(&case).await.unwrap();
    let cluster = live(&sim).unwrap();
    armed_in_the_call(&cluster, request);
    scheduled(&sim, &cluster, request);
    true
}

/// EMR refuses the policy for such a release: none is requested, and none is reported as armed.
#[test]
fn an_old_release_has_no_idle_policy_and_no_safeguard_for_it() {
    for (release, has) in [
        ("emr-5.29.0", false),
        ("emr-6.0.0", false),
        ("emr-5.30.0", true),
        ("emr-6.1.0", true),
    ] {
        run(async move {
            let sim = busy(1, CALM);
            let request = StackRequest { release, ..kept() };
            let plan = Process::calm(&sim, 1).detached(&request.case()).await;
            plan.unwrap();
            let cluster = live(&sim).unwrap();
            assert_eq!(cluster.idle_timeout.is_some(), has, "{release}");
            let case = request.case();
            let account = Process::calm(&sim, 2).account;
            let seen = account.observe(&case.stack.name, None).await.unwrap();
            let cluster = &seen.clusters[0];
            let safeguard = cluster
                .safeguards
                .iter()
                .find(|safeguard| safeguard.kind == SafeguardKind::IdlePolicy);
            let safeguard = safeguard.unwrap();
            assert_eq!(
                (safeguard.is_armed(), safeguard.next()),
                (has, None),
                "{release}: {safeguard:?}"
            );
            assert!(cluster.drift.is_empty(), "{release}: {:?}", cluster.drift);
            // Another timeout changes the stack's word, and asks EMR for nothing that it has not.
            let request = StackRequest {
                idle_minutes: 50,
                ..request
            };
            Process::calm(&sim, 3)
                .detached(&request.case())
                .await
                .unwrap();
            assert_eq!(live(&sim).unwrap().idle_timeout.is_some(), has, "{release}");
        });
    }
}

#[derive(Default)]
struct Heard(RefCell<Vec<Event>>);

impl Listener for Heard {
    fn on_event(&self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }
}

impl Heard {
    fn warnings(&self) -> Vec<String> {
        let events = self.0.borrow();
        let warning = |event: &Event| {
            let Event::Warning { what, next } = event else {
                return None;
            };
            Some(format!("{what}; {next:?}"))
        };
        events.iter().filter_map(warning).collect()
    }
}

/// Makes a plan true; gives it, and what was heard.
async fn made(process: &Process, case: &Case, options: Options) -> (Plan, Vec<String>) {
    let heard = Heard::default();
    let driver = Driver {
        listener: &heard,
        ..process.driver(case)
    };
    let Prepared { plan, .. } = driver.prepare(options).await.unwrap();
    process.account.check(&plan).await.unwrap();
    let lease = process.account.lease(&case.stack.name, &NoListener).await;
    driver.attempt(&plan).await.unwrap();
    lease.unwrap().release().await.unwrap();
    (plan, heard.warnings())
}

async fn schedule_of(sim: &Sim, case: &Case) -> Safeguard {
    let process = Process::calm(sim, 9);
    let observed = process.account.observe(&case.stack.name, None).await;
    let safeguards = observed.unwrap().live().unwrap().safeguards.clone();
    let schedule = safeguards
        .into_iter()
        .find(|safeguard| safeguard.kind == SafeguardKind::Schedule);
    schedule.unwrap()
}

async fn settled(sim: &Sim, case: &Case) {
    let plan = Process::calm(sim, 8).plan(case).await.unwrap();
    assert!(plan.is_empty(), "{plan:#?}");
}

/// A cluster without its schedule, because the scheduler's role is missing.
async fn roleless(request: &StackRequest) -> (Sim, Case) {
    let reaper_role = false;
    let sim = busy(
        1,
        Settings {
            reaper_role,
            ..CALM
        },
    );
    let case = request.case();
    let process = Process::calm(&sim, 1);
    let (_, warnings) = made(&process, &case, Options::default()).await;
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    assert!(
        warning.contains("schedule") && warning.contains("--create-roles"),
        "{warning}"
    );
    settled(&sim, &case).await;
    let SafeguardState::Disarmed { next, .. } = schedule_of(&sim, &case).await.state else {
        panic!("it is armed");
    };
    assert!(next.unwrap().to_string().ends_with("--create-roles"));
    (sim, case)
}

#[test]
fn a_cluster_without_the_schedulers_role_gets_its_schedule_later() {
    run(async {
        let request = kept();
        let (sim, case) = roleless(&request).await;
        let process = Process::calm(&sim, 2);
        let lease = process
            .account
            .lease(&case.stack.name, &NoListener)
            .await
            .unwrap();
        let roles = process
            .account
            .apply(&case.stack.name, &Action::CreateRoles, &NoListener);
        roles.await.unwrap();
        lease.release().await.unwrap();
        let (plan, warnings) = made(&Process::calm(&sim, 3), &case, Options::default()).await;
        is_one_update(&plan, "its schedule is missing");
        assert_eq!(warnings, [""; 0]);
        scheduled(&sim, &live(&sim).unwrap(), &request);
        settled(&sim, &case).await;
    });
    run(async {
        let request = kept();
        let (sim, case) = roleless(&request).await;
        let create_roles = true;
        let options = Options {
            create_roles,
            ..Options::default()
        };
        let (_, warnings) = made(&Process::calm(&sim, 3), &case, options).await;
        assert_eq!(warnings, [""; 0]);
        scheduled(&sim, &live(&sim).unwrap(), &request);
        settled(&sim, &case).await;
    });
}

fn is_one_update(plan: &Plan, cause: &str) {
    let [planned] = plan.actions.as_slice() else {
        panic!("{plan:#?}");
    };
    assert!(
        matches!(planned.action, Action::UpdateCluster(..)),
        "{plan:#?}"
    );
    assert_eq!(planned.because, cause);
}

#[test]
fn a_removed_or_changed_schedule_is_fixed() {
    let changes: [fn(Schedule) -> Schedule; 4] = [
        |it| Schedule {
            at: it.at + TimeDelta::hours(2),
            ..it
        },
        |it| Schedule {
            at: it.at - TimeDelta::hours(2),
            ..it
        },
        |it| Schedule {
            input: it.input.replace("j-", "j-2"),
            ..it
        },
        |it| Schedule {
            target: format!("{}s", it.target),
            ..it
        },
    ];
    for change in [None].into_iter().chain(changes.map(Some)) {
        run(async move {
            let (sim, request) = (busy(1, CALM), kept());
            let case = request.case();
            Process::calm(&sim, 1).detached(&case).await.unwrap();
            sleep(Duration::from_secs(1_800)).await;
            let schedule = sim.census().schedules.remove(0);
            let cause = match change {
                None => {
                    assert!(sim.delete_schedule(&schedule.name));
                    "its schedule is missing"
                }
                Some(change) => {
                    sim.serve(UpdateSchedule(change(schedule))).await.unwrap();
                    "its schedule does not match its deadline"
                }
            };
            assert!(!schedule_of(&sim, &case).await.is_armed());
            let (plan, _) = made(&Process::calm(&sim, 2), &case, Options::default()).await;
            is_one_update(&plan, cause);
            scheduled(&sim, &live(&sim).unwrap(), &request);
            settled(&sim, &case).await;
        });
    }
}

#[test]
fn a_schedule_is_removed_with_its_cluster() {
    let none = |sim: &Sim| assert_eq!(sim.census().schedules, []);
    // Followed to its end; ended without a follower; ended by somebody else.
    run(async move {
        let sim = Sim::with(1, CALM);
        let case = StackRequest::plain("t").case();
        Process::calm(&sim, 1).applied(&case).await.unwrap();
        none(&sim);
    });
    for destroys in [false, true] {
        run(async move {
            let sim = Sim::with(1, CALM);
            let case = StackRequest::plain("t").case();
            Process::calm(&sim, 1).detached(&case).await.unwrap();
            sleep(Duration::from_secs(3_600)).await;
            assert!(live(&sim).is_none());
            let next = Process::calm(&sim, 2);
            if destroys {
                next.destroyed(&case.stack.name).await.unwrap();
            } else {
                next.applied(&case).await.unwrap();
                settled(&sim, &case).await;
            }
            none(&sim);
        });
    }
    for applies in [false, true] {
        run(async move {
            let sim = Sim::with(1, CALM);
            let case = kept().case();
            let process = Process::calm(&sim, 1);
            if applies {
                process.applied(&case).await.unwrap();
            } else {
                process.detached(&case).await.unwrap();
            }
            assert_eq!(sim.census().schedules.len(), 1);
            Process::calm(&sim, 2)
                .destroyed(&case.stack.name)
                .await
                .unwrap();
            none(&sim);
        });
    }
}

#[test]
fn the_idle_policy_ends_a_cluster_without_the_other_safeguards() {
    each("both dead", 20, |seed| async move {
        for request in [StackRequest::plain("t"), kept()] {
            {
                let dead = Dead {
                    schedules: true,
                    power_off: true,
                    ..Dead::NONE
                };
                let sim = Sim::with(
                    seed,
                    Settings {
                        dead,
                        ..laws::QUICK
                    },
                );
                Process::calm(&sim, 1)
                    .detached(&request.case())
                    .await
                    .unwrap();
                sleep(Duration::from_secs(24 * 3_600)).await;
                let census = sim.census();
                let cluster = oracle::of(&census, &request).next().unwrap();
                // It begins within 6 minutes, works for one and ends within 5.
                let idle = if request.keep {
                    request.idle_minutes
                } else {
                    0
                };
                let most = TimeDelta::minutes(12 + i64::try_from(idle).unwrap());
                let ended = cluster.ended_at.unwrap();
                assert!(ended <= cluster.created_at + most, "{cluster:#?}");
            }
        }
    });
}
