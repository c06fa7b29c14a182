//! The volumes that EMR gives to an instance for which the stack names none.

use super::{Catalog, Note};
use crate::model::instance::InstanceType;
use crate::model::stack::VolumeKind;
use serde::Serialize;

/// Volumes of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Volumes {
    pub kind: VolumeKind,
    pub count: u16,
    /// Of each.
    pub gib: u64,
    pub note: Option<Note>,
}

/// The dearer of the two kinds that the guide names.
const KIND: VolumeKind = VolumeKind::Gp2;

/// What the guide's sizes have in common: 64 GiB for each `xlarge`, in four volumes.
const GIB_OF_FOUR: u64 = 16;

impl Catalog {
    /// EMR's volumes of a type; none where it has disks of its own (EMR Management Guide,
    /// "Instance storage"). A size that the guide does not list follows the ones that it does.
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
