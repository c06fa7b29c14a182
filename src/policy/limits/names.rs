//! Limits that are names; each policy must allow them.

use super::{Breach, Limit, LimitFindings, set};
use crate::model::desired::InstanceGroups;
use crate::model::glob::Glob;
use crate::model::instance::InstanceType;
use crate::model::instance_fleet::Scaling;
use crate::model::instance_span::Role;
use crate::model::policy::{Located, Policy, SourceLimit};
use crate::model::release::Release;
use crate::model::stack::{IngressSource, InstanceGroup, Market, Stack};
use crate::policy::subject::Subject;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(policies: &[&Policy], subject: &Subject<'_>, found: &mut LimitFindings) {
    let stack = subject.stack;
    let groups = InstanceGroups::of(&stack.cluster);
    let types: BTreeSet<String> = groups
        .iter()
        .flat_map(InstanceGroup::instance_types)
        .map(InstanceType::to_string)
        .collect();
    for (policy, allowed) in set(policies, |limits| limits.instance_types.as_ref()) {
        one_of(found, &INSTANCE_TYPES, policy, allowed, types.iter());
    }
    let region = [stack.region.to_string()];
    for (policy, allowed) in set(policies, |limits| limits.regions.as_ref()) {
        one_of(found, &REGIONS, policy, allowed, region.iter());
    }
    for (policy, allowed) in set(policies, |limits| limits.releases.as_ref()) {
        let release = Some(stack.cluster.release.to_string());
        let release = release.filter(|release| !allowed.value.iter().any(|it| is_of(it, release)));
        one_of(found, &RELEASES, policy, allowed, release.iter());
    }
    for (policy, allowed) in set(policies, |limits| limits.market.as_ref()) {
        market(found, policy, allowed, stack);
    }
    for (policy, allowed) in set(policies, |limits| limits.ssh_from.as_ref()) {
        ssh_from(found, policy, allowed, stack);
    }
    for (policy, allowed) in set(policies, |limits| limits.tags.as_ref()) {
        tags(found, policy, allowed, stack);
    }
}

const INSTANCE_TYPES: Limit = Limit::new("instance_types", "cluster.size");
const REGIONS: Limit = Limit::new("regions", "region");
const RELEASES: Limit = Limit::new("releases", "cluster.release");
const MARKET: Limit = Limit::new("market", "cluster.size");
const SSH_FROM: Limit = Limit::new("ssh_from", "security_groups");
const TAGS: Limit = Limit::new("tags", "tags");
#[cfg(test)]
pub(super) const ALL: [Limit; 6] = [INSTANCE_TYPES, REGIONS, RELEASES, MARKET, SSH_FROM, TAGS];

/// Whether a release belongs to a line, as `emr-7.12.0` does to `emr-7.x`.
fn is_of(line: &Glob, release: &str) -> bool {
    let line: Option<Release> = line.as_str().parse().ok();
    line.is_some_and(|line| line.admits(release))
}

/// Checks that each name matches one of the patterns.
fn one_of<'a>(
    found: &mut LimitFindings,
    limit: &Limit,
    policy: &Policy,
    allowed: &Located<Vec<Glob>>,
    names: impl Iterator<Item = &'a String>,
) {
    let globs: Vec<&str> = allowed.value.iter().map(Glob::as_str).collect();
    let list = globs.join(", ");
    let pass = globs.join(" or ");
    for name in names.filter(|name| !allowed.value.iter().any(|glob| glob.fits(name))) {
        let breach = Breach {
            figure: Some(name.clone()),
            limit: Some(list.clone()),
            message: format!(
                "{name} is not among the {} of policy {}",
                limit.key, policy.name
            ),
            pass: if limit.key == INSTANCE_TYPES.key {
                format!("{} with only {pass}", limit.at)
            } else {
                format!("{}: {pass}", limit.at)
            },
        };
        let finding = limit.finding(policy, allowed.line, breach);
        found.findings.push(finding);
    }
}

fn market(found: &mut LimitFindings, policy: &Policy, allowed: &Located<Market>, stack: &Stack) {
    let cluster = &stack.cluster;
    let workers = [(Role::Core, &cluster.core), (Role::Task, &cluster.task)];
    let workers = workers
        .into_iter()
        .filter_map(|(role, group)| Some((role, group.as_ref()?)));
    let primary = (allowed.value == Market::OnDemand).then_some((Role::Primary, &cluster.primary));
    for (role, group) in primary.into_iter().chain(workers) {
        let scaling = cluster.scaling.filter(|_| role != Role::Primary);
        let differs = |scaling| {
            let mut bought = markets(group, scaling).into_iter();
            bought.find(|it| *it != allowed.value)
        };
        let Some(other) = differs(scaling) else {
            continue;
        };
        let has = word(other);
        let wants = word(allowed.value);
        let leads = role == Role::Primary;
        let nodes = if leads { "node is" } else { "nodes are" };
        let name = &policy.name;
        let other = match &group.fleet {
            // EMR buys the other market only to scale.
            _ if differs(None).is_none() => {
                Some("no cluster.scaling.on_demand_at_most below its `to`".to_owned())
            }
            Some(_) => Some(format!(
                "cluster.size.{role}: a fleet that buys only {wants}"
            )),
            None => None,
        };
        let machines = if leads {
            format!("type: {}", group.instance_type())
        } else {
            format!("nodes: {}", group.nodes)
        };
        let breach = Breach {
            figure: Some(format!("{role}: {has}")),
            limit: Some(wants.to_owned()),
            message: format!("the {role} {nodes} {has}, and policy {name} requires {wants}"),
            pass: other.unwrap_or_else(|| {
                format!("cluster.size.{role}: {{ {machines}, market: {wants} }}")
            }),
        };
        let finding = MARKET.finding(policy, allowed.line, breach);
        found.findings.push(finding);
    }
}

/// How instances of a group can be bought, if EMR scales it within these limits.
fn markets(group: &InstanceGroup, scaling: Option<Scaling>) -> Vec<Market> {
    let scaled_spot = scaling.is_some_and(|it| it.on_demand_at_most.is_some_and(|at| at < it.to));
    let bought = match (&group.fleet, scaling) {
        (Some(fleet), _) => [fleet.on_demand > 0, fleet.spot > 0 || scaled_spot],
        (None, _) => [
            group.market == Market::OnDemand,
            group.market == Market::Spot || scaled_spot,
        ],
    };
    let all = [Market::OnDemand, Market::Spot].into_iter().zip(bought);
    all.filter_map(|(market, is_bought)| is_bought.then_some(market))
        .collect()
}

/// The market as a stack writes it.
pub(in crate::policy) const fn word(market: Market) -> &'static str {
    match market {
        Market::OnDemand => "on-demand",
        Market::Spot => "spot",
    }
}

fn ssh_from(
    found: &mut LimitFindings,
    policy: &Policy,
    allowed: &Located<Vec<SourceLimit>>,
    stack: &Stack,
) {
    let allows = |from: &IngressSource| {
        allowed.value.iter().any(|limit| match (limit, from) {
            (SourceLimit::Caller, IngressSource::Caller) => true,
            (SourceLimit::Range(wide), IngressSource::Range(range)) => wide.holds(*range),
            (SourceLimit::Caller | SourceLimit::Range(_), _) => false,
        })
    };
    let sources: Vec<String> = allowed.value.iter().map(source).collect();
    let list = sources.join(", ");
    for group in &stack.security_groups {
        for ingress in group
            .ingress
            .iter()
            .filter(|ingress| !allows(&ingress.from))
        {
            let from = from(&ingress.from);
            let breach = Breach {
                figure: Some(from.clone()),
                limit: Some(list.clone()),
                message: format!(
                    "port {} of {} is open to {from}, and policy {} allows only {list}",
                    ingress.port, group.name, policy.name
                ),
                pass: format!(
                    "security_groups.{}.ingress: [{{ port: {}, from: {} }}]",
                    group.name,
                    ingress.port,
                    sources.join(" or ")
                ),
            };
            let finding = SSH_FROM.finding(policy, allowed.line, breach);
            found.findings.push(finding);
        }
    }
}

fn source(limit: &SourceLimit) -> String {
    match limit {
        SourceLimit::Caller => "caller".to_owned(),
        SourceLimit::Range(range) => range.to_string(),
    }
}

pub(in crate::policy) fn from(source: &IngressSource) -> String {
    match source {
        IngressSource::Caller => "caller".to_owned(),
        IngressSource::Range(range) | IngressSource::Here(range) | IngressSource::Other(range) => {
            range.to_string()
        }
    }
}

fn tags(
    found: &mut LimitFindings,
    policy: &Policy,
    allowed: &Located<BTreeMap<String, Glob>>,
    stack: &Stack,
) {
    for (key, glob) in &allowed.value {
        let (message, figure) = match stack.tags.get(key) {
            Some(value) if glob.fits(value) && !value.is_empty() => continue,
            Some(value) if value.is_empty() => (
                format!(
                    "tag {key} is empty, and policy {} requires a value",
                    policy.name
                ),
                Some(value.clone()),
            ),
            Some(value) => (
                format!(
                    "tag {key} is `{value}`, which does not fit the `{glob}` of policy {}",
                    policy.name
                ),
                Some(value.clone()),
            ),
            None => (
                format!(
                    "policy {} requires a tag {key}, and there is none",
                    policy.name
                ),
                None,
            ),
        };
        let value = match glob.as_str() {
            "*" => "VALUE".to_owned(),
            glob if !glob.contains(['*', '?']) => glob.to_owned(),
            glob => format!("a value that fits `{glob}`"),
        };
        let breach = Breach {
            figure,
            limit: Some(glob.to_string()),
            message,
            pass: format!("tags: {{ {key}: {value} }}"),
        };
        let finding = TAGS.finding(policy, allowed.line, breach);
        found.findings.push(finding);
    }
}
