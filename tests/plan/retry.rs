//! Which attempt follows a failed one, and that its memory never exceeds what a node gives.

use super::fixes::taken;
use super::{at, facts, stack};
use Confidence::{Certain, Likely, Low, Unknown};
use FailureClass::{ExecutorLost, OutOfMemory, Program, SpotLost};
use Remedy::{
    DriverMemory, ExecutorMemory, ExecutorOverhead, OnDemand, Partitions, PythonMemory, RunAgain,
};
use clusterup::cost::attempts::{JobAttempt, NextCost};
use clusterup::cost::shape::{families, shape};
use clusterup::model::diagnosis::{Confidence, Diagnosis, FailureClass, Remedy};
use clusterup::model::facts::{Capacity, Facts};
use clusterup::model::instance::InstanceType;
use clusterup::model::memory::Memory;
use clusterup::model::observed::{Cluster, ClusterState, End, EndReason, Step, StepState};
use clusterup::model::retry::RunState;
use clusterup::model::skew::{Excess, TaskSkew};
use clusterup::model::stack::{Stack, WhenDone};
use clusterup::plan::expand::expand;
use clusterup::plan::retry::{FailedJob, NextAttempt, NoRetry, next};

pub(crate) const ALL: &str = "{ on: [out_of_memory, executor_lost, spot_lost], attempts: 3 }";

pub(crate) fn on_aws(stack: &Stack) -> Facts {
    Facts {
        capacity: Capacity::AsTyped,
        ..facts(stack)
    }
}

pub(crate) fn with(size: &str, retry: &str, spark: &str) -> Stack {
    stack(&format!(
        "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: {size} }}\n\
         job:\n  retry: {retry}\n  steps:\n    - {{ name: one, script: a.py }}\n    \
         - {{ name: two, script: b.py, spark: {spark} }}\n"
    ))
}

pub(crate) fn diagnosis(
    class: FailureClass,
    confidence: Confidence,
    remedies: &[Remedy],
) -> Diagnosis {
    Diagnosis {
        rule: None,
        cause: "it failed".into(),
        class,
        owner: None,
        confidence,
        evidence: Vec::new(),
        consequences: Vec::new(),
        remedies: remedies.to_vec(),
        fixes: Vec::new(),
    }
}

/// The stack's job with these facts, failed in its second step on a cluster that ended so.
pub(crate) fn failed(stack: &Stack, facts: &Facts, end: Option<EndReason>) -> Cluster {
    let (desired, _) = expand(stack, facts).unwrap();
    let id = "j-1".parse().unwrap();
    let mut cluster = Cluster::new(id, stack.name.clone(), desired.cluster, at(0));
    let job = desired.job.unwrap();
    let states = [StepState::Completed, StepState::Failed];
    let steps = Step::pending(&job, 1).zip(states);
    cluster.steps = steps.map(|(step, state)| Step { state, ..step }).collect();
    cluster.end = end.map(|reason| End {
        reason,
        message: "over".into(),
    });
    cluster.state = match end {
        Some(_) => ClusterState::TerminatedWithErrors,
        None => ClusterState::Waiting,
    };
    cluster
}

/// The attempt after a failure, and the facts that it is planned with.
pub(crate) fn after(
    stack: &Stack,
    facts: &Facts,
    end: Option<EndReason>,
    diagnosis: &Diagnosis,
) -> Result<(NextAttempt, Facts), NoRetry> {
    let cluster = failed(stack, facts, end);
    let next = next(FailedJob {
        stack,
        facts,
        cluster: &cluster,
        job: &cluster.steps[0].job,
        step: Some(&cluster.steps[1].name),
        diagnosis: Some(diagnosis),
        skew: None,
    })?;
    let facts = Facts {
        attempt: Some(next.attempt.clone()),
        ..facts.clone()
    };
    Ok((next, facts))
}

pub(crate) fn told(after: Result<(NextAttempt, Facts), NoRetry>) -> String {
    match after {
        Ok((next, _)) => {
            let changes = next.changes.iter().map(ToString::to_string);
            let changes = changes.collect::<Vec<_>>().join(", ");
            format!("attempt {}: {changes}", next.attempt.number)
        }
        Err(none) => none.to_string(),
    }
}

#[test]
fn an_attempt_follows_from_the_diagnosis_and_the_stack() {
    let ended = Some(EndReason::StepFailed);
    let oom = |remedies: &[Remedy]| diagnosis(OutOfMemory, Certain, remedies);
    let more = "{ on: [out_of_memory], memory: x1.5 }";
    for (retry, spark, end, diagnosis, expected) in [
        (
            ALL,
            "{ executor_memory: 1g }",
            ended,
            oom(&[ExecutorMemory]),
            "attempt 2: executor_memory 1g -> 2g",
        ),
        (
            ALL,
            "{ executor_memory: 1g }",
            None,
            oom(&[ExecutorMemory]),
            "attempt 2: executor_memory 1g -> 2g",
        ),
        (
            more,
            "{ executor_memory: 1g }",
            ended,
            oom(&[ExecutorMemory]),
            "attempt 2: executor_memory 1g -> 1536m",
        ),
        (
            ALL,
            "{ executor_memory: 9g }",
            ended,
            oom(&[ExecutorMemory]),
            "attempt 2: executor_memory 9g -> 9593m",
        ),
        (
            ALL,
            "{}",
            ended,
            oom(&[ExecutorMemory]),
            "9593m is the most that a node of m5.xlarge gives",
        ),
        (
            ALL,
            "{ executor_memory: 10347m }",
            ended,
            oom(&[ExecutorMemory]),
            "10347m is the most that a node of m5.xlarge gives",
        ),
        (
            ALL,
            "{ executor_memory: 2g }",
            ended,
            oom(&[ExecutorOverhead]),
            "attempt 2: spark.executor.memoryOverhead 384m -> 768m",
        ),
        (
            ALL,
            "{ executor_memory: 9g, conf: { spark.executor.memoryOverhead: 2g } }",
            ended,
            oom(&[ExecutorOverhead]),
            "attempt 2: spark.executor.memoryOverhead 2g -> 4g, executor_memory 9g -> 7296m",
        ),
        (
            ALL,
            "{ executor_memory: 450m, conf: { spark.executor.memoryOverhead: 11g } }",
            ended,
            oom(&[ExecutorOverhead]),
            "11g is the most that a node of m5.xlarge gives beside half of the heap",
        ),
        (
            ALL,
            "{ executor_memory: 2g, conf: { spark.executor.pyspark.memory: 1g } }",
            ended,
            oom(&[PythonMemory, ExecutorOverhead]),
            "attempt 2: spark.executor.pyspark.memory 1g -> 2g",
        ),
        (
            ALL,
            "{ executor_memory: 6g, conf: { spark.executor.pyspark.memory: 2g } }",
            ended,
            oom(&[ExecutorMemory]),
            "attempt 2: executor_memory 6g -> 7868m",
        ),
        (
            ALL,
            "{ executor_memory: 6g, conf: { spark.executor.memoryOverheadFactor: 0.4 } }",
            ended,
            oom(&[ExecutorMemory]),
            "attempt 2: executor_memory 6g -> 8137m",
        ),
        (
            ALL,
            "{ executor_memory: 6g, conf: { spark.executor.memoryOverheadFactor: 0.4 } }",
            ended,
            oom(&[ExecutorOverhead]),
            "attempt 2: spark.executor.memoryOverhead 2458m -> 4928m",
        ),
        (
            ALL,
            "{ executor_memory: 6g, conf: { spark.memory.offHeap.enabled: true, \
             spark.memory.offHeap.size: 1073741824 } }",
            ended,
            oom(&[ExecutorMemory]),
            "attempt 2: executor_memory 6g -> 8730m",
        ),
        (
            ALL,
            "{ executor_memory: 6g, conf: { spark.executor.memoryOverhead: 2g, \
             spark.executor.pyspark.memory: 2g } }",
            ended,
            oom(&[ExecutorOverhead]),
            "attempt 2: spark.executor.memoryOverhead 2g -> 4g, executor_memory 6g -> 5248m",
        ),
        (
            ALL,
            "{}",
            ended,
            oom(&[DriverMemory, ExecutorMemory]),
            "attempt 2: driver_memory 2g -> 4g",
        ),
        (
            ALL,
            "{ conf: { spark.driver.memory: 3g } }",
            ended,
            oom(&[DriverMemory]),
            "attempt 2: spark.driver.memory 3g -> 6g",
        ),
        (
            ALL,
            "{}",
            ended,
            oom(&[Partitions]),
            "no setting of memory fixes it",
        ),
        (
            ALL,
            "{}",
            ended,
            diagnosis(SpotLost, Likely, &[OnDemand, RunAgain]),
            "attempt 2: ",
        ),
        (
            ALL,
            "{}",
            ended,
            diagnosis(ExecutorLost, Likely, &[RunAgain]),
            "attempt 2: ",
        ),
        (
            ALL,
            "{ executor_memory: 1g }",
            ended,
            diagnosis(ExecutorLost, Likely, &[ExecutorMemory]),
            "attempt 2: executor_memory 1g -> 2g",
        ),
        (
            ALL,
            "{}",
            Some(EndReason::Failure),
            diagnosis(SpotLost, Certain, &[]),
            "attempt 2: ",
        ),
        (
            more,
            "{}",
            ended,
            diagnosis(SpotLost, Certain, &[]),
            "job.retry.on does not have spot_lost",
        ),
        (
            ALL,
            "{}",
            ended,
            diagnosis(Program, Certain, &[]),
            "job.retry.on does not have program",
        ),
        (
            ALL,
            "{}",
            ended,
            diagnosis(OutOfMemory, Low, &[ExecutorMemory]),
            "the cause is not certain enough",
        ),
        (
            ALL,
            "{}",
            ended,
            diagnosis(OutOfMemory, Unknown, &[]),
            "the cause is not certain enough",
        ),
        (
            "{ on: [out_of_memory], attempts: 1 }",
            "{}",
            ended,
            oom(&[ExecutorMemory]),
            "job.retry.attempts is 1",
        ),
        (
            ALL,
            "{}",
            Some(EndReason::Budget),
            oom(&[ExecutorMemory]),
            "a guardrail ended the cluster (budget)",
        ),
        (
            ALL,
            "{}",
            Some(EndReason::IdleTimeout),
            oom(&[ExecutorMemory]),
            "a guardrail ended the cluster (idle_timeout)",
        ),
        (
            ALL,
            "{}",
            Some(EndReason::Request),
            oom(&[ExecutorMemory]),
            "the cluster was ended on request",
        ),
        (
            ALL,
            "{}",
            Some(EndReason::Lost),
            oom(&[ExecutorMemory]),
            "the cluster ended (lost)",
        ),
    ] {
        let stack = with("3 x m5.xlarge", retry, spark);
        let facts = on_aws(&stack);
        let told = told(after(&stack, &facts, end, &diagnosis));
        assert_eq!(told, expected, "{retry} {spark} {end:?} {diagnosis:?}");
    }
}

#[test]
fn without_a_diagnosis_or_a_step_nothing_follows() {
    let stack = with("3 x m5.xlarge", ALL, "{}");
    let facts = on_aws(&stack);
    let cluster = failed(&stack, &facts, None);
    let oom = diagnosis(OutOfMemory, Certain, &[DriverMemory]);
    let two = cluster.steps[1].name.clone();
    for (step, diagnosis) in [(None, Some(&oom)), (Some(&two), None)] {
        let job = &cluster.steps[0].job;
        let given = FailedJob {
            stack: &stack,
            facts: &facts,
            cluster: &cluster,
            job,
            step,
            diagnosis,
            skew: None,
        };
        assert_eq!(next(given), Err(NoRetry::Uncertain));
    }
    let plain = Stack {
        job: stack
            .job
            .clone()
            .map(|job| clusterup::model::stack::Job { retry: None, ..job }),
        ..stack
    };
    assert_eq!(
        after(&plain, &facts, None, &oom).map(|_| ()),
        Err(NoRetry::NotAsked)
    );
}

#[test]
fn a_task_with_more_data_than_a_node_holds_is_not_retried_with_more_memory() {
    let stack = with("3 x m5.xlarge", ALL, "{ executor_memory: 1g }");
    let facts = on_aws(&stack);
    let cluster = failed(&stack, &facts, None);
    let of = |remedy: Remedy, task: u64| {
        let oom = diagnosis(OutOfMemory, Certain, &[remedy]);
        let given = FailedJob {
            stack: &stack,
            facts: &facts,
            cluster: &cluster,
            job: &cluster.steps[0].job,
            step: Some(&cluster.steps[1].name),
            diagnosis: Some(&oom),
            skew: Some(TaskSkew {
                stage: 4,
                of: Excess::Shuffled,
                task,
                median: 35_000_000,
            }),
        };
        next(given).map(|next| next.changes[0].to_string())
    };
    for (remedy, change) in [
        (ExecutorMemory, "executor_memory 1g -> 2g"),
        (
            ExecutorOverhead,
            "spark.executor.memoryOverhead 384m -> 768m",
        ),
    ] {
        let none = of(remedy.clone(), 4_000 << 20).unwrap_err();
        assert!(matches!(none, NoRetry::Skewed(_)), "{none:?}");
        assert_eq!(
            none.to_string(),
            "one task of stage 4 read 4.1 GB before it failed, the median 35 MB; more than an executor \
             of 9593m, the most that a node of m5.xlarge gives, can hold: split that key"
        );
        assert_eq!(of(remedy, 200 << 20), Ok(change.to_owned()));
    }
}

#[test]
fn a_retry_is_the_same_job_and_is_marked_as_an_attempt() {
    let stack = with("3 x m5.xlarge", ALL, "{ executor_memory: 1g }");
    let facts = on_aws(&stack);
    let beside = diagnosis(OutOfMemory, Certain, &[ExecutorOverhead]);
    let (next, second) = after(&stack, &facts, None, &beside).unwrap();
    let [first, retry] =
        [&facts, &second].map(|facts| expand(&stack, facts).unwrap().0.job.unwrap());
    // A setting of Spark is a part of the job's identity if the stack has it.
    assert_eq!(
        (&retry.hash, &retry.results_key),
        (&first.hash, &first.results_key)
    );
    let conf = |step: usize| {
        retry.steps[step]
            .conf
            .get("spark.executor.memoryOverhead")
            .cloned()
    };
    assert_eq!([conf(0), conf(1)], [None, Some("768m".to_owned())]);
    let number = |step: usize| {
        retry.steps[step]
            .attempt
            .as_ref()
            .map(|attempt| attempt.number)
    };
    assert_eq!([number(0), number(1)], [Some(2), Some(2)]);
    assert!(first.steps.iter().all(|step| step.attempt.is_none()));
    // Policies judge what runs.
    let judged = &next.stack.job.as_ref().unwrap().steps[1].spark.conf;
    assert_eq!(
        judged
            .get("spark.executor.memoryOverhead")
            .map(String::as_str),
        Some("768m")
    );
}

#[test]
fn changes_add_up_and_attempts_end() {
    let stack = with("3 x m5.xlarge", ALL, "{ executor_memory: 1g }");
    let first = on_aws(&stack);
    let heap = diagnosis(OutOfMemory, Certain, &[ExecutorMemory]);
    let driver = diagnosis(OutOfMemory, Certain, &[DriverMemory]);
    let (_, second) = after(&stack, &first, None, &heap).unwrap();
    let (next, third) = after(&stack, &second, None, &heap).unwrap();
    assert_eq!(next.changes[0].to_string(), "executor_memory 2g -> 4g");
    let two = "two".parse().unwrap();
    let all = next.attempt.of_step(&two).changes;
    assert_eq!(
        all[0].to_string(),
        "executor_memory 1g -> 4g",
        "since the stack"
    );
    let other = after(&stack, &second, None, &driver).unwrap().0.attempt;
    assert_eq!(other.of_step(&two).changes.len(), 2, "{other:?}");
    assert_eq!(
        told(after(&stack, &third, None, &heap)),
        "all 3 attempts failed"
    );
    // An apply that was not there before knows the same from the cluster alone.
    let cluster = failed(&stack, &second, None);
    let given = FailedJob {
        stack: &stack,
        facts: &first,
        cluster: &cluster,
        job: &cluster.steps[0].job,
        step: Some(&two),
        diagnosis: Some(&heap),
        skew: None,
    };
    assert_eq!(
        clusterup::plan::retry::next(given).unwrap().attempt,
        next.attempt
    );
}

#[test]
fn what_ended_well_in_scratch_is_not_repeated() {
    let text = |more: &str| {
        format!(
            "stack: t\nregion: us-east-1\n\
             cluster: {{ release: emr-7.x, size: 3 x m5.xlarge{more} }}\n\
             job:\n  retry: {{ on: [spot_lost], attempts: 3 }}\n  steps:\n    \
             - {{ name: one, script: a.py, args: [\"${{scratch}}/clean\"] }}\n    \
             - {{ name: two, script: b.py, args: [\"${{scratch}}/clean\", \"${{results}}\"] }}\n"
        )
    };
    let lost = diagnosis(SpotLost, Certain, &[RunAgain]);
    let stack_of = |more: &str| stack(&text(more));
    let plain = stack_of("");
    let facts = on_aws(&plain);
    let (next, second) = after(&plain, &facts, None, &lost).unwrap();
    assert_eq!(next.attempt.done.len(), 1);
    let job = expand(&plain, &second).unwrap().0.job.unwrap();
    let names: Vec<&str> = job.steps.iter().map(|step| step.name.as_str()).collect();
    let kept: Vec<&str> = job.kept.iter().map(|name| name.as_str()).collect();
    assert_eq!((names, kept), (vec!["two"], vec!["clean"]));
    let first = expand(&plain, &facts).unwrap().0.job.unwrap();
    assert_eq!(job.hash, first.hash);
    assert!(first.kept.is_empty());
    // Of steps that run at the same time, all are repeated.
    let several = stack_of(", step_concurrency: 2");
    let (next, _) = after(&several, &on_aws(&several), None, &lost).unwrap();
    assert!(next.attempt.done.is_empty() && next.attempt.kept.is_empty());
}

#[test]
fn no_attempt_exceeds_what_a_node_gives() {
    let remedies = [ExecutorMemory, ExecutorOverhead, PythonMemory, DriverMemory];
    let retry = |factor: &str| format!("{{ on: [out_of_memory], memory: {factor}, attempts: 5 }}");
    let mut tried = 0;
    let mut grow = |of: &InstanceType, spark: &str, factor: &str| {
        let node = shape(of).unwrap().yarn;
        for remedy in &remedies {
            let stack = with(&format!("2 x {of}"), &retry(factor), spark);
            tried += grows(&stack, remedy, node);
        }
    };
    for family in families() {
        for size in ["large", "xlarge", "24xlarge"] {
            let of: InstanceType = format!("{family}.{size}").parse().unwrap();
            if shape(&of).is_some() {
                grow(&of, "{ executor_memory: 1g }", "x2");
            }
        }
    }
    for of in ["m5.xlarge", "c5.xlarge", "r5.4xlarge", "i3.8xlarge"] {
        for spark in [
            "{ executor_memory: 450m }",
            "{ executor_memory: 3g }",
            "{ executor_memory: 1g, conf: { spark.executor.pyspark.memory: 600m } }",
        ] {
            for factor in ["x1.1", "x7.75"] {
                grow(&of.parse().unwrap(), spark, factor);
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
}

/// Retries until there is no other attempt, and returns how many there were.
fn grows(stack: &Stack, remedy: &Remedy, node: Memory) -> usize {
    let mut facts = on_aws(stack);
    if expand(stack, &facts).is_err() {
        return 0;
    }
    let diagnosis = diagnosis(OutOfMemory, Certain, std::slice::from_ref(remedy));
    let mut attempts = 1;
    while let Ok((next, then)) = after(stack, &facts, None, &diagnosis) {
        attempts += 1;
        assert!(attempts <= 5, "{attempts}");
        let mut retried = next.stack.clone();
        retried.job.as_mut().unwrap().steps.remove(0);
        assert!(
            taken(&retried) <= node,
            "{remedy:?} {:?} of {node}",
            next.attempt
        );
        assert!(
            next.changes.iter().any(|change| change.to > change.from),
            "{next:?}"
        );
        facts = then;
    }
    attempts
}

#[test]
fn an_attempt_costs_the_time_of_its_run() {
    let stack = stack(
        "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 3 x m5.xlarge }\n\
         job: { steps: [{ name: one, script: a.py }, { name: two, script: b.py }] }\n\
         guardrails: { when_done: keep }\n",
    );
    let facts = on_aws(&stack);
    let mut cluster = failed(&stack, &facts, None);
    let times = |step: &mut Step, from: i64, until: i64| {
        step.started_at = Some(at(from));
        step.ended_at = Some(at(until));
    };
    times(&mut cluster.steps[0], 600, 900);
    times(&mut cluster.steps[1], 900, 1_800);
    let mut second: Vec<Step> = cluster.steps.clone();
    for step in &mut second {
        step.run = 2;
        step.state = StepState::Completed;
    }
    times(&mut second[0], 3_600, 3_900);
    times(&mut second[1], 3_900, 5_400);
    cluster.steps.extend(second);
    // 0.72 dollars an hour: the start counts with the first run, idle time with none.
    let cost = |cluster: &Cluster, run: usize| {
        let all = JobAttempt::all(cluster, at(7_200));
        all[run].cost.unwrap().up_to(2).to_string()
    };
    assert_eq!([cost(&cluster, 0), cost(&cluster, 1)], ["$0.36", "$0.36"]);
    let states = JobAttempt::all(&cluster, at(7_200))
        .into_iter()
        .map(|it| it.state);
    assert_eq!(
        states.collect::<Vec<_>>(),
        [RunState::Failed, RunState::Completed]
    );
    // The step that failed or was interrupted is named; of what succeeded, there is none.
    let step = |cluster: &Cluster| {
        let second = JobAttempt::all(cluster, at(7_200)).remove(1);
        second.step.map(|name| name.to_string())
    };
    assert_eq!(step(&cluster), None);
    let mut cut = cluster.clone();
    cut.steps[3].state = StepState::Interrupted;
    assert_eq!(step(&cut).as_deref(), Some("two"));
    // A run costs until now as long as one of its steps runs.
    (cut.steps[3].state, cut.steps[3].ended_at) = (StepState::Running, None);
    assert_eq!(cost(&cut, 1), "$0.72");
    cluster.spec.guardrails.when_done = WhenDone::Terminate;
    cluster.ended_at = Some(at(7_200));
    assert_eq!(cost(&cluster, 1), "$0.72", "with its end");
    cluster.steps[3].state = StepState::Running;
    assert_eq!(JobAttempt::all(&cluster, at(0))[1].state, RunState::Running);

    let usd = |text: &str| text.parse().unwrap();
    let next = |budget| NextCost {
        spent: usd("$1.2"),
        attempt: usd("$0.8"),
        budget: usd(budget),
    };
    assert!(next("$2").fits() && !next("$1.99").fits());
    assert_eq!(
        next("$1.99").to_string(),
        "$1.20 is spent, and another attempt like the last costs $0.80: more than the budget of $1.99"
    );
}
