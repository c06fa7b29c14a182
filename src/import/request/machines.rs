//! The cluster's machines: instance groups, instance fleets, or the two types of old requests.

use super::{Entry, fleets, volumes};
use crate::import::at::At;
use crate::import::yaml::Yaml;

/// The roles of EMR, and their names in a stack.
pub(super) const ROLES: [(&str, &str); 3] =
    [("MASTER", PRIMARY), ("CORE", "core"), ("TASK", "task")];
pub(super) const PRIMARY: &str = "primary";

/// `size`; `None` without a primary node.
/// `is_scaled`: whether EMR's managed scaling changes the number of machines.
pub(super) fn size(instances: &At<'_>, is_scaled: bool) -> Option<Yaml> {
    let groups = instances.get("InstanceGroups");
    let fleets = instances.get("InstanceFleets");
    let of = groups.clone().or_else(|| fleets.clone());
    let roles = match (&groups, &fleets) {
        (Some(groups), _) => by_role(groups, "InstanceRole", |at, role| {
            group(at, role, is_scaled)
        }),
        (None, Some(fleets)) => by_role(fleets, "InstanceFleetType", |at, role| {
            fleets::fleet(at, role, is_scaled)
        }),
        (None, None) => types(instances),
    };
    if !roles.iter().any(|(role, _)| *role == PRIMARY) {
        return None;
    }
    let size = Yaml::map(roles);
    Some(match of {
        Some(of) => size.from(&of),
        None => size,
    })
}

/// The machines of each role, in EMR's order of roles. A stack has one group of each.
fn by_role(
    list: &At<'_>,
    key: &str,
    read: impl Fn(&At<'_>, &'static str) -> Option<Yaml>,
) -> Vec<Entry> {
    let mut roles: Vec<Entry> = Vec::new();
    let items = list.items();
    for (theirs, ours) in ROLES {
        for item in &items {
            let role = item.get(key);
            if role.as_ref().and_then(At::text).as_deref() != Some(theirs) {
                continue;
            }
            if roles.iter().any(|(role, _)| *role == ours) {
                item.fatal(format!("a stack has one group of {ours} nodes"));
                continue;
            }
            if let Some(machines) = read(item, ours) {
                role.iter().for_each(At::carry);
                let machines = machines.from(item);
                let is_primary = ours == PRIMARY;
                roles.push((
                    ours,
                    if is_primary {
                        machines.fixed()
                    } else {
                        machines
                    },
                ));
            }
        }
    }
    roles
}

/// Why an empty group or fleet that grows is fatal.
pub(super) const EMPTY: &str =
    "scaling can add machines to it, and a stack names no group or fleet without machines";

fn group(at: &At<'_>, role: &'static str, is_scaled: bool) -> Option<Yaml> {
    let instance_type = at.get("InstanceType");
    let Some(name) = instance_type.as_ref().and_then(At::text) else {
        at.fatal("a group without an instance type");
        return None;
    };
    let count = at.get("InstanceCount");
    let number = count.as_ref().and_then(At::number).unwrap_or(1);
    if number == 0 {
        if is_scaled || at.get("AutoScalingPolicy").is_some() {
            at.fatal(EMPTY);
        } else {
            at.lost("a stack names no group without machines");
        }
        return None;
    }
    if role == PRIMARY && number != 1 {
        count
            .iter()
            .for_each(|it| it.fatal("a stack has one primary node"));
    }
    [&instance_type, &count]
        .into_iter()
        .flatten()
        .for_each(At::carry);
    let nodes = if role == PRIMARY {
        Yaml::text(&name)
    } else {
        let nodes = format!("{number} x {name}");
        if name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
        {
            Yaml::plain(nodes)
        } else {
            Yaml::text(&nodes)
        }
    };
    let mut more = bought(at);
    if let Some(ebs) = at.get("EbsConfiguration") {
        more.extend(volumes::read(&[ebs]));
    }
    if more.is_empty() {
        return Some(nodes);
    }
    let key = if role == PRIMARY { "type" } else { "nodes" };
    more.insert(0, (key, nodes.fixed()));
    Some(Yaml::map(more))
}

/// Whether a group is on Spot, and for how much.
fn bought(at: &At<'_>) -> Vec<Entry> {
    let (market, bid) = (at.get("Market"), at.get("BidPrice"));
    let word = market.as_ref().and_then(At::text);
    // A bid alone asks for Spot (EMR API, InstanceGroupConfig).
    let is_spot = match word.as_deref() {
        Some("SPOT") => true,
        Some("ON_DEMAND") => false,
        Some(_) => {
            market
                .iter()
                .for_each(|it| it.fatal("expected ON_DEMAND or SPOT"));
            return Vec::new();
        }
        None => bid.is_some(),
    };
    market.iter().for_each(At::carry);
    if !is_spot {
        return Vec::new();
    }
    let mut entries = vec![("market", Yaml::plain("spot").fixed())];
    if let Some(bid) = bid
        && let Some(dollars) = bid.text()
    {
        bid.carry();
        entries.push(("bid", Yaml::text(&format!("${dollars}")).from(&bid)));
    }
    entries
}

/// `MasterInstanceType`, `SlaveInstanceType` and `InstanceCount`.
fn types(instances: &At<'_>) -> Vec<Entry> {
    let count = instances.get("InstanceCount");
    let number = count.as_ref().and_then(At::number).unwrap_or(1);
    let Some(primary) = instances.get("MasterInstanceType") else {
        return Vec::new();
    };
    let Some(name) = primary.to_yaml() else {
        return Vec::new();
    };
    count.iter().for_each(At::carry);
    let mut roles = vec![(PRIMARY, name.fixed())];
    let Some(others) = instances.get("SlaveInstanceType") else {
        if number > 1 {
            let message = "the other machines have no type (SlaveInstanceType)";
            count.iter().for_each(|it| it.fatal(message));
        }
        return roles;
    };
    match (number.checked_sub(1), others.text()) {
        (None | Some(0), _) => others.lost("the cluster has one machine"),
        (Some(rest), Some(name)) => {
            others.carry();
            roles.push((
                "core",
                Yaml::text(&format!("{rest} x {name}")).from(&others),
            ));
        }
        (Some(_), None) => {}
    }
    roles
}
