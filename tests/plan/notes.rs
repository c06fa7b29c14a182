//! What a plan notes: what this machine does otherwise than EMR, and how a stack fits it.

use super::{STACK, World, facts, stack};
use clusterup::model::facts::{Capacity, Facts};
use clusterup::model::memory::Memory;
use clusterup::plan::beside::Beside;
use clusterup::plan::expand::expand;
use clusterup::plan::{self, Options};

fn notes(text: &str, capacity: Option<Capacity>) -> Vec<String> {
    let stack = stack(text);
    let mut facts: Facts = facts(&stack);
    facts.capacity = capacity.unwrap_or(facts.capacity);
    expand(&stack, &facts)
        .unwrap_or_else(|wrong| panic!("{wrong:?}"))
        .1
}

fn sized(size: &str) -> String {
    STACK.replace("3 x m5.xlarge", size)
}

#[test]
fn what_has_no_effect_here_is_listed_by_its_key() {
    let ignored = |text: &str| {
        let found = notes(text, None).into_iter();
        let mut found = found.filter_map(|it| {
            let keys = it.strip_prefix("without effect on this machine: ")?;
            Some(keys.to_owned())
        });
        found.next().unwrap_or_default()
    };
    let role = |role: &str| STACK.replace("emr-7.x, ", &format!("emr-7.x, roles: {{ {role} }}, "));
    for (text, keys) in [
        (STACK.to_owned(), ""),
        (role("service: EmrService"), "roles"),
        (role("instance_profile: EmrNode"), "roles"),
        (role("scaling: EmrScaling"), "roles"),
        (
            sized("{ primary: { type: m5.xlarge, market: spot } }"),
            "market",
        ),
        (
            sized("{ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, market: spot } }"),
            "market",
        ),
        (
            sized("{ primary: { type: m5.xlarge, market: spot, bid: $0.1 } }"),
            "market, bid",
        ),
        (
            sized(
                "{ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, market: spot, bid: $0.1 } }",
            ),
            "market, bid",
        ),
        (
            sized("{ primary: { type: m5.xlarge, ebs: { size: 64g } } }"),
            "ebs",
        ),
        (
            sized("{ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, ebs: { size: 64g } } }"),
            "ebs",
        ),
    ] {
        assert_eq!(ignored(&text), keys, "{text}");
    }
}

#[test]
fn steps_at_the_same_time_and_sizes_of_steps_are_noted_where_they_are_there() {
    let has = |notes: &[String], part: &str| notes.iter().any(|it| it.contains(part));
    let at_once = |count: &str| {
        STACK.replace(
            "emr-7.x, ",
            &format!("emr-7.x, step_concurrency: {count}, "),
        )
    };
    let (one_by_one, together) = ("steps run one after the other here", "steps run at once");
    let on_aws = Some(Capacity::AsTyped);
    assert!(has(&notes(&at_once("3"), None), one_by_one));
    assert!(!has(&notes(&at_once("1"), None), one_by_one));
    assert!(has(&notes(&at_once("3"), on_aws), together));
    let single = at_once("3").replace("    - { name: two, script: two.py }\n", "");
    assert!(!has(&notes(&single, on_aws), together));
    let slots = |text: &str, capacity: Option<Capacity>| {
        let stack = stack(text);
        let mut facts = facts(&stack);
        facts.capacity = capacity.unwrap_or(facts.capacity);
        let (desired, _) = expand(&stack, &facts).unwrap();
        (
            desired.cluster.step_concurrency,
            desired.job.unwrap().at_once,
        )
    };
    assert_eq!(slots(&at_once("3"), on_aws), (3, 3));
    assert_eq!(slots(&at_once("3"), None), (1, 1));
    for spark in ["executors: 2", "executor_cores: 2", "deploy_mode: cluster"] {
        let step = format!("script: two.py, spark: {{ {spark} }}");
        let text = STACK.replace("script: two.py", &step);
        let here = notes(&text, None);
        assert!(
            has(&here, "two") && has(&here, "not apply here"),
            "{here:?}"
        );
        assert!(!has(&notes(&text, on_aws), "not apply here"));
    }
}

#[test]
fn a_stack_that_is_cut_to_this_machine_says_how() {
    let machine = |memory: u64, cores: u32| {
        Some(Capacity::Machine {
            memory: Memory::from_mib(memory),
            cores,
        })
    };
    let fitted = |size: &str, capacity| {
        let found = notes(&sized(size), capacity).into_iter();
        let mut found = found.filter(|it| it.starts_with("to fit this machine, "));
        found.next().unwrap_or_default()
    };
    assert_eq!(
        fitted("1 x m5.xlarge", machine(4_096, 1)),
        "to fit this machine, the worker has 4g, reduced from the 12g of m5.xlarge; \
         the worker has 1 core, reduced from 4"
    );
    assert_eq!(
        fitted("3 x m5.xlarge", machine(12_288, 4)),
        "to fit this machine, each worker has 6g, reduced from the 12g of m5.xlarge; \
         each worker has 2 cores, reduced from 4"
    );
    assert_eq!(fitted("1 x m5.xlarge", machine(65_536, 64)), "");
    let refused = |capacity: Capacity| {
        let step = "script: two.py, spark: { executor_memory: 40g }";
        let stack = stack(&STACK.replace("script: two.py", step));
        let mut facts = facts(&stack);
        facts.capacity = capacity;
        expand(&stack, &facts).unwrap_err().remove(0).message
    };
    let here = refused(machine(12_288, 4).unwrap());
    assert!(
        here.ends_with("; a worker on this machine has 6g"),
        "{here}"
    );
    let on_aws = refused(Capacity::AsTyped);
    assert!(
        on_aws.ends_with("; a node of m5.xlarge gives 12g to executors"),
        "{on_aws}"
    );
}

#[test]
fn a_key_pair_of_ec2_is_not_used_here() {
    let existing = STACK.replace("key_pair: spark", "key_pair: { existing: team-key }");
    let key = |text: &str, capacity: Option<Capacity>| {
        let stack = stack(text);
        let mut facts = facts(&stack);
        facts.capacity = capacity.unwrap_or(facts.capacity);
        let (desired, _) = expand(&stack, &facts).unwrap();
        desired.cluster.key_pair.map(|key| key.to_string())
    };
    assert_eq!(
        key(&existing, Some(Capacity::AsTyped)).as_deref(),
        Some("team-key")
    );
    assert_eq!(key(&existing, None), None);
    assert_eq!(key(STACK, None).as_deref(), Some("spark"));
}

#[test]
fn scripts_that_are_not_checked_are_noted() {
    let stack = stack(STACK);
    let noted = |no_lint| {
        let options = Options {
            no_lint,
            ..Options::default()
        };
        let (plan, _) = plan::plan(&stack, &facts(&stack), &World::new().seen, options).unwrap();
        plan.notes.iter().any(|it| it.contains("--no-lint"))
    };
    assert!(noted(true) && !noted(false));
}

#[test]
fn executors_that_leave_a_node_half_empty_or_are_too_many_are_found() {
    let found = |size: &str, spark: &str| {
        let step = format!("script: two.py, spark: {{ {spark} }}");
        let stack = stack(&sized(size).replace("script: two.py", &step));
        let found = plan::node_use::check(&stack).into_iter();
        found.map(|it| it.message).collect::<Vec<_>>()
    };
    let half = found("3 x m5.xlarge", "executor_memory: 6g");
    let message = "1 executor of executor_memory 6g on a node of m5.xlarge use 7296m of its 12g";
    assert_eq!(half, [message]);
    // It fills a node exactly; and it would, if nothing more were beside it.
    let full = "executor_memory: 8g, conf: { spark.executor.memoryOverhead: 4g }";
    assert_eq!(found("3 x m5.xlarge", full), Vec::<String>::new());
    let more = "executor_memory: 10347m, conf: { spark.executor.memoryOverhead: 3g }";
    let large = found("3 x m5.xlarge", more);
    assert!(
        large[0].starts_with("an executor of 10347m takes"),
        "{large:?}"
    );
    let beside = Beside::of(
        &stack(&STACK.replace(
            "script: two.py",
            &format!("script: two.py, spark: {{ {more} }}"),
        ))
        .job
        .unwrap()
        .steps[1],
        &stack(STACK),
    );
    let heap = Memory::from_mib(10_347);
    let types = ["m5.xlarge".parse().unwrap()];
    let refusal = |heap| plan::fit::too_large(heap, &types, &beside.unwrap());
    assert_eq!(refusal(heap), None, "it is found at its own place");
    assert!(refusal(Memory::from_mib(10_400)).is_some());
    let groups = "{ primary: m5.xlarge, core: 2 x m5.xlarge, task: 1 x m5.xlarge }";
    let many = found(groups, "executors: 50");
    assert!(
        many[0].starts_with("50 executors are asked for"),
        "{many:?}"
    );
    // A fleet's size varies.
    let fleet = "{ primary: m5.xlarge, core: { fleet: { types: [m5.xlarge], spot: 2 } }, \
                 task: 1 x m5.xlarge }";
    assert_eq!(found(fleet, "executors: 50"), Vec::<String>::new());
}
