//! The EBS volumes of the machines of a role.

use super::Entry;
use crate::import::at::At;
use crate::import::yaml::Yaml;

pub(super) const ALIKE: &str = "the types of a role have the same volumes in a stack";

/// `ebs` of a role, whose configuration each type of a fleet repeats.
pub(super) fn read(configurations: &[At<'_>]) -> Option<Entry> {
    let mut devices = Vec::new();
    for configuration in configurations {
        devices.push(configuration.list("EbsBlockDeviceConfigs"));
    }
    let (first, others) = devices.split_first()?;
    let entry = of_devices(first)?;
    for (other, at) in others.iter().zip(configurations.iter().skip(1)) {
        let same = other.iter().map(At::value).eq(first.iter().map(At::value));
        if same {
            other.iter().for_each(carry);
        } else {
            at.fatal(ALIKE);
        }
    }
    Some(entry)
}

fn of_devices(devices: &[At<'_>]) -> Option<Entry> {
    let first = devices.first()?;
    let spec = first.get("VolumeSpecification")?;
    let same = |device: &&At<'_>| {
        let its = device.get("VolumeSpecification");
        its.is_some_and(|its| its.value() == spec.value())
    };
    let (alike, others): (Vec<_>, Vec<_>) = devices.iter().partition(same);
    for device in others {
        device.fatal("the volumes of a machine are all alike in a stack");
    }
    let mut volumes = 0_u64;
    for device in &alike {
        let each = device.get("VolumesPerInstance");
        volumes = volumes.saturating_add(each.as_ref().and_then(At::number).unwrap_or(1));
        carry(device);
    }
    let number = |key: &str| spec.get(key).and_then(|it| it.number());
    let kind = spec.get("VolumeType").and_then(|it| it.text());
    let size = number("SizeInGB")?;
    let kind = kind.unwrap_or_else(|| "gp2".to_owned());
    let mut entries = vec![
        ("type", Yaml::text(&kind)),
        ("size", Yaml::plain(format!("{size}g"))),
    ];
    if volumes != 1 {
        entries.push(("volumes", Yaml::plain(volumes)));
    }
    entries.extend(number("Iops").map(|iops| ("iops", Yaml::plain(iops))));
    let throughput = number("Throughput");
    entries.extend(throughput.map(|mib| ("throughput", Yaml::plain(mib))));
    let fixed = entries.into_iter().map(|(key, value)| (key, value.fixed()));
    let mut ebs = Yaml::map(fixed.collect());
    ebs.from
        .extend(alike.iter().map(|device| device.path().clone()));
    Some(("ebs", ebs))
}

/// Marks what a stack has of a device.
fn carry(device: &At<'_>) {
    device.get("VolumesPerInstance").iter().for_each(At::carry);
    let spec = device.get("VolumeSpecification");
    for key in ["VolumeType", "SizeInGB", "Iops", "Throughput"] {
        let part = spec.as_ref().and_then(|spec| spec.get(key));
        part.iter().for_each(At::carry);
    }
}
