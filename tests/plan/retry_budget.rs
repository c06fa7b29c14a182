//! All attempts at a job stay within one budget, and a larger driver leaves room for an executor.

use super::retry::{after, diagnosis, failed, on_aws, told, with};
use super::{at, stack};
use clusterup::model::action::Action;
use clusterup::model::diagnosis::{Confidence, FailureClass, Remedy};
use clusterup::model::extension::Extension;
use clusterup::model::money::Usd;
use clusterup::model::observed::{Cluster, EndReason, Observed, StepState};
use clusterup::model::retry::StepAttempt;
use clusterup::model::stack::Stack;
use clusterup::plan::retry::affordable;
use clusterup::plan::{self, Options};

/// The stack of the user: 0.72 dollars an hour.
fn with_budget(budget: &str, when_done: &str) -> Stack {
    stack(&format!(
        "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n\
         job: {{ retry: {{ on: [spot_lost] }}, steps: [{{ name: one, script: a.py }}, \
         {{ name: two, script: b.py }}] }}\n\
         guardrails: {{ when_done: {when_done}, budget: {budget} }}\n"
    ))
}

fn usd(text: &str) -> Option<Usd> {
    Some(text.parse().unwrap())
}

/// A cluster of the stack that ended after five hours, and cost 3.60 dollars.
fn ended(stack: &Stack) -> Cluster {
    let mut cluster = failed(stack, &on_aws(stack), Some(EndReason::StepFailed));
    cluster.ended_at = Some(at(18_000));
    cluster
}

#[test]
fn what_is_left_of_the_budget_is_known_from_the_failed_cluster_alone() {
    let users = with_budget("$10", "terminate");
    let next = |cluster: &Cluster, cost: &str| {
        affordable(&users, cluster, usd(cost), at(20_000)).map_err(|none| none.to_string())
    };
    let second = next(&ended(&users), "$3.6").unwrap();
    assert_eq!(second.guardrails.budget, usd("$6.4"));
    // An apply that begins here reads ten dollars in the stack.
    let third = next(&ended(&second), "$1").unwrap();
    assert_eq!(third.guardrails.budget, usd("$2.8"));
    assert_eq!(
        next(&ended(&second), "$3.6"),
        Err(
            "$3.60 is spent, and another attempt like the last costs $3.60: more than the budget of \
             $6.40"
                .to_owned()
        )
    );
    let unknown = affordable(&users, &ended(&users), None, at(20_000));
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "the cost of the last attempt is not known"
    );
    // The plan for a cluster that lives on does not change its budget.
    let living = failed(&second, &on_aws(&second), None);
    let stays = next(&living, "$0.1").unwrap();
    assert_eq!(stays.guardrails.budget, usd("$6.4"));
    // An extension of a living cluster is no budget for the next; of one that ended, all of it counts.
    let extend = |mut cluster: Cluster| {
        cluster.spec.guardrails.ceiling.budget = usd("$9");
        cluster.extensions.push(Extension {
            at: at(600),
            max_lifetime: None,
            budget: usd("$9"),
            by: "me@host".into(),
            why: "slow".into(),
        });
        cluster
    };
    let living = extend(failed(&second, &on_aws(&second), None));
    let stays = next(&living, "$4.9").unwrap();
    assert_eq!(stays.guardrails.budget, usd("$6.4"));
    let left = next(&extend(ended(&second)), "$1").unwrap();
    assert_eq!(left.guardrails.budget, usd("$5.4"));
    // Its own ending counts as spent: at $0.72 an hour, $0.20 after 1,000 s and $0.92 with an hour more.
    let small = with_budget("$1", "terminate");
    let mut living = failed(&small, &on_aws(&small), None);
    living.spec.ending = clusterup::model::span::Span::from_secs(3_600);
    let next = |cost: &str| affordable(&small, &living, usd(cost), at(1_000)).is_ok();
    assert!(next("$0.08") && !next("$0.09"));
}

/// The reasons for which an apply of the stack changes the cluster.
fn changes(stack: &Stack, cluster: &Cluster) -> Vec<String> {
    let observed = Observed {
        at: at(600),
        key_pairs: vec![],
        security_groups: vec![],
        bucket: None,
        clusters: vec![cluster.clone()],
        remembered: vec![],
        results_home: None,
    };
    let facts = on_aws(stack);
    let (plan, _) = plan::plan(stack, &facts, &observed, Options::default()).unwrap();
    let updates = plan.actions.into_iter();
    let updates = updates.filter(|it| matches!(it.action, Action::UpdateCluster(..)));
    updates.map(|it| it.because).collect()
}

#[test]
fn an_apply_that_follows_a_retry_does_not_raise_its_budget() {
    let [users, left] = ["$10", "$6"].map(|budget| with_budget(budget, "keep"));
    let mut cluster = failed(&left, &on_aws(&left), None);
    let raised = ["the budget changes from $6.00 to $10.00"];
    for state in [StepState::Pending, StepState::Running] {
        cluster.steps[1].state = state;
        assert_eq!(changes(&users, &cluster), raised, "a first attempt");
        let number = 2;
        let attempt = StepAttempt {
            number,
            changes: vec![],
        };
        cluster.steps[1].attempt = Some(attempt);
        assert_eq!(changes(&users, &cluster), [""; 0], "{state:?}");
        let lower = with_budget("$5", "keep");
        let lowered = ["the budget changes from $6.00 to $5.00"];
        assert_eq!(changes(&lower, &cluster), lowered);
        cluster.steps[1].attempt = None;
    }
}

#[test]
fn the_only_worker_holds_an_executor_beside_the_driver() {
    let oom = diagnosis(
        FailureClass::OutOfMemory,
        Confidence::Certain,
        &[Remedy::DriverMemory],
    );
    let driver = |nodes: u8, executor: &str| {
        let size = format!("{{ primary: m5.xlarge, core: {nodes} x m5.xlarge }}");
        let spark = format!("{{ deploy_mode: cluster{executor} }}");
        let retry = "{ on: [out_of_memory], memory: x8 }";
        let stack = with(&size, retry, &spark);
        told(after(&stack, &on_aws(&stack), None, &oom))
    };
    let small = ", executor_memory: 2g";
    assert_eq!(driver(1, small), "attempt 2: driver_memory 2g -> 8299m");
    assert_eq!(driver(2, small), "attempt 2: driver_memory 2g -> 10347m");
    let most = "2g is the most that a node of m5.xlarge gives";
    assert_eq!(driver(1, ""), most);
}

#[test]
fn the_heap_keeps_its_half_beside_a_larger_overhead() {
    let oom = diagnosis(
        FailureClass::OutOfMemory,
        Confidence::Certain,
        &[Remedy::ExecutorOverhead],
    );
    let next = |spark: &str| {
        let retry = "{ on: [out_of_memory], memory: x8 }";
        let stack = with("3 x m5.xlarge", retry, spark);
        told(after(&stack, &on_aws(&stack), None, &oom))
    };
    let half =
        "attempt 2: spark.executor.memoryOverhead 1799m -> 6592m, executor_memory 9593m -> 4800m";
    assert_eq!(next("{ executor_memory: 9593m }"), half);
    let most = "{ executor_memory: 900m, conf: { spark.executor.memoryOverhead: 10912m } }";
    assert_eq!(
        next(most),
        "10912m is the most that a node of m5.xlarge gives beside half of the heap"
    );
}
