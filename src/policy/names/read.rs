//! Reads the values of names from a stack.

use super::Datum;
use crate::model::desired::InstanceGroups;
use crate::model::emr_settings::EmrSettings;
use crate::model::money::Usd;
use crate::model::software::Software;
use crate::model::span::Span;
use crate::model::stack::{Ingress, IngressSource, InstanceGroup, Market, Stack};
use crate::policy::subject::Subject;
use std::collections::BTreeMap;

pub(super) fn text(it: impl ToString) -> Datum {
    Datum::Text(it.to_string())
}

/// Empty text for `None`.
pub(super) fn or_none(it: Option<impl ToString>) -> Datum {
    Datum::Text(it.map_or_else(String::new, |it| it.to_string()))
}

pub(super) fn list<T: ToString>(all: impl IntoIterator<Item = T>) -> Datum {
    Datum::List(all.into_iter().map(text).collect())
}

pub(super) fn map(of: &BTreeMap<String, String>) -> Datum {
    Datum::Map(of.iter().map(|(k, v)| (k.clone(), text(v))).collect())
}

pub(super) fn whole(number: u64) -> Datum {
    Datum::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Dollars have few digits, so a double prints as a person writes them.
pub(super) fn usd(amount: Usd) -> Datum {
    Datum::Double(amount.amount().to_string().parse().unwrap_or(f64::MAX))
}

pub(super) fn minutes(span: Span) -> Datum {
    Datum::Double(span.as_secs() as f64 / 60.0)
}

pub(super) fn groups(subject: &Subject<'_>) -> InstanceGroups {
    InstanceGroups::of(&subject.stack.cluster)
}

pub(super) fn primary<'a>(subject: &Subject<'a>) -> Option<&'a InstanceGroup> {
    Some(&subject.stack.cluster.primary)
}

pub(super) fn core<'a>(subject: &Subject<'a>) -> Option<&'a InstanceGroup> {
    subject.stack.cluster.core.as_ref()
}

pub(super) fn task<'a>(subject: &Subject<'a>) -> Option<&'a InstanceGroup> {
    subject.stack.cluster.task.as_ref()
}

pub(super) fn emr<'a>(subject: &Subject<'a>) -> &'a EmrSettings {
    &subject.stack.cluster.emr
}

pub(super) fn software<'a>(subject: &Subject<'a>) -> &'a Software {
    &subject.stack.cluster.emr.software
}

/// Properties by their classifications; a nested one is `OUTER/INNER`.
pub(super) fn configurations(subject: &Subject<'_>) -> Datum {
    let mut all: BTreeMap<String, Datum> = BTreeMap::new();
    for (place, value) in software(subject).configurations.iter() {
        let below = all
            .entry(place.within.join("/"))
            .or_insert_with(|| Datum::Map(BTreeMap::new()));
        if let Datum::Map(properties) = below {
            properties.insert(place.name.clone(), text(value));
        }
    }
    Datum::Map(all)
}

pub(super) fn has_existing_key(subject: &Subject<'_>) -> bool {
    let key = subject.stack.cluster.key_pair.as_ref();
    key.is_some_and(|key| key.existing().is_some())
}

pub(super) fn nodes(group: Option<&InstanceGroup>) -> Datum {
    Datum::Int(group.map_or(0, |group| i64::from(group.nodes.count)))
}

pub(super) fn market(group: Option<&InstanceGroup>) -> Datum {
    match group.map(|group| group.market) {
        Some(Market::Spot) => text("spot"),
        Some(Market::OnDemand) | None => text("on-demand"),
    }
}

pub(super) fn bid(group: Option<&InstanceGroup>) -> Datum {
    usd(group.and_then(|group| group.bid).unwrap_or(Usd::ZERO))
}

pub(super) fn volumes(group: Option<&InstanceGroup>) -> Datum {
    let ebs = group.and_then(|group| group.ebs.as_ref());
    whole(ebs.map_or(0, |ebs| {
        ebs.size.mib().saturating_mul(u64::from(ebs.volumes)) / 1_024
    }))
}

pub(super) fn record<const N: usize>(parts: [(&str, Datum); N]) -> Datum {
    let named = parts.map(|(name, value)| (name.to_owned(), value));
    Datum::Map(BTreeMap::from(named))
}

pub(super) fn ingress(stack: &Stack) -> Datum {
    let one = |group: &str, opening: &Ingress| {
        let from = match opening.from {
            IngressSource::Caller => text("caller"),
            IngressSource::Range(range)
            | IngressSource::Here(range)
            | IngressSource::Other(range) => text(range),
        };
        let port = Datum::Int(i64::from(opening.port));
        record([("port", port), ("from", from), ("group", text(group))])
    };
    let groups = stack.security_groups.iter();
    let all = groups.flat_map(|group| group.ingress.iter().map(|it| one(group.name.as_str(), it)));
    Datum::List(all.collect())
}
