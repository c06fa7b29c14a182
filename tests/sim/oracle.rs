//! The oracle: whether an account is as requested, decided from the account alone.

use crate::process::ADDRESS;
use crate::request::{StackRequest, bucket};
use clusterup::cloud::api::Tags;
use clusterup::cloud::api::emr::Role;
use clusterup::model::observed::StepState;
use clusterup_testkit::sim::{Census, CensusCluster};
use std::collections::{BTreeMap, BTreeSet};

/// Asks everything of a stack whose work is done.
pub(crate) fn agrees(census: &Census, request: &StackRequest) {
    key_pairs(census, request);
    groups(census, request);
    objects(census, request);
    runs(census, request);
    let alive: Vec<_> = of(census, request).filter(|c| !c.state.is_over()).collect();
    assert_eq!(alive.len(), usize::from(request.keep), "{alive:#?}");
    for cluster in alive {
        is_as_wished(cluster, request);
    }
}

/// The clusters of a stack, oldest first.
pub(crate) fn of<'a>(
    census: &'a Census,
    request: &StackRequest,
) -> impl DoubleEndedIterator<Item = &'a CensusCluster> {
    let prefix = format!("clusterup/{}/", request.name);
    let clusters = census.clusters.iter();
    clusters.filter(move |cluster| cluster.name.starts_with(&prefix))
}

fn named(request: &StackRequest, name: &str) -> String {
    format!("clusterup.{}.{name}", request.name)
}

fn is_ours(request: &StackRequest, tags: &Tags) -> bool {
    tags.get("clusterup-stack")
        .is_some_and(|stack| stack == request.name)
}

fn key_pairs(census: &Census, request: &StackRequest) {
    let there = census
        .key_pairs
        .iter()
        .filter(|(_, tags)| is_ours(request, tags));
    let there: Vec<_> = there.map(|(name, _)| name.clone()).collect();
    let mut wished: Vec<_> = request
        .keys
        .iter()
        .map(|(name, _)| named(request, name))
        .collect();
    wished.sort();
    assert_eq!(there, wished, "key pairs");
}

fn groups(census: &Census, request: &StackRequest) {
    let there = census
        .groups
        .iter()
        .filter(|(_, tags, _)| is_ours(request, tags));
    let there: Vec<_> = there
        .map(|(name, _, rules)| {
            let rules = rules.iter();
            let rules: Vec<_> = rules
                .map(|rule| (rule.protocol.clone(), rule.ports, rule.from.to_string()))
                .collect();
            (name.clone(), rules)
        })
        .collect();
    let rule = |(port, from): &(u16, &str)| {
        let from = from.replace("caller", &format!("{ADDRESS}/32"));
        ("tcp".to_owned(), Some((*port, *port)), from)
    };
    let mut wished: Vec<_> = request
        .groups
        .iter()
        .map(|(name, rules)| {
            let rules: BTreeSet<_> = rules.iter().map(rule).collect();
            (named(request, name), rules.into_iter().collect::<Vec<_>>())
        })
        .collect();
    wished.sort();
    assert_eq!(there, wished, "security groups");
}

fn objects(census: &Census, request: &StackRequest) {
    let guards = &census.guards[&bucket()];
    assert!(guards.private && guards.policy.is_some(), "{guards:?}");
    assert_eq!(guards.abort_uploads_after_days, Some(1));
    assert_eq!(guards.uploads, 0, "uploads that nobody ended");
    let keys = &census.buckets[&bucket()];
    let prefix = format!("stacks/{}/", request.name);
    for staged in request.staged() {
        assert!(keys.contains(&format!("{prefix}{staged}")), "{staged}");
    }
    assert_eq!(
        left(census, request),
        Vec::<&String>::new(),
        "locks and intents"
    );
}

/// What only an interrupted run leaves.
pub(crate) fn left<'a>(census: &'a Census, request: &StackRequest) -> Vec<&'a String> {
    let intents = format!("stacks/{}/intents/", request.name);
    let lock = format!("locks/{}.json", request.name);
    let keys = census.buckets.values().flatten();
    keys.filter(|key| key.starts_with(&intents) || **key == lock)
        .collect()
}

/// No run of a step was handed in twice, and the last that there was ended well.
fn runs(census: &Census, request: &StackRequest) {
    no_run_twice(census);
    if request.scripts.is_empty() {
        return;
    }
    let completed = of(census, request).any(|cluster| {
        let steps = cluster.steps.iter();
        steps
            .filter(|(_, state)| *state == StepState::Completed)
            .count()
            >= request.scripts.len()
    });
    assert!(completed, "no run ended well");
}

/// Each run of a job on a cluster has each of its steps once.
pub(crate) fn no_run_twice(census: &Census) {
    for cluster in &census.clusters {
        let names: BTreeSet<_> = cluster.steps.iter().map(|(name, _)| name).collect();
        assert_eq!(
            names.len(),
            cluster.steps.len(),
            "a step twice: {cluster:#?}"
        );
    }
}

/// The one cluster that there ever was ran each step once, and well.
pub(crate) fn one_cluster_one_run(census: &Census, request: &StackRequest) {
    one_cluster_with_runs(census, request, 1);
}

/// The one cluster that there ever was ran the job so many times, and well.
pub(crate) fn one_cluster_with_runs(census: &Census, request: &StackRequest, runs: usize) {
    let clusters: Vec<_> = of(census, request).collect();
    assert_eq!(clusters.len(), 1, "{clusters:#?}");
    let steps = &clusters[0].steps;
    let names: Vec<_> = steps
        .iter()
        .map(|(name, _)| name.split(' ').next().unwrap())
        .collect();
    assert_eq!(names, request.steps().repeat(runs), "{steps:?}");
    let well = steps
        .iter()
        .all(|(_, state)| *state == StepState::Completed);
    assert!(well, "{steps:?}");
}

pub(crate) fn is_as_wished(cluster: &CensusCluster, request: &StackRequest) {
    let mut instances = vec![(Role::Primary, 1), (Role::Core, request.core)];
    if request.task > 0 {
        instances.push((Role::Task, request.task));
    }
    assert_eq!(cluster.instances, instances);
    assert!(
        cluster.types.iter().all(|(_, kind)| kind == request.kind),
        "{cluster:#?}"
    );
    let line = request.release.trim_end_matches('x');
    assert!(cluster.release.starts_with(line), "{}", cluster.release);
    let idle = cluster.idle_timeout.map(|span| span.as_secs());
    assert_eq!(idle, Some(request.idle_minutes * 60), "idle policy");
    assert_eq!(cluster.keep_alive, request.keep, "keep_alive");
    let key = request.keys.first().map(|(name, _)| named(request, name));
    assert_eq!(cluster.key_pair, key);
    let groups: Vec<_> = request
        .groups
        .iter()
        .take(1)
        .map(|(name, _)| named(request, name))
        .collect();
    assert_eq!(cluster.groups, groups);
    assert!(is_ours(request, &cluster.tags));
    let team = cluster
        .tags
        .get("clusterup-team")
        .filter(|team| !team.is_empty());
    assert_eq!(team.map(String::as_str), request.team, "the team that pays");
    let ours = |key: &str| key.starts_with("clusterup-") || key.starts_with("for-use-with-");
    let tags = cluster.tags.iter().filter(|(key, _)| !ours(key));
    let tags: BTreeMap<_, _> = tags.map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        tags,
        request.tags.iter().copied().collect(),
        "the user's tags"
    );
}

/// Nothing of any stack is left in the account.
pub(crate) fn is_empty(census: &Census) {
    assert!(census.buckets.is_empty(), "{:?}", census.buckets);
    assert!(census.key_pairs.is_empty(), "{:?}", census.key_pairs);
    assert!(census.groups.is_empty(), "{:?}", census.groups);
    let alive: Vec<_> = census
        .clusters
        .iter()
        .filter(|c| !c.state.is_over())
        .collect();
    assert!(alive.is_empty(), "{alive:#?}");
}
