//! What differs between a living cluster and the one that is asked for: what can be moved while it
//! lives, and what cannot.

use crate::model::desired::{ClusterSpec, InstanceGroups};
use crate::model::observed::Cluster;
use crate::model::span::Span;
use crate::model::stack::InstanceGroup;
use std::fmt::Display;

fn change(what: &str, from: impl Display, to: impl Display) -> String {
    format!("{what} was {from} and is to be {to}")
}

/// What of a cluster cannot be moved while it lives, if it has to move. An `elastic` target can
/// change the counts of core and task nodes.
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
        let (from, to) = (have.worker.memory, want.worker.memory);
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
    if have.key_pair != want.key_pair {
        return Some("its key pair is another".to_owned());
    }
    (have.security_groups != want.security_groups)
        .then(|| "its security groups are others".to_owned())
}

/// What differs between two layouts besides counts.
fn shape(have: &InstanceGroups, want: &InstanceGroups) -> Option<String> {
    let roles = [
        ("primary", Some(&have.primary), Some(&want.primary)),
        ("core", have.core.as_ref(), want.core.as_ref()),
        ("task", have.task.as_ref(), want.task.as_ref()),
    ];
    roles
        .into_iter()
        .find_map(|(role, have, want)| match (have, want) {
            (None, None) => None,
            (Some(_), None) => Some(format!("it is to have no {role} nodes")),
            (None, Some(_)) => Some(format!("it is to have {role} nodes")),
            (Some(have), Some(want)) => kind(role, have, want),
        })
}

fn kind(role: &str, have: &InstanceGroup, want: &InstanceGroup) -> Option<String> {
    let (from, to) = (have.instance_type(), want.instance_type());
    if from != to {
        return Some(change(&format!("the type of its {role} nodes"), from, to));
    }
    if have.market != want.market {
        return Some(format!("its {role} nodes are to be bought otherwise"));
    }
    (have.ebs != want.ebs).then(|| format!("its {role} nodes are to have other disks"))
}

/// What of a living cluster has to move and can.
pub(super) fn movable(cluster: &Cluster, want: &ClusterSpec, elastic: bool) -> Vec<String> {
    let have = &cluster.spec;
    let mut changes = cluster.drift.clone();
    if elastic {
        let groups = [
            ("core", &have.groups.core, &want.groups.core),
            ("task", &have.groups.task, &want.groups.task),
        ];
        for (role, have, want) in groups {
            if let (Some(have), Some(want)) = (have, want)
                && have.nodes.count != want.nodes.count
            {
                let what = format!("the number of {role} nodes");
                changes.push(change(&what, have.nodes.count, want.nodes.count));
            }
        }
    }
    let (from, to) = (&have.guardrails, &want.guardrails);
    if from.idle_timeout != to.idle_timeout {
        changes.push(change("idle_timeout", from.idle_timeout, to.idle_timeout));
    }
    if from.max_lifetime != to.max_lifetime {
        changes.push(change("max_lifetime", from.max_lifetime, to.max_lifetime));
    }
    if from.budget != to.budget {
        let dollars = |budget: &Option<crate::model::money::Usd>| {
            budget.map_or("none".to_owned(), |budget| budget.to_string())
        };
        changes.push(change(
            "the budget",
            dollars(&from.budget),
            dollars(&to.budget),
        ));
    }
    if from.lease != to.lease {
        let span = |span: Option<Span>| span.map_or("none".to_owned(), |span| span.to_string());
        changes.push(change("the lease", span(from.lease), span(to.lease)));
    }
    if from.off_hours != to.off_hours {
        changes.push("its off hours are others".to_owned());
    }
    if from.ceiling != to.ceiling {
        changes.push("its ceiling is another".to_owned());
    }
    if have.team != want.team {
        changes.push("its team is another".to_owned());
    }
    if from.when_done != to.when_done {
        changes.push("when_done is another".to_owned());
    }
    changes
}
