//! What a plan decides about clusters and jobs, and the reasons that it gives, by hand.

use super::{STACK, World, at, facts, stack};
use clusterup::model::action::Action;
use clusterup::model::observed::{Cluster, ClusterState, Run, Step, StepState};
use clusterup::model::plan::{Plan, Planned};
use clusterup::model::stack::Stack;
use clusterup::plan::{self, Options};

const AGAIN: Options = Options {
    again: true,
    create_roles: false,
    no_lint: false,
};

fn planned(world: &World, stack: &Stack, options: Options) -> Plan {
    plan::plan(stack, &facts(stack), &world.seen, options)
        .unwrap()
        .0
}

/// Why a cluster is created or gets steps.
fn reason(plan: &Plan) -> Option<&str> {
    let mut actions = plan.actions.iter();
    let starts =
        |it: &&Planned| matches!(it.action, Action::CreateCluster(..) | Action::AddSteps(..));
    actions.find(starts).map(|it| it.because.as_str())
}

/// Why a cluster is ended.
fn end(plan: &Plan) -> Option<&str> {
    let mut actions = plan.actions.iter();
    let ends = |it: &&Planned| matches!(it.action, Action::TerminateCluster(..));
    actions.find(ends).map(|it| it.because.as_str())
}

/// What is said of something for which there is nothing to do.
fn settled<'a>(plan: &'a Plan, what: &str) -> Option<&'a str> {
    let found = plan.settled.iter().find(|it| it.what == what);
    found.map(|it| it.because.as_str())
}

fn kept() -> Stack {
    stack(&STACK.replace("when_done: terminate", "when_done: keep"))
}

/// A world in which the job of a stack has ended like this.
fn after(stack: &Stack, states: [StepState; 2]) -> World {
    let mut world = World::new();
    world.pass(stack);
    let cluster = &mut world.seen.clusters[0];
    for (step, state) in cluster.steps.iter_mut().zip(states) {
        step.state = state;
        step.ended_at = state.is_over().then(|| at(60));
    }
    world
}

fn over(mut world: World) -> World {
    world.seen.clusters[0].state = ClusterState::Terminated;
    world
}

#[test]
fn a_cluster_is_created_for_a_reason() {
    use StepState::{Cancelled, Completed, Failed, Interrupted};
    let stack = stack(STACK);
    let first = World::new();
    let not_yet = Some("the job has not run yet");
    assert_eq!(
        reason(&planned(&first, &stack, Options::default())),
        not_yet
    );
    assert_eq!(reason(&planned(&first, &stack, AGAIN)), not_yet);
    for (states, why) in [
        ([Completed, Failed], "the job failed when it last ran"),
        ([Failed, Cancelled], "the job failed when it last ran"),
        (
            [Completed, Interrupted],
            "the job was interrupted when it last ran",
        ),
    ] {
        let world = over(after(&stack, states));
        let plan = planned(&world, &stack, Options::default());
        assert_eq!(reason(&plan), Some(why), "{states:?}");
    }
    let done = over(after(&stack, [Completed; 2]));
    let again = planned(&done, &stack, AGAIN);
    assert_eq!(reason(&again), Some("--again runs the job once more"));
    let plan = planned(&done, &stack, Options::default());
    assert_eq!(reason(&plan), None);
    let says = "it has already succeeded at 1970-01-01 00:01 UTC with these scripts, data and \
                arguments; --again runs it again";
    assert_eq!(settled(&plan, "job"), Some(says));
    // Another cluster never had a step.
    let edited = super::stack(&STACK.replace("script: two.py", "script: three.py"));
    let mut other = over(after(&stack, [Completed; 2]));
    let mut idle = other.seen.clusters[0].clone();
    idle.id = "local-7".parse().unwrap();
    idle.steps.clear();
    other.seen.clusters.push(idle);
    let plan = planned(&other, &edited, Options::default());
    let new = "its scripts, data, arguments or settings are new";
    assert_eq!(reason(&plan), Some(new));
    let jobless = super::stack(
        "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 1 x m5.xlarge }\n\
         guardrails: { when_done: keep }\n",
    );
    let plan = planned(&first, &jobless, Options::default());
    assert_eq!(reason(&plan), Some("the stack keeps one (when_done: keep)"));
}

#[test]
fn a_job_that_runs_gets_no_second_run() {
    use StepState::{Completed, Pending, Running};
    let stack = kept();
    for states in [
        [Completed, Running],
        [Completed, Pending],
        [Running, Pending],
    ] {
        let plan = planned(&after(&stack, states), &stack, AGAIN);
        assert_eq!((reason(&plan), end(&plan)), (None, None), "{states:?}");
        assert_eq!(settled(&plan, "job"), Some("it is running on local-1"));
    }
    let done = after(&stack, [Completed; 2]);
    let plan = planned(&done, &stack, Options::default());
    assert_eq!((reason(&plan), end(&plan)), (None, None));
    assert!(settled(&plan, "job").unwrap().contains("already succeeded"));
    let matches = settled(&plan, "cluster local-1");
    assert_eq!(matches, Some("it matches the stack"));
}

#[test]
fn a_job_whose_cluster_is_forgotten_has_succeeded_if_its_run_is_remembered() {
    let stack = stack(STACK);
    let mut world = over(after(&stack, [StepState::Completed; 2]));
    let run = world.seen.clusters[0].run_of(&world.seen.clusters[0].steps[0].job);
    let run = run.unwrap();
    world.seen.clusters.clear();
    let other = Run {
        job: "00112233aabbccdd".parse().unwrap(),
        ..run.clone()
    };
    for (remembered, starts) in [
        (vec![], true),
        (vec![other.clone()], true),
        (vec![run, other], false),
    ] {
        world.seen.remembered = remembered;
        let plan = planned(&world, &stack, Options::default());
        assert_eq!(
            reason(&plan).is_some(),
            starts,
            "{:?}",
            world.seen.remembered
        );
    }
}

/// A step of another job.
fn of_another_job(cluster: &Cluster, state: StepState) -> Step {
    Step {
        job: "00112233aabbccdd".parse().unwrap(),
        state,
        ..cluster.steps[0].clone()
    }
}

#[test]
fn a_cluster_that_is_no_longer_kept_ends_once_nothing_runs_on_it() {
    let (kept, ending) = (kept(), stack(STACK));
    let mut world = after(&kept, [StepState::Completed; 2]);
    let plan = planned(&world, &ending, Options::default());
    let why = "the stack no longer keeps a cluster (when_done: terminate); its work is done";
    assert_eq!(end(&plan), Some(why));
    assert!(plan.actions.iter().any(|it| it.asks));
    assert_eq!(end(&planned(&world, &kept, Options::default())), None);
    assert_eq!(end(&planned(&world, &ending, AGAIN)), None);
    // It ends by itself if it was created so.
    let by_itself = after(&ending, [StepState::Completed; 2]);
    assert_eq!(end(&planned(&by_itself, &ending, Options::default())), None);
    // Another job runs on it.
    let cluster = &mut world.seen.clusters[0];
    let other = of_another_job(cluster, StepState::Running);
    cluster.steps.insert(0, other);
    assert_eq!(end(&planned(&world, &ending, Options::default())), None);
}

#[test]
fn a_change_that_ends_a_cluster_at_once_asks_unless_it_gets_work() {
    let long = STACK.replace("when_done: terminate", "when_done: keep, idle_timeout: 2h");
    let short = stack(&long.replace("idle_timeout: 2h", "idle_timeout: 10m"));
    let mut world = after(&stack(&long), [StepState::Completed; 2]);
    world.seen.clusters[0].ready_at = Some(at(30));
    world.seen.at = at(3_660);
    let update = |options: Options| {
        let plan = planned(&world, &short, options);
        let mut actions = plan.actions.into_iter();
        let update = actions.find(|it| matches!(it.action, Action::UpdateCluster(..)));
        update.map(|it| (it.asks, it.because)).unwrap()
    };
    let (asks, because) = update(Options::default());
    assert!(
        asks && because.contains("; this ends it at once: idle for 1h "),
        "{because}"
    );
    let (asks, because) = update(AGAIN);
    assert!(!asks && !because.contains("at once"), "{because}");
    // Whatever else is planned.
    let roles = |again| Options {
        create_roles: true,
        again,
        ..AGAIN
    };
    assert!(update(roles(false)).0 && !update(roles(true)).0);
}

#[test]
fn a_plan_waits_once_for_a_cluster_that_is_ending() {
    let stack = stack(STACK);
    let mut world = after(&stack, [StepState::Failed; 2]);
    world.seen.clusters[0].state = ClusterState::Terminating;
    // A group that the stack no longer names waits for it as well.
    let mut left = stack.security_groups[0].clone();
    left.name = "left".parse().unwrap();
    world.seen.security_groups.push(left);
    let plan = planned(&world, &stack, Options::default());
    let actions: Vec<_> = plan.actions.iter().map(|it| &it.action).collect();
    let [
        Action::TerminateCluster(..),
        Action::CreateCluster(..),
        Action::DeleteGroup(_),
    ] = actions[..]
    else {
        panic!("{actions:?}")
    };
    let waits = Some("it is ending; this waits for it");
    assert_eq!(end(&plan), waits);
    // Whatever else comes before.
    world.seen.bucket = None;
    assert_eq!(end(&planned(&world, &stack, Options::default())), waits);
}

#[test]
fn the_last_end_is_noted_unless_the_work_was_done() {
    use clusterup::model::observed::EndReason;
    let stack = stack(STACK);
    let noted = |reason: EndReason| {
        let mut world = over(after(&stack, [StepState::Failed; 2]));
        let cluster = &mut world.seen.clusters[0];
        super::end(cluster, reason, StepState::Failed);
        cluster.ended_at = Some(at(120));
        planned(&world, &stack, Options::default()).notes
    };
    let note = "the last cluster, local-1, ended at 1970-01-01 00:02 UTC: it ended";
    assert!(noted(EndReason::StepFailed).contains(&note.to_owned()));
    let none = noted(EndReason::StepsCompleted);
    assert!(!none.iter().any(|it| it.contains("ended")), "{none:?}");
}

#[test]
fn files_and_results_that_are_there_are_counted() {
    let stack = stack(STACK);
    let empty = planned(&World::new(), &stack, Options::default());
    assert!(!empty.settled.iter().any(|it| it.what.contains("file")));
    let mut world = after(&stack, [StepState::Completed; 2]);
    world.pass(&stack);
    let files = |world: &World| {
        let plan = planned(world, &stack, Options::default());
        let mut settled = plan.settled.into_iter();
        settled.find(|it| it.what.contains("file")).unwrap().what
    };
    assert_eq!(files(&world), "3 files");
    for left in ["2 files", "1 file"] {
        world.seen.bucket.as_mut().unwrap().pop_first();
        assert_eq!(files(&world), left);
    }
    let results = |world: &World| {
        let plan = planned(world, &stack, Options::default());
        settled(&plan, "results").unwrap().to_owned()
    };
    assert_eq!(results(&world), "in /s/home");
    world.seen.results_home.as_mut().unwrap().empty = true;
    assert_eq!(results(&world), "the job wrote nothing to ${results}");
}

#[test]
fn what_one_of_several_names_of_the_stack_is_stays() {
    let text = STACK
        .replace("[{ name: spark }]", "[{ name: spark }, { name: two }]")
        .replace("job:", "  # more\njob:")
        .replace(
            "security_groups:\n",
            "security_groups:\n  - { name: other, ingress: [{ port: 8443, from: caller }] }\n",
        );
    let stack = stack(&text);
    let mut world = World::new();
    world.pass(&stack);
    let plan = world.plan(&stack);
    assert!(plan.is_empty(), "{plan:#?}");
}

#[test]
fn destroy_says_what_goes_with_a_key_pair_and_that_nothing_exists() {
    let stack = stack(STACK);
    let mut world = World::new();
    let nothing = plan::destroy(&stack.name, &world.seen);
    assert_eq!(settled(&nothing, "stack t"), Some("nothing of it exists"));
    world.pass(&stack);
    for (ours, because) in [
        (true, "with its private half"),
        (false, "it belongs to the stack"),
    ] {
        world.seen.key_pairs[0].ours = ours;
        let plan = plan::destroy(&stack.name, &world.seen);
        let mut actions = plan.actions.iter();
        let pair = actions.find(|it| matches!(it.action, Action::DeleteKeyPair(_)));
        assert_eq!(pair.unwrap().because, because);
        assert_eq!(plan.settled, []);
    }
}
