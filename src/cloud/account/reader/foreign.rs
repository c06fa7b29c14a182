//! Reads a cluster that others created, or that is disputed.

use super::{Reader, fleets, instance_group};
use crate::cloud::account::last_observation::Replies;
use crate::cloud::api::Tags;
use crate::cloud::api::emr;
use crate::cost::catalog::Catalog;
use crate::cost::estimate::Estimate;
use crate::model::desired::InstanceGroups;
use crate::model::fleet::ForeignCluster;
use crate::model::instance_span::{InstanceSpan, Role};
use crate::model::name::Region;
use crate::model::rates::Rates;
use crate::model::stack::InstanceGroup;
use chrono::{DateTime, Utc};

impl Reader<'_> {
    pub(super) fn foreign(
        &self,
        replies: &Replies,
        disputed: Option<String>,
    ) -> Option<ForeignCluster> {
        let cluster = &replies.cluster;
        let priced = |fleet| fleets::dearest(self.prices, self.region, fleet);
        let fleets: Option<Vec<_>> = replies.fleets.iter().map(priced).collect();
        let groups = [replies.groups.clone(), fleets.unwrap_or_default()].concat();
        let from = cluster.created_at;
        let until = cluster.ended_at;
        Some(ForeignCluster {
            id: cluster.id.parse().ok()?,
            state: cluster.state,
            created_at: cluster.created_at,
            ready_at: cluster.ready_at,
            ended_at: cluster.ended_at,
            rates: rates(self.prices, self.region, &groups),
            instance_spans: instance_spans(&groups, from, until),
            disputed,
            adopted: None,
        })
    }
}

/// Tags that name an owner, in any case, in order of preference.
const OWNERS: [&str; 4] = ["owner", "creator", "created-by", "user"];

pub(in crate::cloud::account) fn owner(tags: &Tags) -> Option<String> {
    let named = |key: &str| {
        let mut tags = tags.iter();
        tags.find(|(tag, who)| tag.eq_ignore_ascii_case(key) && !who.trim().is_empty())
    };
    let found = OWNERS.into_iter().find_map(named);
    found.map(|(_, who)| who.trim().to_owned())
}

/// Rates at list prices; `None` if a type has no price. Several task groups count at the rate of
/// the most expensive.
fn rates(catalog: &Catalog, region: &Region, groups: &[emr::InstanceGroup]) -> Option<Rates> {
    let mut all = Vec::new();
    for group in groups {
        all.push((group.role, instance_group(group)?));
    }
    let of = |role| {
        let all = all.iter().filter(move |(of, _)| *of == role);
        all.map(|(_, group)| group.clone())
    };
    let core = of(emr::Role::Core).next();
    let mut tasks: Vec<Option<InstanceGroup>> = of(emr::Role::Task).map(Some).collect();
    if tasks.is_empty() {
        tasks.push(None);
    }
    let primary = of(emr::Role::Primary).next()?;
    let mut dearest: Option<Rates> = None;
    for task in tasks {
        let primary = primary.clone();
        let core = core.clone();
        let groups = InstanceGroups {
            primary,
            core,
            task,
            root_volume: None,
            scaling: None,
        };
        let rates = Estimate::of(catalog, region, &groups).ok()?.rates()?;
        let cost = |rates: &Rates| rates.task.map(|rate| rate.total());
        if dearest
            .as_ref()
            .is_none_or(|so_far| cost(so_far) < cost(&rates))
        {
            dearest = Some(rates);
        }
    }
    dearest
}

/// The present counts since the cluster's creation: EMR does not report when it was resized.
fn instance_spans(
    groups: &[emr::InstanceGroup],
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Vec<InstanceSpan> {
    let instance_span = |group: &emr::InstanceGroup| InstanceSpan {
        role: match group.role {
            emr::Role::Primary => Role::Primary,
            emr::Role::Core => Role::Core,
            emr::Role::Task => Role::Task,
        },
        from,
        until,
        count: group.requested,
        instance_type: None,
    };
    groups.iter().map(instance_span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::Market;

    fn group(role: emr::Role, kind: &str) -> emr::InstanceGroup {
        emr::InstanceGroup {
            id: "ig-1".to_owned(),
            role,
            instance_type: kind.to_owned(),
            market: Market::OnDemand,
            requested: 2,
            running: 2,
        }
    }

    #[test]
    fn an_owner_has_a_tag_in_any_case_and_is_never_empty() {
        let tags = |pairs: &[(&str, &str)]| -> Tags {
            let pairs = pairs.iter();
            pairs
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        for (pairs, expected) in [
            (&[("Owner", "ana")][..], Some("ana")),
            (&[("user", "bo"), ("CREATOR", "cy")], Some("cy")),
            (&[("owner", " "), ("Created-By", "di")], Some("di")),
            (&[("ownership", "eve")], None),
        ] {
            assert_eq!(owner(&tags(pairs)).as_deref(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn unknown_types_have_no_rates() {
        let catalog = Catalog::bundled();
        let region = "us-east-1".parse().unwrap();
        let primary = || group(emr::Role::Primary, "m5.xlarge");
        let of = |groups: &[emr::InstanceGroup]| rates(catalog, &region, groups);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[group(emr::Role::Core, "m5.xlarge")]), None);
        assert_eq!(of(&[primary(), group(emr::Role::Task, "zz9.huge")]), None);
        let one = of(&[primary()]).unwrap();
        assert_eq!(one.task, None);
        let tasks = ["m5.xlarge", "m5.4xlarge", "m5.2xlarge"];
        let tasks = tasks.map(|kind| group(emr::Role::Task, kind));
        let all = of(&[&[primary()], &tasks[..]].concat()).unwrap();
        let dearest = of(&[primary(), tasks[1].clone()]).unwrap();
        assert_eq!(all, dearest);
    }
}
