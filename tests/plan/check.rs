//! Plans that the planner must never make, each with one fault.

use chrono::DateTime;
use clusterup::model::action::{Action, Results};
use clusterup::model::desired::ClusterSpec;
use clusterup::model::desired::{JobSpec, KeyPairSpec, Object};
use clusterup::model::name::ClusterId;
use clusterup::model::observed::{Cluster, Observed};
use clusterup::model::observed::{ClusterState, End, ObservedKeyPair, Run};
use clusterup::model::plan::Plan;
use clusterup::model::plan::Planned;
use clusterup::model::stack::SecurityGroup;
use clusterup::plan::check::{FlawKind, Need, flaws};
use std::collections::BTreeMap;

fn group(name: &str) -> SecurityGroup {
    SecurityGroup {
        name: name.parse().unwrap(),
        ingress: Vec::new(),
        vpc: None,
    }
}

fn spec() -> Box<ClusterSpec> {
    let text = "stack: t\nregion: us-east-1\nkey_pairs: [{ name: spark }]\n\
                security_groups: [{ name: ssh, ingress: [] }]\n\
                cluster: { release: emr-7.x, size: 1 x m5.xlarge, key_pair: spark, \
                security_groups: [ssh] }\nguardrails: { max_lifetime: 8h, when_done: keep }\n";
    let stack = clusterup::text::parse("t.yaml", text, std::path::Path::new(""), &[]).unwrap();
    let facts = clusterup::model::facts::Facts {
        bucket: "s3://b".to_owned(),
        work: "s3://b".to_owned(),
        step_files: Default::default(),
        data: BTreeMap::new(),
        public_keys: BTreeMap::new(),
        sample: None,
        label: None,
        subnet: None,
        more_subnets: Vec::new(),
        untagged: Vec::new(),
        capacity: clusterup::model::facts::Capacity::AsTyped,
        prices: Ok("primary=0.2+0.05+0+0".parse().unwrap()),
        ending: clusterup::model::span::Span::from_secs(60),
        attempt: None,
        last_run: Default::default(),
    };
    let (desired, _) = clusterup::plan::expand::expand(&stack, &facts).unwrap();
    Box::new(desired.cluster)
}

fn cluster(id: &str, stack: &str, state: ClusterState) -> Cluster {
    let born = DateTime::UNIX_EPOCH;
    Cluster {
        state,
        ..Cluster::new(id.parse().unwrap(), stack.parse().unwrap(), *spec(), born)
    }
}

/// Nothing of the stack.
fn nothing() -> Observed {
    Observed {
        at: DateTime::UNIX_EPOCH,
        key_pairs: Vec::new(),
        security_groups: Vec::new(),
        bucket: None,
        clusters: Vec::new(),
        remembered: Vec::new(),
        results_home: None,
    }
}

/// All of it: `j-1` is over, `j-2` is ending, `j-3` lives; `j-9` is another stack's.
fn world() -> Observed {
    let pair = ObservedKeyPair {
        name: "spark".parse().unwrap(),
        public_key: String::new(),
        ours: true,
    };
    Observed {
        key_pairs: vec![pair],
        security_groups: vec![group("ssh")],
        bucket: Some(BTreeMap::new()),
        clusters: vec![
            cluster("j-1", "t", ClusterState::Terminated),
            cluster("j-2", "t", ClusterState::Terminating),
            cluster("j-3", "t", ClusterState::Waiting),
            cluster("j-9", "other", ClusterState::Terminated),
        ],
        ..nothing()
    }
}

fn id(text: &str) -> ClusterId {
    text.parse().unwrap()
}

fn end(text: &str, why: &str) -> Action {
    Action::TerminateCluster(id(text), End::asked(why))
}

fn create() -> Action {
    Action::CreateCluster(spec(), None)
}

fn pair() -> Action {
    pair_named("spark")
}

fn pair_named(name: &str) -> Action {
    Action::CreateKeyPair(KeyPairSpec {
        name: name.parse().unwrap(),
        public_key: None,
    })
}

/// The download of a run into a folder.
fn home(to: &str, number: u32) -> Action {
    Action::BringHome(Results {
        run: Run {
            number,
            ..run("j-1")
        },
        key: "results/0".parse().unwrap(),
        to: to.into(),
    })
}

fn job() -> JobSpec {
    JobSpec {
        at_once: 1,
        on_stuck: Default::default(),
        hash: "0".repeat(16).parse().unwrap(),
        steps: Vec::new(),
        results_key: "results/0".parse().unwrap(),
        kept: Default::default(),
        scratch_key: "scratch/0".parse().unwrap(),
    }
}

fn run(of: &str) -> Run {
    Run {
        job: job().hash,
        cluster: id(of),
        number: 1,
    }
}

fn stage(key: &str) -> Action {
    stages(&[key])
}

fn stages(keys: &[&str]) -> Action {
    let object = |key: &&str| Object {
        key: (*key).to_owned(),
        from: "a".into(),
        bytes: 1,
        sha256: String::new(),
        crc32: 0,
        sample: None,
    };
    Action::Stage(keys.iter().map(object).collect())
}

/// The kinds of the flaws of a plan with these actions.
fn kinds(actions: &[Action], observed: &Observed) -> Vec<FlawKind> {
    let planned = |action: &Action| Planned {
        action: action.clone(),
        because: "a test".to_owned(),
        asks: false,
    };
    let plan = Plan {
        stack: "t".parse().unwrap(),
        actions: actions.iter().map(planned).collect(),
        settled: Vec::new(),
        notes: Vec::new(),
    };
    let flaws = flaws(&plan, observed);
    flaws.into_iter().map(|flaw| flaw.kind).collect()
}

#[test]
fn a_valid_plan_passes_the_check() {
    let from_nothing = [
        Action::CreateRoles,
        pair(),
        Action::CreateGroup(group("ssh")),
        Action::CreateBucket,
        stage("a"),
        create(),
    ];
    assert_eq!(kinds(&from_nothing, &nothing()), []);
    let replaced = [
        Action::Disarm(id("j-1")),
        end("j-3", "replaced"),
        end("j-2", "it was ending"),
        create(),
        Action::Remember(run("j-3")),
    ];
    assert_eq!(kinds(&replaced, &world()), []);
    let destroyed = [
        end("j-2", "it was ending"),
        end("j-3", "its stack was destroyed"),
        Action::DeleteCluster(id("j-1")),
        Action::DeleteCluster(id("j-3")),
        Action::DeleteBucket,
        Action::DeleteGroup("ssh".parse().unwrap()),
        Action::DeleteKeyPair("spark".parse().unwrap()),
    ];
    assert_eq!(kinds(&destroyed, &world()), []);
}

#[test]
fn no_action_is_planned_twice() {
    let moved = || Action::UpdateCluster(id("j-3"), spec());
    for twice in [
        [Action::Disarm(id("j-1")), Action::Disarm(id("j-1"))],
        [Action::CreateRoles, Action::CreateRoles],
        [moved(), moved()],
        [stage("a"), stage("a")],
        [stages(&["a", "b"]), stages(&["c", "a"])],
        [home("here", 1), home("here", 2)],
        ["ssh", "ssh"].map(|name| Action::UpdateGroup(group(name))),
        [Action::Remember(run("j-1")), Action::Remember(run("j-1"))],
    ] {
        assert_eq!(kinds(&twice, &world()), [FlawKind::Twice], "{twice:?}");
    }
    for two in [
        [home("here", 1), home("there", 1)],
        [stage("a"), stage("b")],
        [stages(&["a", "b"]), stages(&["c", "d"])],
        ["a", "b"].map(|name| Action::CreateGroup(group(name))),
        ["a", "b"].map(pair_named),
    ] {
        assert_eq!(kinds(&two, &world()), [], "{two:?}");
    }
    for twice in [
        ["a", "a"].map(|name| Action::CreateGroup(group(name))),
        ["a", "a"].map(pair_named),
    ] {
        let again = FlawKind::OutOfOrder(Need::FreeName);
        assert_eq!(
            kinds(&twice, &world()),
            [FlawKind::Twice, again],
            "{twice:?}"
        );
    }
    // The same for another reason, and what cannot be done twice for another cause too.
    let ended = kinds(&[end("j-3", "a"), end("j-3", "b")], &world());
    let again = FlawKind::OutOfOrder(Need::NotOver);
    assert_eq!(ended, [FlawKind::Twice, again]);
    let forgotten = [id("j-1"), id("j-1")].map(Action::DeleteCluster);
    let kinds = kinds(&forgotten, &world());
    assert_eq!(kinds, [FlawKind::Twice, FlawKind::NotOfStack]);
}

#[test]
fn nothing_is_touched_that_is_not_of_the_stack() {
    for action in [
        Action::DeleteGroup("other".parse().unwrap()),
        Action::UpdateGroup(group("other")),
        Action::DeleteKeyPair("other".parse().unwrap()),
        Action::DeleteCluster(id("j-9")),
        Action::Disarm(id("j-9")),
        end("j-9", "another stack's"),
        end("j-8", "nobody has seen it"),
        Action::UpdateCluster(id("j-9"), spec()),
        Action::AddSteps(id("j-8"), job()),
    ] {
        let kinds = kinds(std::slice::from_ref(&action), &world());
        assert_eq!(kinds, [FlawKind::NotOfStack], "{action:?}");
    }
    assert_eq!(
        kinds(&[Action::DeleteBucket], &nothing()),
        [FlawKind::NotOfStack]
    );
}

#[test]
fn every_action_comes_after_what_it_needs() {
    let ssh = || Action::CreateGroup(group("ssh"));
    for (actions, need) in [
        (vec![stage("a"), Action::CreateBucket], Need::Bucket),
        (
            vec![pair(), ssh(), create(), Action::CreateBucket],
            Need::Bucket,
        ),
        (
            vec![ssh(), Action::CreateBucket, create(), pair()],
            Need::KeyPair,
        ),
        (
            vec![pair(), Action::CreateBucket, create(), ssh()],
            Need::Group,
        ),
        (
            vec![
                pair(),
                ssh(),
                Action::CreateBucket,
                create(),
                Action::CreateRoles,
            ],
            Need::Roles,
        ),
        (
            vec![pair(), ssh(), Action::CreateBucket, create(), stage("a")],
            Need::Files,
        ),
    ] {
        let expected = [FlawKind::OutOfOrder(need)];
        assert_eq!(kinds(&actions, &nothing()), expected, "{actions:?}");
    }
}

#[test]
fn nothing_is_used_after_its_end_or_deletion() {
    let ssh = || Action::DeleteGroup("ssh".parse().unwrap());
    let ends = || vec![end("j-2", "a"), end("j-3", "b")];
    let steps = || Action::AddSteps(id("j-3"), job());
    let moved = || Action::UpdateCluster(id("j-3"), spec());
    let forget = || Action::DeleteCluster(id("j-1"));
    for (actions, need) in [
        (vec![create()], Need::NoOther),
        (
            vec![end("j-3", "b"), create(), end("j-2", "a")],
            Need::NoOther,
        ),
        (
            vec![[ends(), vec![create(), create()]].concat()[3].clone()],
            Need::NoOther,
        ),
        (vec![ssh()], Need::NoUser),
        (vec![end("j-3", "b"), ssh()], Need::NoUser),
        (vec![end("j-3", "b"), Action::DeleteBucket], Need::NoUser),
        (
            vec![Action::DeleteCluster(id("j-3")), end("j-2", "a")],
            Need::Over,
        ),
        (vec![Action::Disarm(id("j-3"))], Need::Over),
        (vec![end("j-1", "it is over")], Need::NotOver),
        (vec![end("j-3", "b"), steps()], Need::Alive),
        (vec![end("j-3", "b"), moved()], Need::Alive),
        (vec![Action::StartCluster(id("j-2"))], Need::Alive),
        (vec![moved(), steps()], Need::NotMoved),
        (vec![steps(), stage("a")], Need::Files),
        (
            vec![forget(), Action::Remember(run("j-1"))],
            Need::NotForgotten,
        ),
        (vec![pair()], Need::FreeName),
        (vec![Action::CreateGroup(group("ssh"))], Need::FreeName),
        (vec![Action::CreateBucket], Need::FreeName),
    ] {
        let expected = [FlawKind::OutOfOrder(need)];
        assert_eq!(kinds(&actions, &world()), expected, "{actions:?}");
    }
    let mut recorded = world();
    recorded.clusters[2].attended = false;
    let start = || Action::StartCluster(id("j-3"));
    for action in [steps(), moved()] {
        let late = [action.clone(), start()];
        assert_eq!(kinds(&late, &recorded), [FlawKind::OutOfOrder(Need::Begun)]);
        assert_eq!(kinds(&[start(), action], &recorded), []);
    }
}
