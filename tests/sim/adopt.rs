//! Adopting a cluster that others created, and releasing it, with the process dying before and after
//! every call: one record, one set of tags, one schedule and one idle policy; after the release what was
//! there before.

use crate::kills::at;
use crate::process::Process;
use crate::request::bucket;
use crate::{run, say};
use clusterup::cloud::api::emr::{AddJobFlowSteps, NewStep, OnFailure};
use clusterup::cloud::api::{Serve, Tags};
use clusterup::cloud::{AdoptError, Adopting, AdoptionPlan, AdoptionRequest, SharedResources};
use clusterup::guard::Unadoptable;
use clusterup::model::adoption::AdoptedLimits;
use clusterup::model::name::ClusterId;
use clusterup::model::span::Span;
use clusterup::model::step_command::StepCommand;
use clusterup_testkit::flaky::{Fault, Moment};
use clusterup_testkit::sim::{CensusCluster, Settings, Sim};
use std::time::Duration;
use tokio::time::sleep;

const HOUR: u64 = 3_600;
const FAULTS: [Fault; 4] = [
    Fault::DieBefore,
    Fault::DieAfter,
    Fault::Lost,
    Fault::Unsent,
];

pub(crate) fn limits(lifetime: &str, budget: &str, idle: &str) -> AdoptedLimits {
    AdoptedLimits {
        max_lifetime: lifetime.parse().ok(),
        budget: budget.parse().ok(),
        idle_timeout: idle.parse().ok(),
    }
}

pub(crate) fn request(limits: AdoptedLimits) -> AdoptionRequest {
    AdoptionRequest {
        by: "ann@desk".into(),
        owner: Some("bo".into()),
        team: "recsys".parse().ok(),
        limits,
        budgets: Vec::new(),
    }
}

/// A cluster of somebody else, some minutes old, with tags of its own.
pub(crate) struct Theirs {
    pub(crate) sim: Sim,
    pub(crate) id: ClusterId,
    tags: Tags,
}

impl Theirs {
    pub(crate) async fn new(seed: u64) -> Self {
        let sim = Sim::with(seed, Settings::USUAL);
        let own = [("owner", "eve"), ("clusterup-team", "theirs")];
        let tags: Tags = own
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let id = sim.foreign_cluster("nightly", tags.clone());
        work(&sim, &id).await;
        sleep(Duration::from_secs(HOUR)).await;
        let id = id.parse().unwrap();
        Self { sim, id, tags }
    }

    pub(crate) fn seen(&self) -> CensusCluster {
        let mut clusters = self.sim.census().clusters.into_iter();
        clusters
            .find(|cluster| cluster.id == self.id.as_str())
            .unwrap()
    }

    pub(crate) fn calm(&self, seed: u64) -> Process {
        Process::calm(&self.sim, seed)
    }

    pub(crate) async fn adopt(&self, process: &Process) -> Result<AdoptionPlan, AdoptError> {
        let request = request(limits("6h", "$5", "30m"));
        process.account.adopt(&self.id, &request).await
    }

    /// Each of its guardrails is there, once.
    fn is_adopted(&self) {
        let seen = self.seen();
        let mut tags = seen.tags.clone();
        let mark = tags.remove("clusterup-adopted").unwrap();
        assert!(
            mark.contains(" max_lifetime=6h budget=5 idle_timeout=30m by=ann@desk"),
            "{mark}"
        );
        assert_eq!(tags.remove("clusterup-owner").as_deref(), Some("bo"));
        assert_eq!(tags.remove("clusterup-team").as_deref(), Some("recsys"));
        let mut others = self.tags.clone();
        others.remove("clusterup-team");
        assert_eq!(tags, others);
        assert_eq!(seen.idle_timeout, Some(Span::from_secs(1_800)));
        let census = self.sim.census();
        assert_eq!(census.schedules.len(), 1, "{:?}", census.schedules);
        assert_eq!(census.schedules[0].name, format!("clusterup-{}", self.id));
        let record = format!("adopted/{}.json", self.id);
        assert_eq!(census.buckets[&bucket()], [record]);
        let guards = &census.guards[&bucket()];
        assert!(guards.private && guards.policy.is_some(), "{guards:?}");
    }

    /// It is as it was before its adoption.
    pub(crate) fn is_released(&self, idle_timeout: Option<Span>) {
        let seen = self.seen();
        assert_eq!(seen.tags, self.tags);
        assert_eq!(seen.idle_timeout, idle_timeout);
        assert!(seen.state.is_live());
        let census = self.sim.census();
        assert!(census.schedules.is_empty(), "{:?}", census.schedules);
        assert!(census.buckets.is_empty(), "{:?}", census.buckets);
    }
}

/// The cluster gets a step that never ends.
pub(crate) async fn work(sim: &Sim, id: &str) {
    sim.time_step("work", Duration::MAX);
    let step = NewStep {
        name: "work".to_owned(),
        on_failure: OnFailure::CancelAndWait,
        command: StepCommand::program(vec!["spark-submit".to_owned()]),
    };
    let (id, steps) = (id.to_owned(), vec![step]);
    sim.serve(AddJobFlowSteps { id, steps }).await.unwrap();
}

pub(crate) async fn released(process: &Process, id: &ClusterId) -> bool {
    process.account.release(id).await.is_ok() && process.account.remove_shared().await.is_ok()
}

/// Cuts off an adoption, and then its release, at one call each; another process repeats each. Returns
/// whether either call was reached.
async fn cut_off(number: u64, fault: Fault) -> bool {
    let theirs = Theirs::new(number).await;
    let first = Process::new(&theirs.sim, "ann@desk", 1, at(number, fault));
    let done = first
        .until_death(async { theirs.adopt(&first).await.is_ok() })
        .await;
    let cut_adoption = first.flaky().calls() >= number;
    assert!(cut_adoption || done == Some(true));
    if done != Some(true) {
        theirs.adopt(&theirs.calm(2)).await.unwrap();
    }
    theirs.is_adopted();
    // Again changes nothing.
    let again = theirs.calm(3);
    let plan = theirs.adopt(&again).await.unwrap();
    assert!(plan.again && plan.tags.is_empty() && plan.schedule_at.is_none());
    theirs.is_adopted();
    let second = Process::new(&theirs.sim, "ann@desk", 4, at(number, fault));
    let done = second.until_death(released(&second, &theirs.id)).await;
    let cut_release = second.flaky().calls() >= number;
    assert!(cut_release || done == Some(true));
    if done != Some(true) {
        assert!(released(&theirs.calm(5), &theirs.id).await);
    }
    theirs.is_released(None);
    cut_adoption || cut_release
}

#[test]
fn killed_at_any_call_the_next_run_adopts_and_releases() {
    let mut points = 0;
    for fault in FAULTS {
        for number in 1.. {
            let reached = run(async {
                let witness = Witness(number, fault);
                let reached = cut_off(number, fault).await;
                drop(witness);
                reached
            });
            if !reached {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 60, "{points}");
    say(&format!(
        "cut an adoption or a release off at {points} points"
    ));
}

/// Reports the position if the test fails.
struct Witness(u64, Fault);

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!("{:?} at call {}", self.1, self.0));
        }
    }
}

/// Others end the cluster before the given call of an adoption: it is reported, and nothing is left.
async fn ends_at(number: u64) -> bool {
    let theirs = Theirs::new(number).await;
    let (sim, id) = (theirs.sim.clone(), theirs.id.to_string());
    let others = move |moment: Moment| {
        if moment.number == number {
            sim.end_cluster(&id, "USER_REQUEST", "");
        }
        None
    };
    let process = Process::new(&theirs.sim, "ann@desk", 1, others);
    let adopted = theirs.adopt(&process).await;
    let reached = process.flaky().calls() >= number;
    if reached {
        let why = adopted.unwrap_err();
        assert!(
            matches!(why, AdoptError::Refused(Unadoptable::Ended(_))),
            "at call {number}: {why}"
        );
        let census = theirs.sim.census();
        assert!(
            census.schedules.is_empty(),
            "at call {number}: {:?}",
            census.schedules
        );
        let left = census.buckets.get(&bucket()).cloned().unwrap_or_default();
        assert!(left.is_empty(), "at call {number}: {left:?}");
    }
    reached
}

#[test]
fn a_cluster_that_ends_meanwhile_is_reported_and_leaves_nothing() {
    let calls = (1..).take_while(|number| run(ends_at(*number))).count();
    assert!(calls > 10, "{calls}");
}

#[test]
fn what_others_have_set_stays() {
    run(async {
        let theirs = Theirs::new(1).await;
        let own = Span::from_secs(2 * HOUR);
        assert!(theirs.sim.set_idle_policy(theirs.id.as_str(), own));
        assert!(theirs.sim.protect_cluster(theirs.id.as_str(), true));
        let process = theirs.calm(1);
        let plan = theirs.adopt(&process).await.unwrap();
        assert_eq!(
            (plan.own_idle_timeout, plan.idle_timeout),
            (Some(own), None)
        );
        assert!(plan.adopted.protected);
        let adopted = process.account.adopted(&theirs.id).await.unwrap().unwrap();
        assert!(
            adopted.cluster.drift[0].contains("termination protection"),
            "{adopted:?}"
        );
        assert!(
            adopted.cluster.safeguards.iter().all(|it| !it.is_armed()),
            "{adopted:?}"
        );
        assert_eq!(theirs.seen().idle_timeout, Some(own));
        assert!(theirs.sim.protection(theirs.id.as_str()));
        assert!(released(&process, &theirs.id).await);
        theirs.is_released(Some(own));
        assert!(theirs.sim.protection(theirs.id.as_str()));
    });
}

#[test]
fn a_policy_that_others_set_meanwhile_stays() {
    run(async {
        let theirs = Theirs::new(1).await;
        let (sim, id) = (theirs.sim.clone(), theirs.id.to_string());
        let own = Span::from_secs(HOUR);
        let others = move |moment: Moment| {
            if moment.call == "scheduler:CreateSchedule" {
                sim.set_idle_policy(&id, own);
            }
            None
        };
        let process = Process::new(&theirs.sim, "ann@desk", 1, others);
        theirs.adopt(&process).await.unwrap();
        assert_eq!(theirs.seen().idle_timeout, Some(own));
        assert!(released(&process, &theirs.id).await);
        theirs.is_released(Some(own));
    });
}

#[test]
fn what_cannot_be_adopted_is_refused_and_stays_as_it_is() {
    run(async {
        let theirs = Theirs::new(1).await;
        let process = theirs.calm(1);
        let before = theirs.sim.census();
        for (limits, why) in [
            (
                limits("30m", "", ""),
                "is 1h old already, and its lifetime would be 30m",
            ),
            (
                limits("", "$0.10", ""),
                "at $0.77/h, and would cost more than a budget of $0.10",
            ),
            (limits("", "", "30m"), "needs a limit that ends it"),
        ] {
            let refused = process.account.adopt(&theirs.id, &request(limits)).await;
            let refused = refused.unwrap_err();
            assert!(matches!(refused, AdoptError::Refused(_)), "{refused}");
            assert!(refused.to_string().contains(why), "{refused}");
        }
        assert_eq!(theirs.sim.census(), before);
        // Adopted, limits are only lowered: `extend` raises them, and records why.
        theirs.adopt(&process).await.unwrap();
        let more = request(limits("7h", "", ""));
        let refused = process.account.adopt(&theirs.id, &more).await.unwrap_err();
        assert!(
            matches!(refused, AdoptError::Refused(Unadoptable::Lower(_))),
            "{refused}"
        );
        let less = request(limits("3h", "$4", "20m"));
        process.account.adopt(&theirs.id, &less).await.unwrap();
        let adopted = process.account.adopted(&theirs.id).await.unwrap().unwrap();
        assert!(
            !adopted.unscheduled && adopted.cluster.drift.is_empty(),
            "{adopted:#?}"
        );
        assert_eq!(theirs.seen().idle_timeout, Some(Span::from_secs(1_200)));
    });
}

#[test]
fn without_the_role_of_schedules_nothing_is_adopted() {
    run(async {
        let theirs = Theirs::new(1).await;
        theirs.sim.delete_role("clusterup-reaper");
        let before = theirs.sim.census();
        let process = theirs.calm(1);
        let refused = theirs.adopt(&process).await.unwrap_err();
        assert!(refused.to_string().contains("role"), "{refused}");
        assert_eq!(theirs.sim.census(), before);
        Adopting::create_roles(&process.account).await.unwrap();
        theirs.adopt(&process).await.unwrap();
        theirs.is_adopted();
    });
}

/// Adopting ends no cluster: one that has been idle for long gets no idle policy, which might.
#[test]
fn a_cluster_that_is_idle_already_goes_on() {
    run(async {
        let sim = Sim::with(1, Settings::USUAL);
        let id: ClusterId = sim.foreign_cluster("idle", Tags::new()).parse().unwrap();
        sleep(Duration::from_secs(HOUR)).await;
        let process = Process::calm(&sim, 1);
        let request = request(limits("6h", "$5", "30m"));
        let plan = process.account.adopt(&id, &request).await.unwrap();
        assert!(
            plan.idle_since.is_some() && plan.idle_timeout.is_none(),
            "{plan:?}"
        );
        work(&sim, id.as_str()).await;
        let plan = process.account.adopt(&id, &request).await.unwrap();
        assert!(plan.idle_since.is_none(), "{plan:?}");
        let cluster = &sim.census().clusters[0];
        assert!(cluster.state.is_live());
        assert_eq!(cluster.idle_timeout, Some(Span::from_secs(1_800)));
    });
}
