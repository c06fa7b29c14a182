//! EMR's managed scaling.

use super::Entry;
use crate::import::at::At;
use crate::import::yaml::Yaml;

/// The limits of EMR, and their names in a stack.
const LIMITS: [(&str, &str); 4] = [
    ("MinimumCapacityUnits", "from"),
    ("MaximumCapacityUnits", "to"),
    ("MaximumOnDemandCapacityUnits", "on_demand_at_most"),
    ("MaximumCoreCapacityUnits", "core_at_most"),
];

pub(super) fn read(root: &At<'_>) -> Option<Entry> {
    let policy = root.get("ManagedScalingPolicy")?;
    let limits = policy.get("ComputeLimits")?;
    let has_fleets = root
        .get("Instances")
        .is_some_and(|of| of.get("InstanceFleets").is_some());
    let unit = limits.get("UnitType");
    let word = unit.as_ref().and_then(At::text).unwrap_or_default();
    if word
        != (if has_fleets {
            "InstanceFleetUnits"
        } else {
            "Instances"
        })
    {
        limits.fatal(
            "a stack counts nodes, or units of fleets (UnitType: Instances, or InstanceFleetUnits)",
        );
        return None;
    }
    unit.iter().for_each(At::carry);
    let mut entries = Vec::new();
    for (theirs, ours) in LIMITS {
        if let Some(limit) = limits.get(theirs)
            && let Some(number) = limit.number()
        {
            limit.carry();
            entries.push((ours, Yaml::plain(number).fixed()));
        }
    }
    Some(("scaling", Yaml::map(entries).from(&policy).from(&limits)))
}
