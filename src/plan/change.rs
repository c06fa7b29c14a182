//! The differences between a living cluster and the desired one: what can be changed while it
//! lives, and what cannot.

use super::{bootstrap, fleets};
use crate::guard::{self, Verdict};
use crate::model::desired::{ClusterSpec, InstanceGroups};
use crate::model::observed::Cluster;
use crate::model::root_volume::RootVolume;
use crate::model::stack::InstanceGroup;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

pub(super) fn change(what: &str, from: impl Display, to: impl Display) -> String {
    format!("{what} changes from {from} to {to}")
}

/// The first difference that cannot be changed while the cluster lives, if there is one. An
/// `elastic` target can change the counts of core and task nodes.
pub(super) fn immovable(have: &ClusterSpec, want: &ClusterSpec, elastic: bool) -> Option<String> {
    let same_release = match &have.label {
        Some(label) => want.release.admits(label),
        None => have.release == want.release,
    };
    if !same_release {
        let have = have.label.clone().unwrap_or(have.release.to_string());
        return Some(change("the release", have, &want.release));
    }
    if elastic {
        if let Some(shape) = shape(&have.groups, &want.groups) {
            return Some(shape);
        }
    } else if have.size != want.size {
        return Some(change("the size", &have.size, &want.size));
    } else if have.workers != want.workers || have.worker != want.worker {
        let from = have.worker.memory;
        let to = want.worker.memory;
        return Some(change("each worker's memory", from, to));
    }
    if have.python_packages != want.python_packages {
        let list = |spec: &ClusterSpec| format!("[{}]", spec.python_packages.join(", "));
        return Some(change(
            "the list of Python packages",
            list(have),
            list(want),
        ));
    }
    if let Some(difference) = bootstrap::difference(&have.bootstrap, &want.bootstrap) {
        return Some(difference);
    }
    if let Some((key, from, to)) = have.emr.difference(&want.emr) {
        return Some(change(&key, from, to));
    }
    if let Some((key, from, to)) = have.network.difference(&want.network) {
        return Some(change(key, from, to));
    }
    if have.key_pair != want.key_pair {
        return Some("its key pair changes".to_owned());
    }
    (have.security_groups != want.security_groups).then(|| "its security groups change".to_owned())
}

/// The first difference between two layouts apart from counts.
fn shape(have: &InstanceGroups, want: &InstanceGroups) -> Option<String> {
    let roles = [
        ("primary", Some(&have.primary), Some(&want.primary)),
        ("core", have.core.as_ref(), want.core.as_ref()),
        ("task", have.task.as_ref(), want.task.as_ref()),
    ];
    if have.has_fleets() != want.has_fleets() {
        let kinds = if want.has_fleets() {
            "instance groups become fleets"
        } else {
            "fleets become instance groups"
        };
        return Some(format!("its {kinds}"));
    }
    if have.root_volume != want.root_volume {
        let shown = |volume: Option<RootVolume>| {
            volume.map_or_else(|| "EMR's own".to_owned(), |it| it.to_string())
        };
        let (from, to) = (shown(have.root_volume), shown(want.root_volume));
        return Some(change("root_volume", from, to));
    }
    roles
        .into_iter()
        .find_map(|(role, have, want)| match (have, want) {
            (None, None) => None,
            (Some(_), None) => Some(format!("its {role} nodes are removed")),
            (None, Some(_)) => Some(format!("{role} nodes are added")),
            (Some(have), Some(want)) => kind(role, have, want),
        })
}

fn kind(role: &str, have: &InstanceGroup, want: &InstanceGroup) -> Option<String> {
    if have.fleet.is_some() || want.fleet.is_some() {
        let difference = fleets::immovable(role, &have.as_fleet(), &want.as_fleet());
        return difference.or_else(|| disks(role, have, want));
    }
    let from = have.instance_type();
    let to = want.instance_type();
    if from != to {
        return Some(change(&format!("the type of its {role} nodes"), from, to));
    }
    if have.market != want.market {
        return Some(format!("the market of its {role} nodes changes"));
    }
    if have.bid != want.bid {
        return Some(format!("the bid for its {role} nodes changes"));
    }
    disks(role, have, want)
}

fn disks(role: &str, have: &InstanceGroup, want: &InstanceGroup) -> Option<String> {
    (have.ebs != want.ebs).then(|| format!("the disks of its {role} nodes change"))
}

/// The differences that can be changed while the cluster lives.
pub(super) fn movable(cluster: &Cluster, want: &ClusterSpec, elastic: bool) -> Vec<String> {
    let have = &cluster.spec;
    let mut changes = cluster.drift.clone();
    if elastic {
        changes.extend(fleets::movable(&have.groups, &want.groups));
    }
    let guardrails = have
        .guardrails
        .rows()
        .into_iter()
        .zip(want.guardrails.rows());
    let differ = guardrails.filter(|((_, from), (_, to))| from != to);
    changes.extend(differ.map(|((name, from), (_, to))| change(name, from, to)));
    if have.step_concurrency != want.step_concurrency {
        let (from, to) = (have.step_concurrency, want.step_concurrency);
        changes.push(change("step_concurrency", from, to));
    }
    if have.termination_protection != want.termination_protection {
        let (from, to) = (have.termination_protection, want.termination_protection);
        changes.push(change("termination_protection", from, to));
    }
    let access = [have, want].map(|spec| spec.network.access.as_str());
    if access[0] != access[1] {
        changes.push(change("access to its nodes", access[0], access[1]));
    }
    if have.team != want.team {
        changes.push("its team changes".to_owned());
    }
    changes.extend(tags(&have.tags, &want.tags));
    changes
}

/// The changes of the user's tags, by key.
fn tags(have: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> = have.keys().chain(want.keys()).collect();
    let of = |key: &String| match (have.get(key), want.get(key)) {
        (None, Some(to)) => Some(format!("the tag {key}={to} is added")),
        (Some(_), None) => Some(format!("the tag {key} is removed")),
        (Some(from), Some(to)) if from != to => Some(change(&format!("the tag {key}"), from, to)),
        _ => None,
    };
    keys.into_iter().filter_map(of).collect()
}

/// Why a change would end a living cluster at once that would otherwise live on; `None` if it would
/// not. A `busy` cluster, which the same plan gives work, is not ended as idle.
pub(super) fn ends(
    cluster: &Cluster,
    want: &ClusterSpec,
    busy: bool,
    now: DateTime<Utc>,
) -> Option<String> {
    let verdict = |cluster: &Cluster| {
        if busy {
            guard::hard_sweep(now, cluster)
        } else {
            guard::sweep(now, cluster)
        }
    };
    let Verdict::Terminate { message, .. } = verdict(&cluster.grown(want, now)) else {
        return None;
    };
    matches!(verdict(cluster), Verdict::Keep { .. }).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::span::Span;
    use crate::model::stack::{Guardrails, Market};
    use chrono::TimeDelta;

    fn cluster(core: u16) -> Cluster {
        let text = "stack: t\nregion: us-east-1\ncluster: { release: emr-7.x, size: 1 x m5.xlarge }\n\
                    guardrails: { max_lifetime: 8h, budget: $3, when_done: keep }\n";
        let stack = crate::text::parse("t.yaml", text, std::path::Path::new(""), &[]).unwrap();
        let rates = "primary=0.2+0.05+0+0 core=0.2+0.05+0+0";
        let facts = crate::model::facts::Facts::of_aws(rates);
        let mut spec = crate::plan::expand::expand(&stack, &facts)
            .unwrap()
            .0
            .cluster;
        spec.groups.core = Some(InstanceGroup {
            nodes: format!("{core} x m5.xlarge").parse().unwrap(),
            market: Market::OnDemand,
            ebs: None,
            bid: None,
            fleet: None,
        });
        let id = "j-1".parse().unwrap();
        let stack = "t".parse().unwrap();
        Cluster::new(id, stack, spec, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_change_of_tags_names_them() {
        let tags = |all: &[(&str, &str)]| {
            let all = all.iter();
            all.map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        let mut have = cluster(1);
        have.spec.tags = tags(&[("cost-center", "1"), ("owner", "ada"), ("same", "x")]);
        let mut want = have.spec.clone();
        assert!(movable(&have, &want, true).is_empty());
        want.tags = tags(&[("owner", "bob"), ("same", "x"), ("tier", "2")]);
        let changes = [
            "the tag cost-center is removed",
            "the tag owner changes from ada to bob",
            "the tag tier=2 is added",
        ];
        assert_eq!(movable(&have, &want, true), changes);
        assert_eq!(immovable(&have.spec, &want, true), None);
    }

    #[test]
    fn what_machines_start_with_replaces_the_cluster() {
        let have = cluster(1).spec;
        let changed = |change: &dyn Fn(&mut ClusterSpec)| {
            let mut want = have.clone();
            change(&mut want);
            immovable(&have, &want, true)
        };
        assert_eq!(changed(&|_| ()), None);
        let root = RootVolume {
            size: crate::model::memory::Memory::from_mib(50 << 10),
            iops: Some(4_000),
            throughput: None,
        };
        for (why, says) in [
            (
                changed(&|want| want.groups.root_volume = Some(root)),
                "root_volume changes from EMR's own to 50g with 4000 IOPS",
            ),
            (
                changed(&|want| want.emr.image = "ami-0abcdef1234567890".parse().ok()),
                "image changes from none to ami-0abcdef1234567890",
            ),
            (
                changed(&|want| want.emr.logs = "s3://team-logs/emr/".parse().ok()),
                "logs changes from none to s3://team-logs/emr",
            ),
            (
                changed(&|want| want.emr.instance_profile = "Nodes".parse().ok()),
                "roles.instance_profile changes from none to Nodes",
            ),
        ] {
            assert_eq!(why.as_deref(), Some(says));
        }
        let action = crate::model::bootstrap::BootstrapSpec {
            name: "tools".parse().unwrap(),
            script: "s3://b/tools.sh".to_owned(),
            args: Vec::new(),
        };
        let added = changed(&|want| want.bootstrap.push(action.clone()));
        assert_eq!(
            added.as_deref(),
            Some("the bootstrap action tools is added")
        );
    }

    #[test]
    fn concurrency_and_protection_change_in_place() {
        let have = cluster(1);
        let mut want = have.spec.clone();
        want.step_concurrency = 4;
        want.termination_protection = true;
        assert_eq!(immovable(&have.spec, &want, true), None);
        let changes = [
            "step_concurrency changes from 1 to 4",
            "termination_protection changes from false to true",
        ];
        assert_eq!(movable(&have, &want, true), changes);
    }

    fn late() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(3)
    }

    #[test]
    fn a_change_that_ends_a_cluster_at_once_is_reported() {
        let small = cluster(1);
        let large = cluster(20).spec;
        // $0.5/h: after two hours $1 is spent. An end of 21 nodes takes $1.75, of two $0.17.
        let soon = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        assert_eq!(ends(&small, &small.spec, false, late()), None);
        assert_eq!(ends(&small, &large, false, soon), None);
        let why = ends(&small, &large, false, late()).unwrap();
        assert_eq!(
            why,
            "$1.5792 spent by 03:00:00 UTC at $5.25/h, before the cost of its ending (budget: $3.00)"
        );
        let mut brief = small.spec.clone();
        brief.guardrails.max_lifetime = Span::from_secs(7_200);
        assert_eq!(ends(&small, &brief, false, soon), None);
        let why = ends(&small, &brief, false, late()).unwrap();
        assert_eq!(why, "alive since 00:00:00 UTC (max_lifetime: 2h)");
        // A cluster that is over anyway is not ended by the change.
        let mut over = small;
        over.spec.guardrails = Guardrails {
            budget: None,
            ..brief.guardrails.clone()
        };
        assert_eq!(ends(&over, &brief, false, late()), None);
    }

    #[test]
    fn a_cluster_whose_lease_expires_anyway_is_not_ended_by_the_change() {
        let mut left = cluster(1);
        left.spec.guardrails.lease = Some(Span::from_secs(3_600));
        let mut brief = left.spec.clone();
        brief.guardrails.max_lifetime = Span::from_secs(7_200);
        assert_eq!(ends(&left, &brief, false, late()), None);
        left.renewed_at = Some(late());
        let why = ends(&left, &brief, false, late()).unwrap();
        assert_eq!(why, "alive since 00:00:00 UTC (max_lifetime: 2h)");
    }

    #[test]
    fn a_lease_begins_with_the_change_that_adds_it() {
        let have = cluster(1);
        for lease in [None, Some(8 * 3_600)] {
            let mut have = have.clone();
            have.spec.guardrails.lease = lease.map(Span::from_secs);
            let mut want = have.spec.clone();
            want.guardrails.lease = Some(Span::from_secs(60));
            assert_eq!(ends(&have, &want, false, late()), None, "{lease:?}");
        }
    }

    #[test]
    fn a_shorter_idle_timeout_ends_an_idle_cluster_without_new_work() {
        let mut idle = cluster(1);
        idle.spec.guardrails.idle_timeout = Span::from_secs(4 * 3_600);
        idle.ready_at = Some(DateTime::UNIX_EPOCH);
        let mut want = idle.spec.clone();
        assert_eq!(ends(&idle, &want, false, late()), None);
        want.guardrails.idle_timeout = Span::from_secs(3_600);
        let why = ends(&idle, &want, false, late()).unwrap();
        assert_eq!(why, "idle for 3h since 00:00:00 UTC (idle_timeout: 1h)");
        assert_eq!(ends(&idle, &want, true, late()), None);
    }
}
