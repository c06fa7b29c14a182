//! The planner's laws, on a small world in memory: an applied plan leaves an empty plan, an
//! independent check agrees with the result, and every decision has a reason.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "plan/check.rs"]
mod check;
#[path = "plan/decisions.rs"]
mod decisions;
#[path = "plan/existing.rs"]
mod existing;
#[path = "plan/fixes.rs"]
mod fixes;
#[path = "plan/notes.rs"]
mod notes;
#[path = "plan/retry.rs"]
mod retry;
#[path = "plan/retry_budget.rs"]
mod retry_budget;
#[path = "plan/sampling.rs"]
mod sampling;
#[path = "plan/sizing.rs"]
mod sizing;
#[path = "plan/software.rs"]
mod software;
#[path = "plan/steps.rs"]
mod steps;

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::model::action::Action;
use clusterup::model::facts::{Capacity, Facts, File, Input, StepFiles};
use clusterup::model::memory::Memory;
use clusterup::model::observed::{
    Cluster, ClusterState, DownloadedRun, End, EndReason, Observed, ObservedKeyPair, Step,
    StepState,
};
use clusterup::model::plan::Plan;
use clusterup::model::safeguard::{Safeguard, SafeguardKind};
use clusterup::model::stack::{Stack, WhenDone};
use clusterup::model::work::StepFile;
use clusterup::plan::{self, Options};
use clusterup::text;
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

const STACK: &str = "\
stack: t
region: us-east-1
key_pairs: [{ name: spark }]
security_groups:
  - { name: ssh, ingress: [{ port: 22, from: caller }] }
data: { ratings: { path: ratings.dat } }
cluster: { release: emr-7.x, size: 3 x m5.xlarge, key_pair: spark, security_groups: [ssh] }
job:
  steps:
    - { name: one, script: one.py, args: [\"${data.ratings}\", \"${results}\"] }
    - { name: two, script: two.py }
  results: home
guardrails: { when_done: terminate }
";

fn stack(text: &str) -> Stack {
    text::parse("t.yaml", text, Path::new("/s"), &[]).unwrap_or_else(|found| panic!("{found}"))
}

fn facts(stack: &Stack) -> Facts {
    let file = |path: &Path| File {
        path: path.to_owned(),
        bytes: 10,
        sha256: format!("{:0<64}", hex(path.to_string_lossy().as_bytes())),
        crc32: 0,
    };
    let scripts = stack
        .job
        .iter()
        .flat_map(|job| &job.steps)
        .flat_map(|step| step.files().filter_map(StepFile::local).cloned());
    Facts {
        bucket: "/bucket".to_owned(),
        work: "/bucket".to_owned(),
        step_files: StepFiles {
            files: scripts.map(|path| (path.clone(), file(&path))).collect(),
            ..StepFiles::default()
        },
        data: stack
            .data
            .keys()
            .map(|name| {
                (
                    name.clone(),
                    Input::Local(file(Path::new("/s/ratings.dat"))),
                )
            })
            .collect(),
        public_keys: BTreeMap::new(),
        sample: None,
        label: None,
        subnet: None,
        more_subnets: Vec::new(),
        untagged: Vec::new(),
        capacity: Capacity::Machine {
            memory: Memory::from_mib(16_384),
            cores: 2,
        },
        prices: Ok("primary=0.192+0.048+0+0 core=0.192+0.048+0+0"
            .parse()
            .unwrap()),
        ending: clusterup::model::span::Span::from_secs(3),
        attempt: None,
        last_run: BTreeMap::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()[..32.min(bytes.len() * 2)]
        .to_owned()
}

/// A cloud of a few lines: it knows nothing of the planner.
struct World {
    seen: Observed,
    born: u32,
}

impl World {
    fn new() -> Self {
        let seen = Observed {
            at: at(0),
            key_pairs: vec![],
            security_groups: vec![],
            bucket: None,
            clusters: vec![],
            remembered: vec![],
            results_home: None,
        };
        Self { seen, born: 0 }
    }

    fn make(&mut self, action: &Action) {
        let seen = &mut self.seen;
        match action {
            Action::CreateKeyPair(spec) => seen.key_pairs.push(ObservedKeyPair {
                name: spec.name.clone(),
                public_key: spec
                    .public_key
                    .clone()
                    .unwrap_or("ssh-ed25519 ours".to_owned()),
                ours: spec.public_key.is_none(),
            }),
            Action::DeleteKeyPair(name) => seen.key_pairs.retain(|pair| pair.name != *name),
            Action::CreateGroup(group) => seen.security_groups.push(group.clone()),
            Action::UpdateGroup(group) => {
                seen.security_groups
                    .retain(|other| other.name != group.name);
                seen.security_groups.push(group.clone());
            }
            Action::DeleteGroup(name) => seen.security_groups.retain(|group| group.name != *name),
            Action::CreateBucket => seen.bucket = Some(BTreeMap::new()),
            Action::DeleteBucket => seen.bucket = None,
            Action::Stage(objects) => {
                let bucket = seen.bucket.as_mut().expect("a bucket before objects");
                bucket.extend(
                    objects
                        .iter()
                        .map(|object| (object.key.clone(), object.bytes)),
                );
            }
            Action::CreateCluster(spec, job) => {
                assert!(seen.live().is_none(), "never two");
                self.born += 1;
                let id = format!("local-{}", self.born).parse().unwrap();
                let (stack, born) = ("t".parse().unwrap(), at(self.born.into()));
                let mut cluster = Cluster {
                    state: ClusterState::Waiting,
                    ..Cluster::new(id, stack, (**spec).clone(), born)
                };
                add(&mut cluster, job.as_ref());
                seen.clusters.push(cluster);
            }
            Action::StartCluster(id) => self.cluster(id.as_str()).attended = true,
            Action::AddSteps(id, job) => add(self.cluster(id.as_str()), Some(job)),
            Action::UpdateCluster(id, spec) => {
                self.cluster(id.as_str()).spec.guardrails = spec.guardrails.clone();
            }
            Action::ExtendCluster(..) | Action::RenewLease(_) | Action::Disarm(_) => {}
            Action::TerminateCluster(id, _) => {
                end(
                    self.cluster(id.as_str()),
                    EndReason::Request,
                    StepState::Interrupted,
                );
            }
            Action::DeleteCluster(id) => {
                let over = |c: &Cluster| c.id == *id && c.state.is_over();
                assert!(
                    seen.clusters.iter().any(over),
                    "only what is over is forgotten"
                );
                seen.clusters.retain(|cluster| cluster.id != *id);
            }
            Action::CreateRoles => {}
            Action::Remember(run) => seen.remembered.push(run.clone()),
            Action::BringHome(results) => {
                let (run, empty) = (results.run.clone(), false);
                seen.results_home = Some(DownloadedRun { run, empty });
            }
        }
    }

    fn cluster(&mut self, id: &str) -> &mut Cluster {
        self.seen
            .clusters
            .iter_mut()
            .find(|c| c.id.as_str() == id)
            .expect("a cluster that is there")
    }

    /// The work of the living cluster ends.
    fn work(&mut self, state: StepState) {
        let Some(cluster) = self
            .seen
            .clusters
            .iter_mut()
            .rev()
            .find(|c| c.state.is_live())
        else {
            return;
        };
        for step in cluster
            .steps
            .iter_mut()
            .filter(|step| !step.state.is_over())
        {
            step.state = state;
        }
        if cluster.spec.guardrails.when_done == WhenDone::Terminate {
            end(cluster, EndReason::StepsCompleted, state);
        }
    }

    fn pass(&mut self, stack: &Stack) -> Plan {
        let plan = self.plan(stack);
        plan.actions
            .iter()
            .for_each(|planned| self.make(&planned.action));
        plan
    }

    fn plan(&self, stack: &Stack) -> Plan {
        plan::plan(stack, &facts(stack), &self.seen, Options::default())
            .unwrap()
            .0
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn add(cluster: &mut Cluster, job: Option<&clusterup::model::desired::JobSpec>) {
    let Some(job) = job else { return };
    let run = cluster.run_of(&job.hash).map_or(1, |run| run.number + 1);
    cluster.steps.extend(Step::pending(job, run));
}

fn end(cluster: &mut Cluster, reason: EndReason, open: StepState) {
    cluster.state = ClusterState::Terminated;
    cluster.end = Some(End {
        reason,
        message: "it ended".into(),
    });
    cluster
        .steps
        .iter_mut()
        .filter(|s| !s.state.is_over())
        .for_each(|step| step.state = open);
}

#[test]
fn a_calm_world_takes_one_pass_for_each_change() {
    let stack = stack(STACK);
    let mut world = World::new();
    assert_eq!(world.pass(&stack).actions.len(), 5);
    let running = world.plan(&stack);
    assert!(running.is_empty(), "{running:#?}");
    assert!(
        running
            .settled
            .iter()
            .any(|s| s.because.contains("running")),
        "{running:#?}"
    );

    world.work(StepState::Completed);
    let home = world.pass(&stack);
    let made: Vec<_> = home.actions.iter().map(|planned| &planned.action).collect();
    assert!(matches!(
        made[..],
        [Action::BringHome(_), Action::Remember(_)]
    ));
    assert!(world.plan(&stack).is_empty());
}

#[test]
fn every_action_and_every_waiting_has_a_reason() {
    let stack = stack(STACK);
    let mut world = World::new();
    for _ in 0..3 {
        let plan = world.pass(&stack);
        assert!(
            plan.actions
                .iter()
                .all(|planned| !planned.because.is_empty())
        );
        assert!(!plan.is_empty() || !plan.settled.is_empty());
        world.work(StepState::Completed);
    }
}

#[test]
fn guardrails_move_in_place_and_size_replaces_with_consent() {
    let kept = STACK.replace("when_done: terminate", "when_done: keep");
    let mut world = World::new();
    world.pass(&stack(&kept));
    let longer = kept.replace("keep }", "keep, idle_timeout: 20m }");
    let plan = world.pass(&stack(&longer));
    assert!(matches!(&plan.actions[..], [one] if matches!(one.action, Action::UpdateCluster(..))));
    assert!(!plan.actions[0].asks);
    let larger = longer.replace("3 x", "4 x");
    let plan = world.pass(&stack(&larger));
    assert!(matches!(plan.actions[0].action, Action::TerminateCluster(..)) && plan.actions[0].asks);
    assert!(world.plan(&stack(&larger)).is_empty());
    assert_eq!(world.seen.clusters.len(), 2);
}

#[test]
fn a_failed_job_runs_again_and_says_so() {
    let stack = stack(STACK);
    let mut world = World::new();
    world.pass(&stack);
    world.work(StepState::Failed);
    let plan = world.pass(&stack);
    assert_eq!(plan.actions.len(), 1);
    assert!(
        plan.actions[0].because.contains("failed"),
        "{}",
        plan.actions[0].because
    );
}

#[test]
fn ten_clusters_are_remembered() {
    let stack = stack(STACK);
    let mut world = World::new();
    for _ in 0..14 {
        world.pass(&stack);
        world.work(StepState::Failed);
    }
    assert_eq!(world.seen.clusters.len(), 10);
}

#[test]
fn destroy_leaves_nothing() {
    let stack = stack(STACK);
    let mut world = World::new();
    world.pass(&stack);
    let plan = plan::destroy(&stack.name, &world.seen);
    assert!(plan.actions.iter().all(|planned| planned.asks));
    plan.actions
        .iter()
        .for_each(|planned| world.make(&planned.action));
    assert!(world.seen.is_empty());
    assert!(plan::destroy(&stack.name, &world.seen).is_empty());
}

#[test]
fn a_leftover_safeguard_is_disarmed_once() {
    let stack = stack(STACK);
    for (over, alive) in [(1, false), (1, true), (3, true)] {
        let mut world = World::new();
        for _ in 0..over {
            world.pass(&stack);
            world.work(StepState::Failed);
        }
        let armed = Safeguard::armed(SafeguardKind::Schedule, None, "it is left");
        for cluster in &mut world.seen.clusters {
            cluster.safeguards = vec![armed.clone()];
        }
        if alive {
            world.pass(&stack);
        }
        let plan = plan::destroy(&stack.name, &world.seen);
        let disarmed = plan.actions.iter().filter_map(|it| {
            let Action::Disarm(id) = &it.action else {
                return None;
            };
            Some(id.to_string())
        });
        let expected: Vec<_> = (1..=over).map(|n| format!("local-{n}")).collect();
        assert_eq!(disarmed.collect::<Vec<_>>(), expected, "{alive}");
    }
}

/// What may happen between two passes, and what a person may change.
#[derive(Debug, Clone)]
enum Turn {
    Work(StepState),
    Unattended,
    LoseBucket,
    LoseKey,
    LoseHome,
    Edit(u8),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let state = prop_oneof![
        Just(StepState::Completed),
        Just(StepState::Failed),
        Just(StepState::Interrupted)
    ];
    let turn = prop_oneof![
        4 => state.prop_map(Turn::Work),
        1 => Just(Turn::Unattended),
        1 => Just(Turn::LoseBucket),
        1 => Just(Turn::LoseKey),
        1 => Just(Turn::LoseHome),
        4 => any::<u8>().prop_map(Turn::Edit),
    ];
    proptest::collection::vec(turn, 1..12)
}

/// One of several stacks of the same name.
fn edited(edit: u8) -> Stack {
    let mut text = STACK.to_owned();
    let edits = [
        ("when_done: terminate", "when_done: keep"),
        ("3 x", "2 x"),
        ("from: caller", "from: 10.0.0.0/8"),
        (
            "key_pairs: [{ name: spark }]",
            "key_pairs: [{ name: spark }, { name: two }]",
        ),
        ("name: two, script: two.py", "name: two, script: three.py"),
        ("release: emr-7.x", "release: emr-7.12.0"),
    ];
    for (bit, (from, to)) in edits.iter().enumerate() {
        if edit & (1 << bit) != 0 {
            text = text.replace(from, to);
        }
    }
    stack(&text)
}

/// An independent look: what the stack names is there, and nothing else.
fn agrees(stack: &Stack, seen: &Observed) {
    let mut names: Vec<_> = seen
        .key_pairs
        .iter()
        .map(|pair| pair.name.clone())
        .collect();
    names.sort();
    let mut wanted: Vec<_> = stack
        .key_pairs
        .iter()
        .map(|pair| pair.name.clone())
        .collect();
    wanted.sort();
    assert_eq!(names, wanted);
    assert_eq!(seen.security_groups, stack.security_groups);
    assert!(
        seen.bucket
            .as_ref()
            .is_some_and(|objects| objects.len() >= 3)
    );
    let live = seen
        .clusters
        .iter()
        .filter(|cluster| cluster.state.is_live());
    assert!(live.clone().count() <= 1);
    for cluster in live {
        assert!(cluster.attended);
        assert_eq!(cluster.spec.guardrails, stack.guardrails);
        assert_eq!(cluster.spec.release, stack.cluster.release);
    }
    if stack.guardrails.when_done == WhenDone::Keep {
        assert!(seen.live().is_some());
    }
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 400))]
    #[test]
    fn one_pass_converges_every_world(turns in turns()) {
        let mut world = World::new();
        let mut stack = edited(0);
        world.pass(&stack);
        for turn in turns {
            match turn {
                Turn::Work(state) => world.work(state),
                Turn::Unattended => {
                    world.seen.clusters.iter_mut().filter(|c| c.state.is_live()).for_each(|c| c.attended = false);
                }
                Turn::LoseBucket => world.seen.bucket = None,
                Turn::LoseKey => drop(world.seen.key_pairs.pop()),
                Turn::LoseHome => world.seen.results_home = None,
                Turn::Edit(edit) => stack = edited(edit),
            }
            world.pass(&stack);
            let left = world.plan(&stack);
            prop_assert!(left.is_empty(), "{:#?}", left);
            agrees(&stack, &world.seen);
        }
    }
}
