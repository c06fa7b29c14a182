//! Fixes of the cluster's machines: their number, type, disks, and how they are bought.

use super::{Context, Fix, Setting};
use crate::cost::catalog::Catalog;
use crate::cost::shape::shape;
use crate::model::instance::{InstanceType, Nodes};
use crate::model::memory::Memory;
use crate::model::stack::{InstanceGroup, Market, VolumeKind};

/// The largest volume that a stack may have, in GiB.
const MAX_GIB: u64 = 16 * 1_024;

impl Context<'_> {
    /// The group that runs executors, and its path.
    fn workers(&self) -> (&InstanceGroup, &'static str) {
        let cluster = &self.failed.stack.cluster;
        match &cluster.core {
            Some(core) => (core, "cluster.size.core"),
            None => (&cluster.primary, "cluster.size.primary"),
        }
    }

    /// Sets the nodes of the workers. A fleet has none.
    fn nodes(&self, to: &Nodes) -> Option<Setting> {
        let (group, path) = self.workers();
        if group.fleet.is_some() {
            return None;
        }
        let alone = self.failed.stack.cluster.core.is_none();
        Some(if alone {
            Setting {
                path: format!("{path}.type"),
                from: Some(group.instance_type().to_string()),
                to: to.instance_type.to_string(),
            }
        } else {
            Setting {
                path: format!("{path}.nodes"),
                from: Some(group.nodes.to_string()),
                to: to.to_string(),
            }
        })
    }

    /// The next size of the workers' type.
    pub(super) fn larger_type(&self, why: &str) -> Option<Fix> {
        let (group, _) = self.workers();
        let next = self.next_size(group.instance_type())?;
        let setting = self.nodes(&Nodes {
            count: group.nodes.count,
            instance_type: next.clone(),
        })?;
        Some(Fix::set(
            vec![setting],
            format!("{why}; {next} gives about twice as much"),
        ))
    }

    /// The smallest size of the family that has more memory and is sold.
    fn next_size(&self, now: &InstanceType) -> Option<InstanceType> {
        let here = shape(now)?;
        let larger = |times: u32| {
            let size = if times == 1 {
                String::new()
            } else {
                times.to_string()
            };
            let of: InstanceType = format!("{}.{size}xlarge", now.family()).parse().ok()?;
            let grows = shape(&of)?.yarn > here.yarn;
            (grows && self.is_sold(&of)).then_some(of)
        };
        (1..=48).find_map(larger)
    }

    /// Whether it has a price in the stack's region.
    fn is_sold(&self, of: &InstanceType) -> bool {
        Catalog::bundled().has(&self.failed.stack.region, of)
    }

    /// Half as many nodes more, at least one.
    pub(super) fn size(&self) -> Option<Fix> {
        let (group, _) = self.workers();
        let now = group.nodes.count;
        if self.failed.stack.cluster.core.is_none() || !self.on_emr() {
            return self.larger_type("the cluster has no room");
        }
        let to = Nodes {
            count: now.checked_add(now.div_ceil(2))?,
            instance_type: group.instance_type().clone(),
        };
        let reason = format!("{} core nodes instead of {now}", to.count);
        Some(Fix::set(vec![self.nodes(&to)?], reason))
    }

    /// On-demand core nodes, if they are Spot.
    pub(super) fn on_demand(&self) -> Option<Fix> {
        let core = self.failed.stack.cluster.core.as_ref()?;
        if core.market != Market::Spot || core.fleet.is_some() {
            return None;
        }
        let mut settings = vec![Setting {
            path: "cluster.size.core.market".to_owned(),
            from: Some("spot".to_owned()),
            to: "on-demand".to_owned(),
        }];
        if core.bid.is_some() {
            // A bid is for Spot alone.
            settings = vec![Setting {
                path: "cluster.size.core".to_owned(),
                from: Some("spot".to_owned()),
                to: core.nodes.to_string(),
            }];
        }
        let reason =
            "core nodes hold shuffle files and HDFS; AWS does not take on-demand ones back";
        Some(Fix::set(settings, reason))
    }

    /// Twice the space for data of each worker.
    pub(super) fn disk(&self) -> Option<Fix> {
        if !self.on_emr() {
            let reason = "the disk of this machine is full: remove what is not needed";
            return Some(Fix::by_hand(
                reason,
                Some(crate::model::hint::Command::other("df -h").into()),
            ));
        }
        let (group, path) = self.workers();
        let default = Catalog::bundled().default_volumes(group.instance_type());
        let (kind, gib, volumes) = match (&group.ebs, default) {
            (Some(ebs), _) => (ebs.kind, ebs.size.mib() / 1_024, u32::from(ebs.volumes)),
            (None, Some(volumes)) => (VolumeKind::Gp3, volumes.gib, u32::from(volumes.count)),
            // The type has disks of its own.
            (None, None) => return self.size(),
        };
        let to = gib.checked_mul(2).filter(|to| *to <= MAX_GIB)?;
        let [from, now] = [gib, to].map(|gib| Memory::from_mib(gib * 1_024).to_string());
        let text = |size: &str| {
            format!(
                "{{ type: {}, size: {size}, volumes: {volumes} }}",
                kind.as_str()
            )
        };
        let each = if volumes == 1 {
            String::new()
        } else {
            format!("{volumes} x ")
        };
        let setting = Setting {
            path: format!("{path}.ebs"),
            from: Some(format!("{each}{from}")),
            to: text(&now),
        };
        let reason = format!("each node has {each}{now} for data instead of {each}{from}");
        Some(Fix::set(vec![setting], reason))
    }

    /// A type of the same size and processor with at least as much memory, the cheapest first.
    pub(super) fn other_type(&self) -> Option<Fix> {
        let (group, _) = self.workers();
        let now = group.instance_type();
        let here = shape(now)?;
        let region = &self.failed.stack.region;
        let catalog = Catalog::bundled();
        let arm = is_arm(now);
        let others = crate::cost::shape::families().filter_map(|family| {
            let other: InstanceType = format!("{family}.{}", now.size()).parse().ok()?;
            let shape = shape(&other)?;
            let fits = shape.vcpus == here.vcpus
                && shape.yarn >= here.yarn
                && is_arm(&other) == arm
                && other != *now
                && self.is_sold(&other);
            let price = fits.then(|| catalog.ec2(region, &other).ok())??;
            Some((price.usd, other))
        });
        let (_, other) = others.min()?;
        let setting = self.nodes(&Nodes {
            count: group.nodes.count,
            instance_type: other.clone(),
        })?;
        let reason = format!("{other} has at least the memory and cores of {now}");
        Some(Fix::set(vec![setting], reason))
    }

    /// Leaves the zone to EMR.
    pub(super) fn other_zone(&self) -> Option<Fix> {
        let network = &self.failed.stack.cluster.network;
        let reason = match network.zone.as_ref() {
            Some(zone) => {
                format!("remove cluster.network.zone: {zone}, so that EMR chooses a zone")
            }
            None => "name a subnet of another zone in cluster.network.subnet".to_owned(),
        };
        Some(Fix::by_hand(reason, None))
    }
}

/// Whether its processor is AWS's own, for which packages with native code may be missing: the family
/// has a `g` after its number (EC2, "Amazon EC2 instance type naming conventions").
fn is_arm(of: &InstanceType) -> bool {
    let rest = of
        .family()
        .trim_start_matches(|c: char| c.is_ascii_lowercase());
    let attributes = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    attributes.starts_with('g')
}
