//! The volumes that EMR adds to an instance if the stack names none.

use super::{Catalog, Note};
use crate::model::instance::InstanceType;
use crate::model::stack::VolumeKind;
use serde::Serialize;

/// The volumes of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Volumes {
    /// The kind of volume.
    pub kind: VolumeKind,
    /// The number of volumes.
    pub count: u16,
    /// The size of each volume in GiB.
    pub gib: u64,
    /// Why the volumes are not certain, if they are not.
    pub note: Option<Note>,
}

/// The more expensive of the two kinds in the guide.
const KIND: VolumeKind = VolumeKind::Gp2;

/// The guide's sizes have 64 GiB per `xlarge`, in four volumes.
const GIB_OF_FOUR: u64 = 16;

impl Catalog {
    /// EMR's volumes for a type; `None` if it has its own disks (EMR Management Guide, "Instance
    /// storage"). A size that the guide does not list is extrapolated.
    pub fn default_volumes(&self, instance_type: &InstanceType) -> Option<Volumes> {
        let family = self.families.get(instance_type.family());
        if family.is_some_and(|family| family.own_disks) {
            return None;
        }
        if let Some(listed) = self.volumes.get(instance_type.size()) {
            return Some(Volumes {
                kind: KIND,
                count: listed.count,
                gib: listed.gib,
                note: None,
            });
        }
        let times = instance_type.size().strip_suffix("xlarge");
        let times = times.and_then(|number| number.parse().ok()).unwrap_or(1);
        Some(Volumes {
            kind: KIND,
            count: 4,
            gib: GIB_OF_FOUR.saturating_mul(times),
            note: Some(Note::VolumesUndocumented),
        })
    }
}
