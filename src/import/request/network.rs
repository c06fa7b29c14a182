//! The key pair, the subnet and the security groups.

use super::Entry;
use crate::import::at::At;
use crate::import::yaml::Yaml;

pub(super) fn read(instances: &At<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(key) = instances.get("Ec2KeyName")
        && let Some(name) = key.to_yaml()
    {
        let existing = Yaml::map(vec![("existing", name.fixed())]);
        entries.push(("key_pair", existing.from(&key)));
    }
    entries.extend(list(
        instances,
        "AdditionalMasterSecurityGroups",
        "security_groups",
    ));
    let network = network(instances);
    if !network.is_empty() {
        entries.push(("network", Yaml::map(network)));
    }
    entries
}

fn list(instances: &At<'_>, theirs: &str, ours: &'static str) -> Option<Entry> {
    let list = instances.get(theirs)?;
    let ids: Vec<Yaml> = list.items().iter().filter_map(At::to_yaml).collect();
    (!ids.is_empty()).then(|| (ours, Yaml::list(ids).from(&list)))
}

fn network(instances: &At<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(subnet) = instances.get("Ec2SubnetId")
        && let Some(id) = subnet.to_yaml()
    {
        entries.push(("subnet", id));
    } else {
        entries.extend(list(instances, "Ec2SubnetIds", "subnet"));
    }
    entries.extend(managed(instances));
    entries.extend(list(
        instances,
        "AdditionalSlaveSecurityGroups",
        "core_security_groups",
    ));
    let has_subnet = entries.iter().any(|(key, _)| *key == "subnet");
    entries.extend(zone(instances, has_subnet));
    entries
}

/// The groups that EMR manages, of which a stack names both or none.
fn managed(instances: &At<'_>) -> Option<Entry> {
    let keys = [
        ("EmrManagedMasterSecurityGroup", "primary"),
        ("EmrManagedSlaveSecurityGroup", "core"),
        ("ServiceAccessSecurityGroup", "service_access"),
    ];
    let mut entries = Vec::new();
    let mut from = Vec::new();
    for (theirs, ours) in keys {
        if let Some(group) = instances.get(theirs)
            && let Some(id) = group.to_yaml()
        {
            entries.push((ours, id.fixed()));
            from.push(group.path().clone());
        }
    }
    let mut groups = Yaml::map(entries);
    groups.from = from;
    (groups.len() > 0).then_some(("managed_groups", groups))
}

fn zone(instances: &At<'_>, has_subnet: bool) -> Option<Entry> {
    let placement = instances.get("Placement")?;
    let zone = placement.get("AvailabilityZone");
    let several = placement
        .get("AvailabilityZones")
        .map(|zones| zones.items());
    let zone = zone.or_else(|| match several.as_deref() {
        Some([only]) => Some(only.clone()),
        Some(_) | None => None,
    });
    if has_subnet {
        placement.lost("a subnet is in a zone of its own");
        return None;
    }
    match (zone, several) {
        (Some(zone), _) => Some(("zone", zone.to_yaml()?)),
        (None, Some(several)) if several.len() > 1 => {
            placement.lost("EMR chooses a zone of the region");
            None
        }
        (None, _) => None,
    }
}
